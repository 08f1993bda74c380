//! The real clients of other languages, those that are installed. With `STALEMATE_CLIENTS=all` a missing one is a failure.

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stalemate::programs::{Known, known};

use crate::stalemate;

const INCIDENT: &str = "scenarios/incident-48557/ten-steps.yaml";

/// One result of the incident with a client.
fn incident(client: &str) -> Value {
    let arguments = ["run", INCIDENT, "--client", client, "--format", "json"];
    let output = stalemate(&arguments).output().expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    let results: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    results["results"][0].clone()
}

/// A test for each client. One that is not installed is ignored, or fails where all are demanded.
pub(crate) fn trials() -> Vec<Trial> {
    let all = std::env::var_os("STALEMATE_CLIENTS").is_some_and(|value| value == "all");
    let trial = |client: Known| {
        let name = client.name;
        let is_there = client.is_installed();
        if !is_there {
            eprintln!("left out: {name} is not installed: `stalemate install {name}` installs it");
        }
        let title = format!("the incident is the same each time with {name}");
        Trial::test(title, move || is_the_same(name)).with_ignored_flag(!is_there && !all)
    };
    known().into_iter().map(trial).collect()
}

/// Four runs: a cell is run twice and compared.
fn is_the_same(client: &str) -> Result<(), Failed> {
    let (first, second) = (incident(client), incident(client));
    let same = first["journal_hash"] == second["journal_hash"];
    let mut both = [&first, &second].into_iter();
    if !same || both.any(|r| r["outcome"] == "not-deterministic") || first["rung"] != "reconnect" {
        return Err(Failed::from(format!("{first}\n{second}")));
    }
    Ok(())
}
