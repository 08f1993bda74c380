//! Many runs of one cell are one record, whatever else the machine does. Each run of the tests asks for two; here as many are
//! asked for as `STALEMATE_RUNS` says, with as much side by side as there are threads of the tests.

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use stalemate::programs::known;

use crate::{result, stalemate};

/// How many runs of each cell there are where nothing is said.
const RUNS: usize = 100;

/// A client with a scenario in which it has much to do.
const CELLS: [(&str, &str); 10] = [
    ("typescript-sdk-1", "incident-48557/ten-steps"),
    ("typescript-sdk-2", "reconnect/stream-cut"),
    ("python-sdk-1", "restart/long-outage"),
    ("python-sdk-2", "requests/all-kinds"),
    ("rust-sdk", "capacity/evicted"),
    ("fastmcp", "expiry/idle"),
    ("openai-agents", "restart/idle"),
    ("pydantic-ai", "reconnect/answer-lost"),
    ("mcp-remote", "restart/sdks-are-told-404"),
    ("mcp-proxy", "gateway/not-found-becomes-502"),
];

/// A test for each of ten cells, which takes minutes and is ignored unless it is asked for.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(client, scenario)| {
        let title = format!("many runs of {scenario} with {client} are one record");
        Trial::test(title, move || are_one(client, scenario)).with_ignored_flag(true)
    };
    CELLS.into_iter().map(trial).collect()
}

fn are_one(client: &str, scenario: &str) -> Result<(), Failed> {
    let is_there = known().iter().any(|k| k.name == client && k.is_installed());
    if !is_there {
        let all = std::env::var_os("STALEMATE_CLIENTS").is_some_and(|value| value == "all");
        eprintln!("left out: {client} is not installed: `stalemate install {client}` installs it");
        return if all {
            Err("it is not installed".into())
        } else {
            Ok(())
        };
    }
    let runs = match std::env::var("STALEMATE_RUNS") {
        Ok(runs) => runs.parse().map_err(|_| "STALEMATE_RUNS is no number")?,
        Err(_) => RUNS,
    };
    let file = format!("scenarios/{scenario}.yaml");
    let arguments = ["run", &*file, "--client", client, "--format", "json"];
    let mut records = BTreeSet::new();
    // Each time it is run twice, and compared.
    for _ in 0..runs.div_ceil(2) {
        let result = result(&stalemate(&arguments).output()?);
        if result["outcome"] == "not-deterministic" {
            return Err(Failed::from(result.to_string()));
        }
        records.insert(result["journal_hash"].to_string());
    }
    match records.len() {
        1 => Ok(()),
        _ => Err(Failed::from(format!(
            "{} records: {records:?}",
            records.len()
        ))),
    }
}
