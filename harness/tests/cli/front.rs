//! What a newcomer uses: the short table, JUnit, `new`, `diff`, `trace --at`, `--watch`, completions and manual pages.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::{ROOT, scenario, stalemate, written};

/// How long anything may take, in wall-clock time.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn the_table_is_short_and_says_more_when_asked() {
    let incident = "scenarios/incident-48557/ten-steps.yaml";
    let short = stalemate(&["run", incident, "--client", "connector/stale-cache"]);
    assert_eq!(short.code, 0, "{}", short.err);
    assert!(!short.out.contains("cli-no-stale-id"), "{}", short.out);
    assert!(short.out.contains("never"), "{}", short.out);
    assert!(short.out.contains("next: `-v` names"), "{}", short.out);
    let long = stalemate(&["run", incident, "--client", "connector/stale-cache", "-v"]);
    assert!(long.out.contains("cli-no-stale-id"), "{}", long.out);
    for line in short.out.lines().chain(long.out.lines()) {
        assert!(
            line.chars().count() <= 100 || line.starts_with("next: "),
            "{line}"
        );
    }
}

#[test]
fn what_broke_stands_beneath_its_row_with_the_next_step() {
    let broken = scenario("expect:\n  connector/recovering: {rung: never}\n");
    let (_dir, file) = written(&broken);
    let done = stalemate(&["run", &file]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("      ✗ "), "{}", done.out);
    let next = done.out.lines().find(|line| line.starts_with("next: "));
    let next = next.expect("a next step");
    assert!(
        next.contains(&format!("trace {file} --client connector/recovering")),
        "{next}"
    );
    assert!(done.err.contains("replay: "), "{}", done.err);
}

#[test]
fn junit_counts_what_is_not_kept() {
    let text = scenario("expect:\n  connector/recovering: {rung: never}\n");
    let text = text.replace("clients: [", "clients: [connector/spec-404, ");
    let (_dir, file) = written(&text);
    let done = stalemate(&["run", &file, "--format", "junit"]);
    assert_eq!(done.code, 1);
    let xml = &done.out;
    assert!(xml.starts_with("<?xml"), "{xml}");
    assert!(
        xml.contains("tests=\"2\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(
        xml.contains("<failure") && xml.contains("type=\"broken\""),
        "{xml}"
    );
}

#[test]
fn a_new_scenario_is_kept_whatever_goes_wrong_in_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let scenarios = dir.path().join("scenarios");
    let at = scenarios.to_str().expect("UTF-8");
    for fault in ["restart", "crash", "drain", "expire", "partition", "cut"] {
        let name = format!("mine/{fault}");
        let servers = ["supergateway-3.4.3", "supergateway-4.0.0"];
        let server = servers[usize::from(fault == "expire")];
        let args = [
            "new", &name, "--fault", fault, "--server", server, "--dir", at,
        ];
        let made = stalemate(&args);
        assert_eq!(made.code, 0, "{}", made.err);
        let again = stalemate(&args);
        assert_eq!(again.code, 2);
        assert!(again.err.contains("exists already"), "{}", again.err);
    }
    let run = stalemate(&["run", at]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("12 cells: 12 kept"), "{}", run.out);
    let out = stalemate(&["new", "../mine", "--dir", at]);
    assert_eq!(out.code, 2);
    assert!(out.err.contains("not a scenario name"), "{}", out.err);
    let unknown = stalemate(&[
        "new",
        "mine/other",
        "--client",
        "connector/recoverin",
        "--dir",
        at,
    ]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains("connector/recovering"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_diff_shows_where_two_records_part() {
    let drained = "scenarios/restart/drained.yaml";
    let (one, two) = ("connector/spec-404", "connector/recovering");
    let same = stalemate(&["diff", drained, drained]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert!(same.out.contains("are the same"), "{}", same.out);
    let differ = stalemate(&["diff", drained, "--client", one, "--client", two]);
    assert_eq!(differ.code, 1, "{}", differ.err);
    assert!(differ.out.contains("They part after "), "{}", differ.out);
    assert!(
        differ.out.contains("- restart/drained connector/spec-404"),
        "{}",
        differ.out
    );
    assert!(differ.out.contains("lines are the same"), "{}", differ.out);

    let dir = tempfile::tempdir().expect("a directory");
    let saved = dir.path().join("saved.jsonl");
    let record = stalemate(&["trace", drained, "--client", one, "--format", "json"]);
    fs::write(&saved, record.out).expect("written");
    let saved = saved.to_str().expect("UTF-8");
    let with = stalemate(&["diff", saved, drained, "--client", two, "--context", "0"]);
    assert_eq!(with.code, 1, "{}", with.err);
    assert!(with.out.len() < differ.out.len(), "no context is shorter");
    for (args, says) in [
        (vec!["diff", saved], "nothing to compare"),
        (vec!["diff", drained, "--client", one], "nothing to compare"),
        (
            vec!["diff", "no.jsonl", saved],
            "cannot be read as a record",
        ),
    ] {
        let done = stalemate(&args);
        assert_eq!(done.code, 2, "{args:?}");
        assert!(done.err.contains(says), "{args:?}: {}", done.err);
    }
}

#[test]
fn a_trace_can_point_at_a_violation() {
    let incident = "scenarios/incident-48557/ten-steps.yaml";
    let with = |id| {
        stalemate(&[
            "trace",
            incident,
            "--client",
            "connector/stale-cache",
            "--at",
            id,
        ])
    };
    let shown = with("cli-no-stale-id");
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("✗ cli-no-stale-id"), "{}", shown.out);
    assert!(shown.out.contains("⋮  "), "{}", shown.out);
    assert!(!shown.out.contains("✗ srv-dead-session"), "{}", shown.out);
    let none = with("cli-respects-retry");
    assert_eq!(none.code, 2);
    assert!(
        none.err.contains("what is: ") && none.err.contains("cli-no-stale-id"),
        "{}",
        none.err
    );
}

/// What was said before is what a repetition is wrong for.
#[test]
fn a_folded_trace_keeps_the_refusal_that_a_violation_follows() {
    let shown = stalemate(&[
        "trace",
        "scenarios/restart/local-server.yaml",
        "--client",
        "rmcp",
        "--at",
        "cli-no-stale-id",
    ]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let before = shown.out.split("✗ cli-no-stale-id").next();
    let before = before.expect("what is before it");
    assert_eq!(before.matches("GET [S1]").count(), 1, "{}", shown.out);
    assert_eq!(
        before.matches("Session not found").count(),
        1,
        "{}",
        shown.out
    );
}

#[test]
fn a_saved_scenario_runs_again() {
    let (_dir, file) = written(&scenario(""));
    let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(["run", &file, "--watch"])
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let (sender, lines) = mpsc::channel();
    for stream in [
        Box::new(child.stdout.take().expect("piped")) as Box<dyn std::io::Read + Send>,
        Box::new(child.stderr.take().expect("piped")),
    ] {
        let sender = sender.clone();
        thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            lines.for_each(|line| sender.send(line).unwrap_or(()));
        });
    }
    // The two streams come in any order.
    let wait_for = |words: &str| {
        let mut seen = String::new();
        while !(seen.contains(words) && seen.contains("watching ")) {
            let line = lines.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|e| panic!("no `{words}` ({e}) in: {seen}"));
            seen += &(line + "\n");
        }
    };
    wait_for("1 cell: 1 kept");
    // Another file beside it is nobody's concern; this one runs again, as an editor saves it: another in its place.
    let path = Path::new(&file);
    fs::write(path.with_file_name("other.yaml"), "no scenario").expect("written");
    let new = path.with_extension("new");
    fs::write(
        &new,
        scenario("expect:\n  connector/recovering: {rung: never}\n"),
    )
    .expect("written");
    fs::rename(&new, path).expect("renamed");
    wait_for("1 cell: 0 kept, 1 broken");
    fs::write(path, "summary: [\n").expect("written");
    wait_for("error");
    fs::write(path, scenario("")).expect("written");
    wait_for("1 cell: 1 kept");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

#[test]
fn shells_and_man_know_the_command() {
    for shell in ["bash", "zsh", "fish"] {
        let done = stalemate(&["completions", shell]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(
            done.out.contains("incognito") || done.out.contains("explain"),
            "{shell}"
        );
    }
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path().to_str().expect("UTF-8");
    let done = stalemate(&["man", at]);
    assert_eq!(done.code, 0, "{}", done.err);
    let page = fs::read_to_string(dir.path().join("stalemate-run.1")).expect("a page");
    assert!(
        page.contains(".SH OPTIONS") && page.contains("watch"),
        "{page}"
    );
    assert!(stalemate(&["man"]).out.contains(".TH stalemate"));
}
