//! A real client that is led through the incident comes to what it comes to in the simulation.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use stalemate::registry::Registry;
use stalemate::runner::{CellResult, Results, Said, judge, judge_record};
use stalemate::scenario::{Scenario, load};

use crate::application::{Application, Run, installed, record};

const INCIDENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../scenarios/incident-48557/ten-steps.yaml"
);

/// The verdicts of a result: of each party on each invariant.
pub(crate) fn verdicts(result: &CellResult) -> BTreeMap<(String, String), Said> {
    let judged = result.invariants.iter();
    judged
        .map(|j| ((j.party.clone(), j.id.clone()), j.verdict))
        .collect()
}

pub(crate) fn scenario(file: &str, registry: &Registry) -> Arc<Scenario> {
    let loaded = load(Path::new(file), &registry.vocabulary());
    Arc::new(loaded.unwrap_or_else(|errors| panic!("{errors}")))
}

/// That scenario with that client in the simulation.
pub(crate) fn simulated(file: &str, client: &str) -> CellResult {
    let output = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(["run", file, "--client", client, "--format", "json"])
        .output()
        .expect("the command runs");
    let results: Result<Results, _> = serde_json::from_slice(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let results = results.unwrap_or_else(|error| panic!("{error}: {err}"));
    results.results.into_iter().next().expect("one cell")
}

fn is_the_same(client: &str, more: &[&str], presses: bool) {
    let Some(program) = installed(client) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("played.jsonl");
    let kept = file.to_str().expect("UTF-8");
    let args = [
        INCIDENT, "--bare", "--client", client, "--pace", "20", "--record", kept,
    ];
    let mut run = Run::start(&[&args[..], more].concat());
    let page = run.page();
    let last = Application::of(program).play(&page, presses);
    let (code, out) = run.end();
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("What helped: bluesky: reconnect, memory: reconnect"),
        "{out}"
    );
    assert!(out.contains("in place of 30.000 s (--pace 20)"), "{out}");
    let end = last["end"].to_string();
    assert!(
        end.contains("SES-07b") && end.contains("supergateway-3.4.3"),
        "{end}"
    );

    let registry = Registry::builtin();
    let scenario = scenario(INCIDENT, &registry);
    let simulated = simulated(INCIDENT, client);
    let record = record(&file);
    let findings = stalemate::sim::RunNotes::default();
    let played = judge(&scenario, &record, &findings, None);
    assert_eq!(played.rungs, simulated.rungs);
    assert_eq!(verdicts(&played), verdicts(&simulated), "{out}");
    // With nothing promised, as `trace` judges what was kept.
    assert_eq!(judge_record(&record).rungs, simulated.rungs);
}

#[test]
fn the_typescript_sdk_led_by_hand() {
    is_the_same("typescript-sdk-1", &["--page", "0"], true);
}

#[test]
fn the_typescript_sdk_by_itself() {
    is_the_same("typescript-sdk-1", &["--auto", "--step-time", "2s"], false);
}

#[test]
fn the_second_typescript_sdk_led_by_hand() {
    is_the_same("typescript-sdk-2", &["--page", "0"], true);
}

#[test]
fn the_python_sdk_led_by_hand() {
    is_the_same("python-sdk-2", &["--page", "0"], true);
}
