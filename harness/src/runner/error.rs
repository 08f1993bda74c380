//! Why a cell gave no result.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sim::SimError;

/// Why a cell gave no result. None of these is a verdict on anybody: they are bugs of the harness, of a client that takes
/// the whole run down with it, or of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunError {
    /// There is no client of that name.
    NoClient(String),
    /// The client of that name is not installed: what to do.
    NotInstalled(String, String),
    /// The run did not come to its end.
    Sim(SimError),
    /// The run stopped stepping, and was given up after so many seconds.
    Stuck(u64),
    /// A thread or a process could not be started or waited for.
    Machine(String),
    /// The process of the run ended without an answer.
    Child {
        /// How it ended.
        status: String,
        /// What it said on standard error.
        said: String,
    },
    /// The process of the run did not answer as it should.
    Answer {
        /// What is wrong with the answer.
        why: String,
        /// What it said on standard error.
        said: String,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoClient(client) => write!(f, "there is no client `{client}`"),
            Self::NotInstalled(client, remedy) => {
                write!(f, "`{client}` is not installed: {remedy}")
            }
            Self::Sim(error) => error.fmt(f),
            Self::Stuck(s) => {
                let why = "something in it never yields";
                write!(f, "the run did not end within {s} s: {why}")
            }
            Self::Machine(why) => f.write_str(why),
            Self::Child { status, said } => {
                write!(f, "the process of the run failed ({status}): {said}")
            }
            Self::Answer { why, said } => {
                let what = "the process of the run did not answer as it should";
                write!(f, "{what}: {why}; {said}")
            }
        }
    }
}

impl RunError {
    /// Whether the cell cannot run as things are here, and nothing is wrong with anybody: something is not installed, or the
    /// machine forbids it.
    #[must_use]
    pub fn is_of_the_place(&self) -> bool {
        matches!(
            self,
            Self::NoClient(_) | Self::NotInstalled(..) | Self::Sim(SimError::Unavailable(_))
        )
    }
}

impl std::error::Error for RunError {}

impl From<SimError> for RunError {
    fn from(error: SimError) -> Self {
        Self::Sim(error)
    }
}
