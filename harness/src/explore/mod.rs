//! Generated schedules: user actions and faults in any order, run against a client and judged, and a schedule that breaks
//! something made as small as it goes. How schedules are drawn is the caller's business (the tests draw them with
//! proptest); here they are values, and scenario files.

mod op;
mod schedule;
mod script;
mod shrink;

use std::sync::Arc;

pub use op::{FateOp, Op};
pub use schedule::{PathKind, Schedule};
pub use shrink::{minimize, smaller};

use crate::journal::{Event, Rung};
use crate::registry::Registry;
use crate::runner::{Cell, Judged, Runner, Said, judge};
use crate::scenario::{self, Expectation, Scenario};

/// What a schedule showed of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The client's and the application's violated invariants, in the order of the registry.
    pub violated: Vec<String>,
    /// What servers and hops violated that their dialect does not own to: who, and which invariant.
    pub by_others: Vec<(String, String)>,
    /// Whether not even a right client does with a retry, and no server and no hop is seen to violate anything.
    pub is_unexplained: bool,
    /// Whether there was a climb in which no client gets anywhere.
    pub no_progress: bool,
    /// The worst rung; `None` where no client gets anywhere.
    pub rung: Option<Rung>,
    /// The hash of the journal.
    pub journal_hash: String,
}

/// The scenario of a schedule, for one client.
///
/// # Errors
/// That there is no such dialect.
pub fn scenario(
    schedule: &Schedule,
    client: &str,
    registry: &Registry,
) -> Result<Scenario, String> {
    let dialect = registry.dialect_of(&schedule.dialect);
    let dialect = dialect.ok_or_else(|| format!("there is no dialect {}", schedule.dialect))?;
    Ok(schedule.scenario(client, dialect))
}

/// The file of a schedule's scenario, which promises what was found: it is kept for as long as that is so.
///
/// # Errors
/// As [`scenario()`].
pub fn file(
    schedule: &Schedule,
    client: &str,
    found: &Found,
    registry: &Registry,
) -> Result<String, String> {
    let mut scenario = scenario(schedule, client, registry)?;
    let promise = Expectation {
        rung: found.rung,
        no_progress: found.no_progress,
        violates: found.violated.clone(),
        ..Expectation::default()
    };
    scenario.expect.insert(client.to_owned(), promise);
    for (party, id) in &found.by_others {
        let of_party = scenario.violates.entry(party.clone()).or_default();
        of_party.insert(id.clone(), "found by a generated schedule".to_owned());
    }
    let text = scenario::write(&scenario);
    Ok(format!(
        "# yaml-language-server: $schema=../schema.json\n{text}"
    ))
}

/// Runs a schedule once with one client and says what was violated.
///
/// # Errors
/// A sentence for a person: a bug in the harness, or a client that never comes to rest.
pub fn try_schedule(schedule: &Schedule, client: &str, runner: &Runner) -> Result<Found, String> {
    let cell = Cell {
        scenario: Arc::new(scenario(schedule, client, runner.registry())?),
        client: client.to_owned(),
        seed: schedule.seed,
    };
    let run = runner.run_once(&cell).map_err(|error| error.to_string())?;
    let result = judge(&cell.scenario, &run.record, &run.findings, None);
    let mut of_client = Vec::new();
    let mut by_others = Vec::new();
    let unexpected = |j: &&Judged| j.verdict == Said::Violated && !j.expected;
    for judged in result.invariants.iter().filter(unexpected) {
        match &*judged.party {
            "client" | "application" => of_client.push(judged.id.clone()),
            other => by_others.push((other.to_owned(), judged.id.clone())),
        }
    }
    let is_named = result
        .invariants
        .iter()
        .any(|j| j.verdict == Said::Violated && !matches!(&*j.party, "client" | "application"));
    let (mut no_progress, mut is_unexplained) = (false, false);
    for entry in &run.record.entries {
        match &entry.event {
            Event::NoProgress { .. } => no_progress = true,
            Event::RightNeeds { .. } => {}
            _ => continue,
        }
        is_unexplained |= !is_named;
    }
    Ok(Found {
        violated: of_client,
        by_others,
        is_unexplained,
        no_progress,
        rung: result.rung,
        journal_hash: result.journal_hash,
    })
}
