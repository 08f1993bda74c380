//! Results of explorations as JSON Lines: what was asked for, what failed, what is done. The lines of several machines are
//! put together in any order; a last line that was cut off by a full disk or a killed process is left out, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::search::explore::{Failed, joined, without};
use crate::search::shown::Failure;

/// The version of the form of the lines.
pub const EXPLORED_VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum Line {
    /// What was asked for. It stands before everything else that a machine tells.
    Asked {
        /// [`EXPLORED_VERSION`].
        version: u32,
        /// The client.
        client: String,
        /// The dialects that worlds are drawn from.
        dialects: Vec<String>,
        /// The first seed.
        from: u64,
        /// The seed after the last.
        to: u64,
        /// The range that all machines together were asked for, where this is a part of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<(u64, u64)>,
    },
    /// A seed failed.
    Failed(Box<Failed>),
    /// Those seeds are done.
    Done {
        /// The client.
        client: String,
        /// The first seed.
        from: u64,
        /// The seed after the last.
        to: u64,
    },
}

/// What the lines say of one client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfClient {
    /// The dialects that worlds were drawn from.
    pub dialects: Vec<String>,
    /// The seeds that were asked for.
    pub asked: Vec<Range<u64>>,
    /// Those that are done.
    pub done: Vec<Range<u64>>,
    /// Those that failed, by seed.
    pub failed: BTreeMap<u64, Failed>,
}

impl OfClient {
    /// The seeds that were asked for and are not done.
    #[must_use]
    pub fn missing(&self) -> Vec<Range<u64>> {
        let asked = joined(self.asked.clone()).into_iter();
        asked.flat_map(|range| without(range, &self.done)).collect()
    }

    /// The failures, each with the seeds that showed it, in order.
    #[must_use]
    pub fn grouped(&self) -> BTreeMap<&Failure, BTreeSet<u64>> {
        let mut groups: BTreeMap<&Failure, BTreeSet<u64>> = BTreeMap::new();
        for failed in self.failed.values() {
            for told in &failed.violations {
                groups.entry(&told.failure).or_default().insert(failed.seed);
            }
        }
        groups
    }
}

/// The lines of any number of files, put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// What they say, by client.
    pub clients: BTreeMap<String, OfClient>,
    /// How many last lines were cut off.
    pub cut_off: usize,
}

/// What is wrong with a file of results.
#[derive(Debug)]
pub enum ResultsError {
    /// It cannot be read.
    Io(io::Error),
    /// A line of it, from 1, is none of these.
    Line {
        /// Of what the results are to be: an exploration, a sweep.
        of: &'static str,
        /// Which line, from 1.
        n: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It is of a version that is not known here.
    Version(String),
    /// It was drawn from other dialects than others were, so that its seeds are other worlds.
    OtherWorlds(String),
}

impl std::fmt::Display for ResultsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "failed to read it: {error}"),
            Self::Line { of, n, why } => write!(f, "line {n} is no result of {of}: {why}"),
            Self::Version(why) => f.write_str(why),
            Self::OtherWorlds(client) => write!(
                f,
                "the worlds for {client} were drawn from other dialects here, so the same seed is another world"
            ),
        }
    }
}

impl std::error::Error for ResultsError {}

impl ResultsError {
    pub(super) fn of_version(version: u32, known: u32) -> Self {
        Self::Version(format!("it is of version {version}, not {known}"))
    }
}

/// Does something with each line of a file of results, and says whether its last one was cut off.
///
/// # Errors
/// [`ResultsError`].
pub(super) fn each_line<T: DeserializeOwned>(
    of: &'static str,
    file: impl BufRead,
    mut act: impl FnMut(T) -> Result<(), ResultsError>,
) -> Result<bool, ResultsError> {
    let mut lines = file.split(b'\n').enumerate().peekable();
    while let Some((n, line)) = lines.next() {
        let line = line.map_err(ResultsError::Io)?;
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(line) => act(line)?,
            Err(_) if lines.peek().is_none() => return Ok(true),
            Err(error) => {
                let (n, why) = (n + 1, error.to_string());
                return Err(ResultsError::Line { of, n, why });
            }
        }
    }
    Ok(false)
}

impl Merged {
    /// Adds a file of results.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub fn add(&mut self, file: impl BufRead) -> Result<(), ResultsError> {
        let cut_off = each_line("an exploration", file, |line| self.take(line))?;
        self.cut_off += usize::from(cut_off);
        Ok(())
    }

    fn take(&mut self, line: Line) -> Result<(), ResultsError> {
        match line {
            Line::Asked {
                version,
                client,
                dialects,
                from,
                to,
                of,
            } => {
                if version != EXPLORED_VERSION {
                    return Err(ResultsError::of_version(version, EXPLORED_VERSION));
                }
                let is_new = !self.clients.contains_key(&client);
                let known = self.clients.entry(client.clone()).or_default();
                if !is_new && !known.dialects.is_empty() && known.dialects != dialects {
                    return Err(ResultsError::OtherWorlds(client));
                }
                known.dialects = dialects;
                let (from, to) = of.unwrap_or((from, to));
                known.asked.push(from..to);
            }
            Line::Failed(failed) => {
                let known = self.clients.entry(failed.client.clone()).or_default();
                known.failed.insert(failed.seed, *failed);
            }
            Line::Done { client, from, to } => {
                let known = self.clients.entry(client).or_default();
                known.done.push(from..to);
                known.done = joined(std::mem::take(&mut known.done));
            }
        }
        Ok(())
    }
}
