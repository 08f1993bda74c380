//! `sweep`, `explore`, `shrink` and `merge` from outside: what they find stands as scenarios for another process, and exit
//! codes and errors are as the help says.

mod ended;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::{stalemate, stalemate_within};

const SMALL: &str = "\
summary: One call.
servers: {memory: {dialect: spec}}
clients: [connector/stale-cache]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
";

fn scenario() -> (TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("small.yaml");
    fs::write(&file, SMALL).expect("it can be written");
    let file = file.display().to_string();
    (directory, file)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// An exploration that finds the client which never sends DELETE.
fn explore<'a>(seeds: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let client = ["explore", "--client", "broken/no-delete"];
    let worlds = ["--dialect", "spec", "--seeds", seeds];
    [&client[..], &worlds, more].concat()
}

/// The scenario of a file keeps what it promises, in another process.
fn stands(file: &str) {
    let run = stalemate(&["run", file]);
    assert_eq!(run.code, 0, "{file}: {}{}", run.out, run.err);
}

#[test]
fn what_a_sweep_finds_stands_in_another_process() {
    let (directory, file) = scenario();
    let out = text(&directory.path().join("found"));
    let done = stalemate_within(300, &["sweep", &file, "--out", &out, "--format", "json"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let swept: Value = serde_json::from_str(&done.out).expect("JSON");
    let swept = &swept["sweeps"][0];
    assert_eq!(swept["client"], "connector/stale-cache");
    assert!(swept["runs"].as_u64() > Some(200), "{swept}");
    let findings = swept["findings"].as_array().expect("a list");
    let ids: Vec<&str> = findings
        .iter()
        .filter_map(|finding| finding["invariant"].as_str())
        .collect();
    assert!(ids.contains(&"cli-recovers"), "{ids:?}");
    assert!(ids.contains(&"app-disconnect-clears"), "{ids:?}");
    for finding in findings {
        let file = finding["file"].as_str().expect("each has its file");
        stands(file);
        let text = fs::read_to_string(file).expect("it is there");
        let id = finding["invariant"].as_str().expect("a name");
        assert!(text.contains(&format!("# {id} is violated by")), "{text}");
    }
}

#[test]
fn the_table_of_a_sweep_says_what_it_covered() {
    let (_directory, file) = scenario();
    let args = [
        "sweep",
        &file,
        "--client",
        "connector/recovering",
        "--no-shrink",
        "--pairs",
        "20",
    ];
    let done = stalemate_within(300, &args);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for part in [
        "small with connector/recovering",
        "client sends initialize",
        "memory did create_entities",
        "the user: add memory",
        "every one that applies",
        "not tried: the message has no body",
        "20 of ",
        "found: nothing is violated",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
}

#[test]
fn what_is_explored_is_merged_and_not_done_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let results = text(&directory.path().join("results.jsonl"));
    let found = text(&directory.path().join("found"));
    let args = explore("0..30", &["--results", &results, "--out", &found]);
    let done = stalemate_within(300, &args);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.out.contains("30 runs"), "{}", done.out);
    assert!(
        done.out.contains("cli-delete-on-close by client"),
        "{}",
        done.out
    );
    let file = Path::new(&found).join("broken-no-delete-cli-delete-on-close.yaml");
    stands(&text(&file));
    let again: Vec<&str> = args.into_iter().chain(["--resume"]).collect();
    let again = stalemate_within(300, &again);
    assert!(again.out.contains(" 0 runs"), "{}", again.out);
    let merged = stalemate(&["merge", &results, &results]);
    assert_eq!(merged.code, 1, "{}", merged.out);
    assert!(merged.out.contains("30 seeds done"), "{}", merged.out);
    assert!(!merged.out.contains("missing"), "{}", merged.out);
    // A shard of more seeds: the others are missing.
    let other = text(&directory.path().join("other.jsonl"));
    let shard = [
        "explore",
        "--client",
        "connector/recovering",
        "--dialect",
        "spec",
        "--seeds",
        "0..8",
        "--shard",
        "2/2",
        "--results",
        &other,
    ];
    assert_eq!(stalemate_within(300, &shard).code, 0);
    let merged = stalemate(&["merge", &other]);
    assert_eq!(
        (merged.code, merged.out.contains("missing: 0..4")),
        (5, true),
        "{}",
        merged.out
    );
}

#[test]
fn a_commit_chooses_seeds_and_chooses_them_again() {
    let seeds = |commit: &str| {
        let args = [
            "explore",
            "--client",
            "connector/recovering",
            "--dialect",
            "spec",
            "--seeds",
            "0..2",
            "--commit",
            commit,
        ];
        let done = stalemate_within(300, &args);
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    let first = seeds("4f2a9c");
    assert_eq!(first, seeds("4f2a9c"));
    assert_ne!(first, seeds("4f2a9d"));
}

#[test]
fn a_scenario_is_made_small_or_it_is_said_why_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = "scenarios/incident-48557/ten-steps.yaml";
    let small = text(&directory.path().join("small.yaml"));
    let args = [
        "shrink",
        file,
        "--client",
        "connector/stale-cache",
        "--invariant",
        "app-delete-clears",
        "--out",
        &small,
    ];
    let done = stalemate_within(300, &args);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains(" are left of "), "{}", done.err);
    stands(&small);
    // The world of a seed, in place of a file.
    let args = [
        "shrink",
        "--explored",
        "7",
        "--client",
        "broken/no-delete",
        "--dialect",
        "spec",
    ];
    let world = stalemate_within(300, &args);
    assert!(matches!(world.code, 0 | 3), "{}", world.err);
    let none = [
        "shrink",
        file,
        "--client",
        "connector/stale-cache",
        "--invariant",
        "cli-respects-retry",
    ];
    let none = stalemate(&none);
    assert_eq!(none.code, 3, "{}", none.err);
    assert!(
        none.err
            .contains("cli-respects-retry is not violated in this run; violated are"),
        "{}",
        none.err
    );
}

#[test]
fn bad_input_is_named() {
    for (args, says) in [
        (vec!["explore"], "--client"),
        (vec!["explore", "--client", "nobody"], "nobody"),
        (
            vec!["explore", "--client", "rmcp", "--seeds", "5..5"],
            "0..20000",
        ),
        (vec!["explore", "--client", "rmcp", "--shard", "3/2"], "2/8"),
        (vec!["explore", "--client", "rmcp", "--time", "10"], "10m"),
        (
            vec!["explore", "--client", "rmcp", "--dialect", "none"],
            "there is no dialect `none`",
        ),
        (vec!["explore", "--client", "rmcp", "--resume"], "--results"),
        (vec!["sweep", "scenarios"], "holds several scenarios"),
        (vec!["sweep", "scenarios/none.yaml"], "none.yaml"),
        (
            vec!["merge", "scenarios/incident-48557/ten-steps.yaml"],
            "no result of an exploration",
        ),
        (vec!["merge", "none.jsonl"], "failed to open it"),
    ] {
        let done = stalemate(&args);
        assert_eq!(done.code, 2, "{args:?}: {}", done.err);
        assert!(done.err.contains(says), "{args:?}: {}", done.err);
    }
}
