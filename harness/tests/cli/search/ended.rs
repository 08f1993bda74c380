//! Searches that are ended before their end, from outside: by an interrupt, by a kill, by a disk that is full. What was found
//! is told and kept, and the same command goes on from there.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::explore;
use crate::{Done, ROOT, stalemate_within};

/// How long a search may take, in seconds.
const LIMIT_S: u64 = 300;

const SMALL: &str = "\
summary: A session that is left to the server.
servers: {memory: {dialect: spec}}
clients: [broken/no-delete]
steps:
  - add: memory
  - call: {on: memory, tool: search_nodes}
  - disconnect: memory
";

/// A directory with a scenario, and the names of it and of the files that a search writes there.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("small.yaml"), SMALL).expect("it can be written");
        Self { directory }
    }

    fn name(&self, file: &str) -> String {
        self.directory.path().join(file).display().to_string()
    }

    fn sweep(&self) -> Vec<String> {
        let (file, results) = (self.name("small.yaml"), self.name("results.jsonl"));
        let out = self.name("found");
        let args = [
            "sweep",
            &file,
            "--results",
            &results,
            "--resume",
            "--out",
            &out,
            "--jobs",
            "1",
        ];
        args.map(str::to_owned).to_vec()
    }

    fn lines(&self) -> usize {
        let text = fs::read_to_string(self.name("results.jsonl"));
        text.map_or(0, |text| text.lines().count())
    }

    /// Starts a command and waits until so many lines of results are there.
    fn begun(&self, args: &[String], lines: usize) -> Child {
        let file = |name: &str| File::create(self.name(name)).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
            .args(args)
            .current_dir(ROOT)
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("the command starts");
        let mut waits = 0;
        while self.lines() < lines {
            let ended = child.try_wait().expect("it can be waited for");
            assert_eq!(ended, None, "it ended before there were results");
            assert!(waits < 100 * LIMIT_S, "no results");
            waits += 1;
            thread::sleep(Duration::from_millis(10));
        }
        child
    }

    /// What became of it, once it has ended.
    fn ended(&self, mut child: Child) -> (Option<i32>, String, String) {
        let status = child.wait().expect("it can be waited for");
        let text = |name: &str| fs::read_to_string(self.name(name)).expect("UTF-8");
        (status.code(), text("out"), text("err"))
    }
}

fn run(args: &[String]) -> Done {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    stalemate_within(LIMIT_S, &args)
}

fn signal(child: &Child, name: &str) {
    let args = [format!("-{name}"), child.id().to_string()];
    let sent = Command::new("kill").args(args).status();
    assert!(sent.expect("there is such a program").success());
}

/// What a sweep found, without the names of files.
fn findings(done: &Done) -> Vec<Value> {
    let swept: Value =
        serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{e}: {}", done.out));
    assert_eq!(swept["sweeps"][0]["whole"], true);
    let findings = swept["sweeps"][0]["findings"].as_array().expect("a list");
    assert!(!findings.is_empty(), "{findings:?}");
    findings.clone()
}

fn with(args: &[String], more: &[&str]) -> Vec<String> {
    let more = more.iter().map(|arg| (*arg).to_owned());
    args.iter().cloned().chain(more).collect()
}

#[test]
fn an_interrupted_sweep_says_what_it_did_and_goes_on() {
    let place = Place::new();
    let child = place.begun(&place.sweep(), 60);
    signal(&child, "INT");
    let (code, out, err) = place.ended(child);
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(err.contains("interrupted"), "{err}");
    assert!(out.contains("then it was ended"), "{out}");
    // What was found stands there as a scenario, though nothing was made small.
    assert!(out.contains("cli-delete-on-close by client"), "{out}");
    let stands = "broken-no-delete-cli-delete-on-close.yaml";
    let stands = Path::new(&place.name("found")).join(stands);
    assert!(stands.exists(), "{out}");
    let before = place.lines();
    assert!(before >= 60, "{before}");
    // A killed one leaves what it has written, too.
    let mut child = place.begun(&place.sweep(), before + 20);
    child.kill().expect("it can be killed");
    place.ended(child);
    let json = ["--no-shrink", "--format", "json"];
    let resumed = run(&with(&place.sweep(), &json));
    assert_eq!(resumed.code, 1, "{}", resumed.err);
    let other = Place::new();
    let whole = run(&with(&other.sweep(), &json));
    assert_eq!(findings(&resumed), findings(&whole));
    // Each run once, and the head of each of the three.
    assert_eq!(place.lines(), other.lines() + 2);
}

#[test]
fn a_sweep_whose_time_is_over_goes_on_too() {
    let place = Place::new();
    let short = run(&with(&place.sweep(), &["--time", "50ms", "--no-shrink"]));
    assert!(
        short.out.contains("--resume go on from there"),
        "{}",
        short.out
    );
    let before = place.lines();
    let whole = run(&with(&place.sweep(), &["--no-shrink"]));
    assert_eq!(whole.code, 1, "{}", whole.err);
    assert!(
        whole.out.contains("every one that applies"),
        "{}",
        whole.out
    );
    assert!(place.lines() > before);
}

#[test]
fn another_scenario_is_not_taken_for_the_same() {
    let place = Place::new();
    run(&with(&place.sweep(), &["--time", "50ms", "--no-shrink"]));
    let other = SMALL.replace("search_nodes", "read_graph");
    fs::write(place.name("small.yaml"), other).expect("it can be written");
    let done = run(&place.sweep());
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("cannot resume"), "{}", done.err);
}

#[test]
fn an_interrupted_exploration_says_what_it_found() {
    let place = Place::new();
    let results = place.name("results.jsonl");
    let out = place.name("found");
    let kept = ["--results", &results, "--resume", "--out", &out];
    let args = with(&[], &explore("0..100000", &kept));
    let child = place.begun(&args, 3);
    signal(&child, "INT");
    let (code, out, err) = place.ended(child);
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(out.contains("cli-delete-on-close by client"), "{out}");
    // A line that a full disk cut off is in nobody's way.
    let text = fs::read_to_string(&results).expect("it is there");
    let kept = text.lines().count();
    fs::write(&results, &text[..text.len() - 10]).expect("it can be written");
    let child = place.begun(&args, kept + 1);
    signal(&child, "INT");
    place.ended(child);
    let merged = stalemate_within(LIMIT_S, &["merge", &results]);
    assert_eq!(merged.code, 1, "{}{}", merged.out, merged.err);
    assert!(!merged.err.contains("cut off"), "{}", merged.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_search_and_is_named() {
    let place = Place::new();
    let file = place.name("small.yaml");
    let sweep = ["sweep", &file];
    let explore = explore("0..40", &[]);
    for search in [&sweep[..], &explore[..]] {
        let full = [search, &["--no-shrink", "--results", "/dev/full"]].concat();
        let done = stalemate_within(LIMIT_S, &full);
        assert_eq!(done.code, 2, "{}{}", done.out, done.err);
        let says = "failed to write results: No space left on device";
        assert!(done.err.contains(says), "{}", done.err);
        // What was found is told even so, where it cannot be kept.
        let nowhere = [search, &["--out", "/dev/full/found"]].concat();
        let done = stalemate_within(LIMIT_S, &nowhere);
        assert_eq!(done.code, 2, "{}{}", done.out, done.err);
        assert!(
            done.err.contains("failed to write /dev/full/found"),
            "{}",
            done.err
        );
        assert!(done.out.contains(" by client, "), "{}", done.out);
    }
}
