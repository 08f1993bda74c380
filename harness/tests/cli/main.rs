//! The command from outside: exit codes, what stands on which stream, the shape of the JSON, and what an author of a bad
//! file is told. The meaning of scenarios and their diagnostics in detail have tests of their own.

mod bad_input;
mod determinism;
mod diagnose;
mod examples;
mod front;
mod output;
mod page;
mod pages;
mod pictures;
mod records;
mod search;
mod surroundings;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use stalemate::journal::Rung;
use stalemate::runner::{RESULTS_VERSION, Results};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What became of a command.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command in the repository, with both streams into files, for that many seconds at the most.
pub(crate) fn stalemate_within(limit_s: u64, args: &[&str]) -> Done {
    stalemate_in(Path::new(ROOT), limit_s, args)
}

/// The same in another directory.
pub(crate) fn stalemate_in(directory: &Path, limit_s: u64, args: &[&str]) -> Done {
    let dir = tempfile::tempdir().expect("a directory");
    let (out, err) = (dir.path().join("out"), dir.path().join("err"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(args)
        .current_dir(directory)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("FORCE_COLOR")
        // The clients of other languages have tests of their own; here none is there.
        .env_remove("STALEMATE_CLIENTS")
        .env("STALEMATE_CLIENTS_DIR", dir.path())
        .stdin(Stdio::null())
        .stdout(File::create(&out).expect("a file"))
        .stderr(File::create(&err).expect("a file"))
        .spawn()
        .expect("the command starts");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        if began.elapsed() > Duration::from_secs(limit_s) {
            child.kill().expect("it can be killed");
            panic!("{args:?} was not done within {limit_s} s");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let text = |path: &Path| fs::read_to_string(path).expect("UTF-8");
    let done = Done {
        code: status.code().expect("no signal"),
        out: text(&out),
        err: text(&err),
    };
    for stream in [&done.out, &done.err] {
        assert!(!stream.contains('\u{1b}'), "colour in a pipe: {stream}");
        assert!(!stream.contains("panicked"), "{stream}");
    }
    done
}

pub(crate) fn stalemate(args: &[&str]) -> Done {
    stalemate_within(120, args)
}

/// A scenario with one model client. `more` stands at its end.
pub(crate) fn scenario(more: &str) -> String {
    format!(
        "\
summary: A call, and no more.
servers:
  memory: {{dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
clients: [connector/recovering]
steps:
  - add: memory
  - call: {{on: memory, tool: create_entities, expect: ok}}
{more}"
    )
}

/// A directory with one file `area/it.yaml`.
pub(crate) fn written(text: &str) -> (TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("area/it.yaml");
    fs::create_dir_all(dir.path().join("area")).expect("made");
    fs::write(&file, text).expect("written");
    let name = file.to_str().expect("UTF-8").to_owned();
    (dir, name)
}

pub(crate) fn json(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{e}: {}", done.out))
}

#[test]
fn exit_codes_of_runs() {
    let broken = "expect:\n  connector/recovering: {rung: never}\n";
    let failed = "  - down: memory\n  - call: {on: memory, tool: search_nodes, expect: ok}\n";
    let listed = "expect:\n  connector/recovering: {violates: [cli-recovers]}\n";
    let unfired =
        "inject:\n  - when: {event: effect, at: memory, nth: 99}\n    then: {park: now}\n";
    // A balancer that knows no sessions lets nobody begin: the path is at fault.
    let stuck = "violates: {balancer: {hop-session-affinity: it knows no sessions}}\n";
    let unexercised = "spec: [POLL-05]\n";
    for (more, code, outcome) in [
        ("", 0, "kept"),
        (broken, 1, "broken"),
        (failed, 1, "broken"),
        (listed, 1, "broken"),
        (stuck, 3, "no-progress"),
        (unfired, 5, "vacuous"),
        (unexercised, 5, "vacuous"),
        // Where several apply, a broken promise is the worse, and no progress worse than a vacuous one.
        (&[broken, unfired].concat(), 1, "broken"),
        (&[stuck, unexercised].concat(), 3, "no-progress"),
    ] {
        let mut text = scenario(more);
        if more.starts_with(stuck) {
            text = text
                .replace("port: 3001", "port: 3001, replicas: 2")
                .replace("path: [nginx]", "path: [balancer]")
                .replace(", expect: ok", "");
        }
        let (_dir, file) = written(&text);
        let done = stalemate(&["run", &file, "--format", "json"]);
        assert_eq!(done.code, code, "{more}\n{}{}", done.out, done.err);
        let result = &json(&done)["results"][0];
        assert_eq!(result["outcome"], outcome, "{more}");
        let replay = format!("stalemate trace {file} --client connector/recovering --seed 1");
        assert_eq!(
            done.err.contains(&replay),
            code != 0,
            "{more}\n{}",
            done.err
        );
        let problems = result["problems"].as_array().expect("a list");
        assert_eq!(problems.is_empty(), code == 0, "{more}");

        let table = stalemate(&["run", &file]);
        assert_eq!(table.code, code, "{more}");
        assert!(table.out.contains("1 cell: "), "{}", table.out);
        // Whether a clause was exercised is asked of all cells of a scenario, and a trace is one.
        if !more.ends_with(unexercised) {
            let trace = stalemate(&["trace", &file]);
            assert_eq!(trace.code, code, "{more}");
        }
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn the_json_has_its_shape() {
    let scenario = "scenarios/incident-48557/ten-steps.yaml";
    let done = stalemate(&[
        "run",
        scenario,
        "--format",
        "json",
        "--client",
        "connector/spec-404",
    ]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let all = json(&done);
    assert_eq!(keys(&all), ["clients", "results", "version"].into());
    assert_eq!(all["version"], RESULTS_VERSION);
    // What the schema is made from takes it, and writes the same.
    let typed: Results = serde_json::from_value(all.clone()).expect("as the schema has it");
    assert_eq!(serde_json::to_value(&typed).expect("plain data"), all);
    let results = all["results"].as_array().expect("a list");
    assert_eq!(results.len(), 1);
    let result = &results[0];
    let documented = [
        "scenario",
        "client",
        "seed",
        "rung",
        "outcome",
        "invariants",
        "journal_hash",
        "virtual_ms",
        "exchanges",
    ];
    // Beyond those: the rung of each server, and what kept the cell from being kept.
    let more = ["rungs", "problems"];
    assert_eq!(keys(result), documented.into_iter().chain(more).collect());
    assert_eq!(result["scenario"], "incident-48557/ten-steps");
    assert_eq!(result["client"], "connector/spec-404");
    assert_eq!(
        (&result["seed"], &result["outcome"]),
        (&1.into(), &"kept".into())
    );
    assert_eq!(result["rung"], "reconnect");
    assert!(result["virtual_ms"].as_u64() > Some(30_000));
    assert!(result["exchanges"].as_u64() > Some(10));
    let hash = result["journal_hash"].as_str().expect("text");
    assert!(
        hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hash}"
    );
    assert_eq!(keys(&result["rungs"]), ["bluesky", "memory"].into());

    let invariants = result["invariants"].as_array().expect("a list");
    let mut seen = BTreeSet::new();
    for judged in invariants {
        assert_eq!(
            keys(judged),
            ["expected", "id", "party", "verdict", "why"].into()
        );
        let text = |key: &str| judged[key].as_str().expect("text");
        assert!(
            ["held", "violated", "not-exercised"].contains(&text("verdict")),
            "{judged}"
        );
        assert_eq!(
            text("verdict") == "violated",
            !text("why").is_empty(),
            "{judged}"
        );
        assert_eq!(judged["expected"], true, "{judged}");
        assert!(seen.insert((text("id"), text("party"))), "twice: {judged}");
    }
    let ids: BTreeSet<&str> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        ids,
        stalemate::invariant::ALL.iter().map(|i| i.id).collect()
    );
    for party in ["client", "application", "bluesky", "memory"] {
        assert!(seen.iter().any(|(_, p)| *p == party), "{party}");
    }
}

/// What the incident is accepted by: the rung of each client, and that the specification's own client is stranded by 400
/// and not by 404.
#[test]
fn the_rungs_of_the_incident() {
    let rungs = |file: &str| {
        let file = format!("scenarios/incident-48557/{file}.yaml");
        let done = stalemate(&["run", &file, "--format", "json"]);
        assert_eq!(done.code, 0, "{}", done.err);
        let all = json(&done);
        let results = all["results"].as_array().expect("a list");
        let rung = |r: &Value| {
            let text = |key: &str| r[key].as_str().expect("text").to_owned();
            (text("client"), text("rung"))
        };
        results.iter().map(rung).collect::<Vec<_>>()
    };
    let expected = |of_404: Rung, rmcp: Rung| {
        [
            ("connector/stale-cache", Rung::Never),
            ("connector/spec-404", of_404),
            ("connector/recovering", Rung::Transparent),
            ("rmcp", rmcp),
        ]
        .map(|(client, rung)| (client.to_owned(), rung.as_str().to_owned()))
    };
    assert_eq!(
        rungs("ten-steps"),
        expected(Rung::Reconnect, Rung::Reconnect)
    );
    assert_eq!(
        rungs("with-gateway-4"),
        expected(Rung::Retry, Rung::Transparent)
    );
}

/// The two lines that the report shows, byte for byte.
#[test]
fn the_access_log_of_the_incident() {
    let get = r#"172.70.34.132 - GET /[secret-path] HTTP/1.1 - status:400 body_bytes:29 accept:"text/event-stream" content_type:"-" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"-""#;
    let post = r#"104.23.209.43 - POST /[secret-path] HTTP/1.1 - status:400 body_bytes:105 accept:"application/json, text/event-stream" content_type:"application/json" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"109""#;
    let scenario = "scenarios/incident-48557/ten-steps.yaml";
    let trace = stalemate(&["trace", scenario, "--access-log"]);
    assert_eq!(trace.code, 0);
    let log = trace.out.split("\naccess log\n").nth(1).expect("a log");
    let place = |line: &str| log.lines().position(|l| l == line);
    let (first, second) = (place(get), place(post));
    assert!(
        first.is_some() && first < second,
        "{first:?} {second:?}\n{log}"
    );
    // Session ids are credentials: whole ones stand in the log, which was asked for, and nowhere else.
    let plain = stalemate(&["trace", scenario]);
    assert!(!plain.out.contains("ead943df-8fd9"), "{}", plain.out);
    assert!(!plain.out.contains("access log"));

    let run = stalemate(&[
        "run",
        scenario,
        "--client",
        "connector/stale-cache",
        "--access-log",
    ]);
    for line in [get, post] {
        let line = format!("nginx: {line}");
        assert!(run.err.lines().any(|l| l == line), "{}", run.err);
    }
    assert!(!run.out.contains("ead943df-8fd9"));
}

#[test]
fn a_trace_as_json_is_the_record() {
    let scenario = "scenarios/reconnect/network-loss.yaml";
    let done = stalemate(&["trace", scenario, "--format", "json"]);
    let record = stalemate::journal::Record::read(done.out.as_bytes());
    let hash = record.unwrap_or_else(|e| panic!("{e}")).hash();
    let drawn = stalemate(&["trace", scenario]);
    assert!(
        drawn.out.contains(&format!("journal   {hash}")),
        "{}",
        drawn.out
    );
}

#[test]
fn what_there_is_and_what_it_means() {
    let list = stalemate(&["list"]);
    assert_eq!((list.code, list.err.as_str()), (0, ""));
    for word in [
        "incident-48557/ten-steps",
        "connector/stale-cache",
        "rmcp",
        "supergateway-3.4.3",
    ] {
        assert!(list.out.contains(word), "{word}");
    }
    let listed = json(&stalemate(&["list", "--format", "json"]));
    assert_eq!(
        keys(&listed),
        [
            "scenarios",
            "clients",
            "dialects",
            "real_servers",
            "version"
        ]
        .into()
    );
    for args in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let done = stalemate(args);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}");
        assert!(done.out.contains("stalemate"), "{args:?}: {}", done.out);
    }
}

#[test]
fn results_have_a_schema() {
    let schema = json(&stalemate(&["schema", "results"]));
    assert_eq!(schema["title"], "Results");
    let cell = &schema["$defs"]["CellResult"];
    assert!(cell["properties"]["rung"].is_object() && cell["additionalProperties"] == false);
}

#[test]
fn the_committed_schema_is_fresh() {
    let done = stalemate(&["schema"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let committed: PathBuf = Path::new(ROOT).join("scenarios/schema.json");
    let committed = fs::read_to_string(committed).expect("it is committed");
    assert!(
        done.out == committed,
        "scenarios/schema.json is old: `cargo run -- schema > scenarios/schema.json` renews it"
    );
}
