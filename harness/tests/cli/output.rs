//! What the command writes: records that another process reads, JSON that stays JSON, pipes whose reader leaves, and what
//! is explained.

use std::fs;
use std::process::{Command, Stdio};

use stalemate::journal::VERSION;

use crate::{ROOT, stalemate};

/// Invariant, party and verdict of every line that has one, the scenario's own marks aside.
fn verdicts(trace: &str) -> Vec<&str> {
    let is_verdict = |line: &&str| line.starts_with("held ") || line.starts_with("violated ");
    let lines = trace.lines().filter(is_verdict);
    lines
        .map(|line| line.trim_end_matches("  NOT EXPECTED"))
        .collect()
}

#[test]
fn a_saved_record_is_judged_drawn_and_hashed_alike() {
    let scenario = "scenarios/incident-48557/ten-steps.yaml";
    let dir = tempfile::tempdir().expect("a directory");
    for client in ["connector/stale-cache", "rmcp"] {
        let saved = stalemate(&["trace", scenario, "--client", client, "--format", "json"]);
        let file = dir.path().join("saved.jsonl");
        fs::write(&file, &saved.out).expect("it can be written");
        let again = stalemate(&["trace", file.to_str().expect("UTF-8")]);
        let drawn = stalemate(&["trace", scenario, "--client", client]);
        assert!(verdicts(&drawn.out).len() > 10, "{}", drawn.out);
        assert_eq!(verdicts(&again.out), verdicts(&drawn.out));
        let hash = |out: &str| out.lines().last().map(str::to_owned);
        assert_eq!(hash(&again.out), hash(&drawn.out));
        // The lines of the grid are the same but for what the scenario says of a violation.
        let grid = |out: &str| {
            let end = out.find("\nrung ").expect("a footer");
            let grid = out[..end]
                .replace("[NOT EXPECTED]", "")
                .replace("[expected]", "");
            grid.replace(char::is_whitespace, "")
        };
        assert_eq!(grid(&again.out), grid(&drawn.out));
        assert_eq!(again.code, 1, "nothing is promised, so it is broken");
    }
}

#[test]
fn what_is_no_record_is_told_with_its_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("bad.jsonl");
    let path = file.to_str().expect("UTF-8");
    let good = stalemate(&["trace", "scenarios/restart/idle.yaml", "--format", "json"]).out;
    let header = good.lines().next().expect("a header");
    for (text, says) in [
        (String::new(), "line 1: the record is empty"),
        ("{}\n".to_owned(), "line 1: this is no record"),
        (format!("{header}\nnonsense\n"), "line 2: this is no entry"),
        (
            header.replace(&format!("\"record\":{VERSION}"), "\"record\":99"),
            "version 99",
        ),
    ] {
        fs::write(&file, text).expect("it can be written");
        let done = stalemate(&["trace", path]);
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(
            done.err.contains(says) && done.err.contains("--format json"),
            "{}",
            done.err
        );
    }
    let done = stalemate(&["trace", path, "--seed", "3"]);
    assert!(done.err.contains("leave out --seed"), "{}", done.err);
}

#[test]
fn json_stays_json_beside_an_access_log() {
    let scenario = "scenarios/incident-48557/ten-steps.yaml";
    let done = stalemate(&["trace", scenario, "--format", "json", "--access-log"]);
    let plain = stalemate(&["trace", scenario, "--format", "json"]);
    assert_eq!(done.out, plain.out);
    assert!(done.err.contains("access log\n"), "{}", done.err);
}

/// As `… | head -1` does it.
#[test]
fn a_reader_that_leaves_is_no_matter() {
    use std::io::{BufRead, BufReader, Read};
    for args in [
        &["trace", "scenarios/incident-48557/ten-steps.yaml", "--full"][..],
        &["list"],
        &["explain"],
        &["schema"],
        &[
            "run",
            "scenarios/restart/idle.yaml",
            "--client",
            "connector/recovering",
            "--format",
            "json",
        ],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
            .args(args)
            .current_dir(ROOT)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut first = String::new();
        let mut out = BufReader::with_capacity(1, child.stdout.take().expect("piped"));
        out.read_line(&mut first).expect("a line");
        drop(out);
        let mut err = String::new();
        let mut pipe = child.stderr.take().expect("piped");
        pipe.read_to_string(&mut err).expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn every_topic_and_kind_of_topic_is_explained() {
    let topics = stalemate(&["explain"]);
    assert_eq!((topics.code, topics.err.as_str()), (0, ""));
    let ids = stalemate::invariant::ALL.iter().map(|i| i.id);
    for topic in ids.chain(["SES-08", "supergateway-3.4.3", "F3", "reconnect", "rmcp"]) {
        assert!(topics.out.contains(topic), "{topic}");
        let page = stalemate(&["explain", topic]);
        assert_eq!((page.code, page.err.as_str()), (0, ""), "{topic}");
        assert!(page.out.len() > topic.len() + 40, "{topic}: {}", page.out);
    }
    // A kind is listed, and where it is a word of scenario files too, that is explained below.
    let rungs = stalemate(&["explain", "rung"]);
    assert_eq!((rungs.code, rungs.err.as_str()), (0, ""));
    for part in ["transparent", "incognito", "rung: a key of a scenario"] {
        assert!(rungs.out.contains(part), "{part}: {}", rungs.out);
    }
    assert!(!rungs.out.contains("cli-no-stale-id"), "{}", rungs.out);
}
