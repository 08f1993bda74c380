//! Generated schedules: user actions and faults in any order, run against a client and judged, and a schedule that breaks
//! something made as small as it goes. How schedules are drawn is the caller's business (the tests draw them with
//! proptest); here they are values, and scenario files.

mod schedule;
mod shrink;

use std::sync::Arc;

pub use schedule::{FateOp, Op, PathKind, Schedule};
pub use shrink::{minimize, smaller};

use crate::journal::Rung;
use crate::registry::Registry;
use crate::runner::{Cell, Runner, Said, judge};
use crate::scenario::{self, Expectation, Scenario};

/// What a schedule showed of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The client's and the application's violated invariants, in the order of the registry.
    pub violated: Vec<String>,
    /// The worst rung; `None` where the server side made no progress.
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
        violates: found.violated.clone(),
        ..Expectation::default()
    };
    scenario.expect.insert(client.to_owned(), promise);
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
    let of_client = |party: &str| matches!(party, "client" | "application");
    let violated = result
        .invariants
        .iter()
        .filter(|j| j.verdict == Said::Violated && !j.expected && of_client(&j.party))
        .map(|j| j.id.clone())
        .collect();
    Ok(Found {
        violated,
        rung: result.rung,
        journal_hash: result.journal_hash,
    })
}
