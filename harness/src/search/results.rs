//! Results of explorations as JSON Lines: what was asked for, what failed, what is done. The lines of several machines are
//! put together in any order; a last line that was cut off by a full disk or a killed process is left out, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::ops::Range;

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
    Line(usize, String),
    /// It was drawn from other dialects than others were, so that its seeds are other worlds.
    OtherWorlds(String),
}

impl std::fmt::Display for ResultsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "failed to read it: {error}"),
            Self::Line(n, why) => write!(f, "line {n} is no result of an exploration: {why}"),
            Self::OtherWorlds(client) => write!(
                f,
                "the worlds for {client} were drawn from other dialects here, so the same seed is another world"
            ),
        }
    }
}

impl std::error::Error for ResultsError {}

impl Merged {
    /// Adds a file of results.
    ///
    /// # Errors
    /// [`ResultsError`].
    pub fn add(&mut self, file: impl BufRead) -> Result<(), ResultsError> {
        let mut lines = file.lines().enumerate().peekable();
        while let Some((n, line)) = lines.next() {
            let line = line.map_err(ResultsError::Io)?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_str(&line) {
                Ok(line) => self.take(line)?,
                Err(_) if lines.peek().is_none() => self.cut_off += 1,
                Err(error) => return Err(ResultsError::Line(n + 1, error.to_string())),
            }
        }
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
                    let why = format!("it is of version {version}, not {EXPLORED_VERSION}");
                    return Err(ResultsError::Line(1, why));
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
