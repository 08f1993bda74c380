//! Results of sweeps as JSON Lines: what is swept, and what came of each run, as they are made. What was written by a sweep
//! that was ended is not run again.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::fault::Trigger;
use crate::journal::{Fate, Rung};
use crate::runner::Cell;
use crate::search::results::{ResultsError, each_line};
use crate::search::shown::Violation;

/// The version of the form of the lines.
pub const SWEPT_VERSION: u32 = 1;

/// A part of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Runs with one fault.
    Single,
    /// Runs with two.
    Pair,
}

impl Part {
    /// As somebody who waits for it reads it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single faults",
            Self::Pair => "pairs",
        }
    }
}

/// What came of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweptRun {
    /// The part of the sweep.
    pub part: Part,
    /// Which of its runs, from 0.
    pub n: usize,
    /// The worst rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<Rung>,
    /// Whether the run came to no end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_end: bool,
    /// What was violated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// Of a run with one fault what pairs need, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// Of a run with two faults the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
}

/// How a run went on behind its fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// A hash of what happened, whatever the fault was.
    pub happened: String,
    /// How many faults could follow.
    pub pairs: usize,
}

/// The second fault of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// What it strikes.
    pub when: Trigger,
    /// Which of the sightings, from 1.
    pub nth: u32,
    /// What is done to it.
    pub fate: Fate,
}

impl SweptRun {
    pub(super) fn of(part: Part, n: usize, rung: Option<Rung>, violations: Vec<Violation>) -> Self {
        Self {
            part,
            n,
            rung,
            no_end: false,
            violations,
            after: None,
            second: None,
        }
    }

    pub(super) fn no_end(part: Part, n: usize, violations: Vec<Violation>) -> Self {
        Self {
            no_end: true,
            ..Self::of(part, n, None, violations)
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum SweptLine {
    /// What is swept. It stands before its runs.
    Sweep {
        /// [`SWEPT_VERSION`].
        version: u32,
        /// [`Base::id`](crate::search::Base::id).
        id: String,
        /// The scenario's name.
        scenario: String,
        /// The client.
        client: String,
        /// The seed.
        seed: u64,
    },
    /// A run was made.
    Ran {
        /// Of which sweep.
        id: String,
        /// What came of it.
        #[serde(flatten)]
        ran: SweptRun,
    },
}

impl SweptLine {
    /// The line that stands before the runs of a sweep.
    #[must_use]
    pub fn head(cell: &Cell, id: &str) -> Self {
        Self::Sweep {
            version: SWEPT_VERSION,
            id: id.to_owned(),
            scenario: cell.scenario.name.clone(),
            client: cell.client.clone(),
            seed: cell.seed,
        }
    }
}

/// The runs of one sweep that are made already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done(BTreeMap<(Part, usize), SweptRun>);

impl Done {
    /// What came of a run, if it is made already.
    #[must_use]
    pub fn get(&self, part: Part, n: usize) -> Option<&SweptRun> {
        self.0.get(&(part, n))
    }
}

/// What stands in a file of results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// The names of the sweeps, by scenario, client and seed.
    ids: BTreeMap<(String, String, u64), String>,
    done: BTreeMap<String, Done>,
}

impl Before {
    /// Reads a file of results. A last line that was cut off is left out.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub fn read(file: impl BufRead) -> Result<Self, ResultsError> {
        let mut before = Self::default();
        each_line("a sweep", file, |line| {
            match line {
                SweptLine::Sweep {
                    version,
                    id,
                    scenario,
                    client,
                    seed,
                } => {
                    if version != SWEPT_VERSION {
                        return Err(ResultsError::of_version(version, SWEPT_VERSION));
                    }
                    before.ids.insert((scenario, client, seed), id);
                }
                SweptLine::Ran { id, ran } => {
                    let done = before.done.entry(id).or_default();
                    done.0.insert((ran.part, ran.n), ran);
                }
            }
            Ok(())
        })?;
        Ok(before)
    }

    /// What of a sweep is done.
    ///
    /// # Errors
    /// The same scenario was swept with the same client and seed, and was another one then, or the client or a dialect was.
    pub fn of(&self, cell: &Cell, id: &str) -> Result<Done, String> {
        let key = (cell.scenario.name.clone(), cell.client.clone(), cell.seed);
        match self.ids.get(&key) {
            Some(known) if known != id => Err(format!(
                "cannot resume: since these results were written, {} with {} has changed, or what it uses",
                cell.scenario.name, cell.client
            )),
            _ => Ok(self.done.get(id).cloned().unwrap_or_default()),
        }
    }
}
