//! The command's answers are the same in processes that have nothing in common but the program and the files: another
//! environment, directory and time, other workers, another order of arguments. The test `scenarios` compares the journal of
//! every cell in this way; here it is all that `run` says, of what a user begins with.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::surroundings::strange;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stalemate"));
    command
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn started(command: &mut Command) -> Child {
    command.spawn().expect("the command starts")
}

fn ended(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

/// The results of a run as JSON; every cell kept its promises.
fn results(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", output.status);
    let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    all["results"].as_array().expect("a list").clone()
}

fn cell(result: &Value) -> String {
    format!(
        "{} {} {}",
        result["scenario"], result["client"], result["seed"]
    )
}

#[test]
fn results_are_the_same_whatever_is_around_them() {
    let parts = ["scenarios/incident-48557", "scenarios/restart/idle.yaml"];
    let absolute = parts.map(|part| Path::new(ROOT).join(part));
    let elsewhere = tempfile::tempdir().expect("a directory");
    let mut here = command(
        Path::new(ROOT),
        &["run", parts[0], parts[1], "--format", "json", "--jobs", "1"],
    );
    here.env_clear()
        .env("STALEMATE_CLIENTS_DIR", elsewhere.path());
    let mut there = command(
        elsewhere.path(),
        &["run", "--jobs", "2", "--format", "json"],
    );
    strange(&mut there, elsewhere.path());
    there
        .args(absolute)
        .env_remove("STALEMATE_CLIENTS")
        .env("STALEMATE_CLIENTS_DIR", elsewhere.path());
    // Both at once: they disturb each other, as anything may.
    let (here, there) = (started(&mut here), started(&mut there));
    let (here, there) = (ended(here), ended(there));
    let (here, there) = (results(&here), results(&there));
    assert!(here.len() > 10, "{} cells", here.len());
    let different: Vec<String> = here
        .iter()
        .zip(&there)
        .filter(|(one, two)| one != two)
        .map(|(one, two)| {
            let (one_hash, two_hash) = (&one["journal_hash"], &two["journal_hash"]);
            format!("{}: {one_hash}, then {two_hash}", cell(one))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(here.len(), there.len());
    // Models and real code alike: a world without the latter would prove less.
    for who in ["rmcp", "connector/recovering"] {
        assert!(here.iter().any(|r| r["client"] == who), "{who}");
    }
}

#[test]
fn a_seed_decides_what_is_drawn() {
    let run = |scenario: &str, client: &str, seed: &str| {
        let file = format!("scenarios/{scenario}.yaml");
        let args = [
            "run", &file, "--client", client, "--seed", seed, "--format", "json",
        ];
        let output = ended(started(&mut command(Path::new(ROOT), &args)));
        let results = results(&output);
        let [result] = &results[..] else {
            panic!("{} cells", results.len());
        };
        assert_eq!(result["seed"].to_string(), seed);
        result.clone()
    };
    for (scenario, client) in [
        // The first session's id is the scenario's, all others are drawn.
        ("incident-48557/ten-steps", "connector/stale-cache"),
        ("restart/idle", "connector/recovering"),
        ("restart/idle", "rmcp"),
        ("restart/real-rmcp-server", "connector/recovering"),
    ] {
        let what = format!("{scenario} with {client}");
        let one = run(scenario, client, "1");
        let two = run(scenario, client, "2");
        assert_ne!(one["journal_hash"], two["journal_hash"], "{what}");
        assert_eq!(two, run(scenario, client, "2"), "{what}");
        // What is drawn are names; what becomes of the user does not hang on them.
        assert_eq!(one["rung"], two["rung"], "{what}");
    }
}
