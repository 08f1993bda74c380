//! The real clients of other languages, those that are installed. With `STALEMATE_CLIENTS=all` a missing one is a failure.

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stalemate::programs::known;

use crate::{bytes, faults, stalemate};

const INCIDENT: &str = "scenarios/incident-48557/ten-steps.yaml";

/// The faults that are compared in every run of the tests; all of them take minutes.
const FAULTS: &[&str] = &["body cut"];

/// One result of the incident with a client.
fn incident(client: &str) -> Value {
    let arguments = ["run", INCIDENT, "--client", client, "--format", "json"];
    let output = stalemate(&arguments).output().expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    let results: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    results["results"][0].clone()
}

/// The tests of each client. Those of one that is not installed are ignored, or fail where all are demanded.
pub(crate) fn trials() -> Vec<Trial> {
    let all = std::env::var_os("STALEMATE_CLIENTS").is_some_and(|value| value == "all");
    let mut trials = Vec::new();
    for client in known() {
        let name = client.name;
        let is_there = client.is_installed();
        if !is_there {
            eprintln!("left out: {name} is not installed: `stalemate install {name}` installs it");
        }
        let title = format!("the incident is the same each time with {name}");
        let same = Trial::test(title, move || is_the_same(name));
        let program = client.program();
        let title = format!("what {name} sends is what it sends in real time");
        let bytes = Trial::test(title, move || bytes::are_the_same(name, &program));
        let program = client.program();
        let title = format!("what {name} makes of a fault is what it makes of it in real time");
        let few = Trial::test(title, move || faults::are_the_same(name, &program, FAULTS));
        let every = [same, bytes, few].map(|trial| trial.with_ignored_flag(!is_there && !all));
        trials.extend(every);
        let program = client.program();
        let title = format!("what {name} makes of every fault is what it makes of it in real time");
        let every = Trial::test(title, move || faults::are_the_same(name, &program, &[]));
        trials.push(every.with_ignored_flag(true));
    }
    trials
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
