//! Generated schedules: user actions and faults in any order, run against a client and judged, and a schedule that breaks
//! something made as small as it goes. How schedules are drawn is the caller's business (the tests draw them with
//! proptest); here they are values, and scenario files.

mod schedule;
mod shrink;

use std::path::Path;
use std::sync::Arc;

pub use schedule::{FateOp, Op, PathKind, Schedule};
pub use shrink::{minimize, smaller};

use crate::cell;
use crate::exec;
use crate::journal::Rung;
use crate::registry::Registry;
use crate::scenario::{Scenario, load_text};
use crate::vocabulary;

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
/// What is wrong with the scenario file that the schedule makes: a bug in its writer.
pub fn scenario(
    schedule: &Schedule,
    client: &str,
    registry: &Registry,
) -> Result<Scenario, String> {
    let text = schedule.to_yaml(client, &[], None);
    load_text(
        "generated/schedule",
        Path::new("generated/schedule.yaml"),
        &text,
        &vocabulary::of(registry),
    )
    .map_err(|diagnostics| format!("{diagnostics}\n{text}"))
}

/// Runs a schedule once with one client and says what was violated.
///
/// # Errors
/// A sentence for a person: a bug in the harness, or a client that never comes to rest.
pub fn try_schedule(
    schedule: &Schedule,
    client: &str,
    registry: &Registry,
) -> Result<Found, String> {
    let scenario = Arc::new(scenario(schedule, client, registry)?);
    let subject = registry
        .get(client)
        .ok_or_else(|| format!("there is no client {client}"))?;
    let run = exec::run_once(&scenario, client, subject, schedule.seed)?;
    let result = cell::judge(&scenario, &run.record, &run.findings, None);
    let of_client = |party: &str| matches!(party, "client" | "application");
    let violated = result
        .invariants
        .iter()
        .filter(|j| j.verdict == "violated" && !j.expected && of_client(&j.party))
        .map(|j| j.id.clone())
        .collect();
    Ok(Found {
        violated,
        rung: result.rung,
        journal_hash: result.journal_hash,
    })
}
