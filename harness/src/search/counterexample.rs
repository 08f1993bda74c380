//! A failing run as a scenario file that a person can read, commit and run: it promises what was found, and is kept for as
//! long as that is so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::runner::{Cell, CellResult, RunError, promise};
use crate::scenario::{self, Scenario};
use crate::search::shown::{Failure, Shown};

/// The first line of a scenario file, for editors.
const SCHEMA: &str = "# yaml-language-server: $schema=../schema.json";
/// How wide a comment may be.
const WIDTH: usize = 120;

/// A scenario that shows a failure of one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// What it shows.
    pub failure: Failure,
    /// What happened, in a sentence.
    pub why: String,
    /// The scenario, which promises what the run showed.
    pub scenario: Scenario,
    /// The client.
    pub client: String,
}

/// The scenario for one client and one seed, with nothing promised and nothing claimed.
#[must_use]
pub fn bare(cell: &Cell) -> Scenario {
    let client = cell.client.clone();
    let own = |(name, _): &(&String, _)| **name == client;
    let own_clients = cell.scenario.own_clients.iter().filter(own);
    Scenario {
        report: None,
        spec: Vec::new(),
        shows: Vec::new(),
        own_clients: own_clients.map(|(n, c)| (n.clone(), c.clone())).collect(),
        clients: vec![client.clone()],
        seeds: vec![cell.seed],
        expect: BTreeMap::new(),
        violates: BTreeMap::new(),
        ..(*cell.scenario).clone()
    }
}

impl Counterexample {
    /// The counterexample of a run: its cell, what it showed, and its verdicts. `None` if it does not show the failure.
    #[must_use]
    pub fn of(cell: &Cell, shown: &Shown, result: &CellResult, failure: &Failure) -> Option<Self> {
        let violation = shown.of(failure)?;
        let mut scenario = bare(cell);
        promise(&mut scenario, result);
        scenario.summary = format!(
            "What breaks {} of {} with {}, made as small as it goes.",
            failure.invariant, failure.party, cell.client
        );
        Some(Self {
            failure: failure.clone(),
            why: violation.why.clone(),
            scenario,
            client: cell.client.clone(),
        })
    }

    /// The counterexample of a run that came to no end: nothing can be promised of it.
    #[must_use]
    pub fn of_error(cell: &Cell, error: &RunError) -> Self {
        let mut scenario = bare(cell);
        scenario.summary = format!("A run of {} that comes to no end.", cell.client);
        Self {
            failure: Failure::of_run(error),
            why: error.to_string(),
            scenario,
            client: cell.client.clone(),
        }
    }

    /// The file: a comment that says what it shows, and the scenario. `origin` says how it was found.
    #[must_use]
    pub fn file(&self, origin: &str) -> String {
        let Failure {
            party, invariant, ..
        } = &self.failure;
        let mut text = format!("{SCHEMA}\n");
        for line in [
            format!("{invariant} is violated by {party}: {}.", self.why),
            format!("Found by {origin}, then made smaller until nothing more could be taken away."),
        ] {
            for part in textwrap::wrap(&line, WIDTH - 2) {
                let _ = writeln!(text, "# {part}");
            }
        }
        text + &scenario::write(&self.scenario)
    }

    /// A name for its file, from the client and the invariant; other failures of the two get a number by the caller.
    #[must_use]
    pub fn stem(&self) -> String {
        let plain = |text: &str| -> String {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
            let words = text.split(|c| !is_plain(c)).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join("-")
        };
        format!("{}-{}", plain(&self.client), plain(&self.failure.invariant))
    }
}
