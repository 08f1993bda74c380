//! Why a run did not come to its end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a run did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimError {
    /// Something in it panicked: the text and the place.
    Panicked(String),
    /// It went on for the longest virtual time that a run may have, in days.
    NeverRests(u64),
    /// It still stepped after the longest wall-clock time that a run may have, in seconds.
    TooLong(u64),
    /// Somebody who takes part from outside is gone, or does not come to rest: who, and how that was seen.
    Outside(String),
    /// A program cannot run on this machine, or not now: why.
    Unavailable(String),
    /// The simulation itself failed.
    Failed(String),
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(text) => write!(f, "the run panicked: {text}"),
            Self::NeverRests(days) => {
                write!(f, "the run did not end within {days} days of virtual time")
            }
            Self::TooLong(s) => write!(f, "the run did not end within {s} s of wall-clock time"),
            Self::Outside(what) | Self::Unavailable(what) => f.write_str(what),
            Self::Failed(why) => write!(f, "the simulation failed: {why}"),
        }
    }
}

impl std::error::Error for SimError {}
