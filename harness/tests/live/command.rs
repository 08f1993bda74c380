//! `stalemate probe` from outside: exit codes, JSON, what is written, and what is refused.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use stalemate::server::Durable;
use tokio::time::{sleep, timeout};

use crate::support::{builtin, run, serve};

/// What became of a command.
struct Done {
    code: i32,
    out: String,
    err: String,
}

/// Runs the command while servers in this process go on.
async fn stalemate(args: &[&str]) -> Done {
    let dir = tempfile::tempdir().expect("a directory");
    let (out, err) = (dir.path().join("out"), dir.path().join("err"));
    let file = |path: &Path| Stdio::from(fs::File::create(path).expect("a file"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(args)
        .current_dir(dir.path())
        .env("STALEMATE_CLIENTS_DIR", dir.path())
        .stdin(Stdio::null())
        .stdout(file(&out))
        .stderr(file(&err))
        .spawn()
        .expect("the command starts");
    let ended = timeout(Duration::from_secs(100), async {
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                return status;
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    let status = ended
        .await
        .unwrap_or_else(|_| panic!("{args:?} does not end"));
    let text = |path: &Path| fs::read_to_string(path).expect("UTF-8");
    Done {
        code: status.code().expect("no signal"),
        out: text(&out),
        err: text(&err),
    }
}

/// The gateway of the incident: the table, the file, and a scenario with what is in the file.
#[test]
fn a_server_is_asked_written_down_and_simulated() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("mine.yaml");
    let file = file.to_str().expect("UTF-8");
    let (done, ids) = run(async {
        let served = serve(&builtin("supergateway-3.4.3"), Durable::Nothing).await;
        let url = format!("http://{}/mcp", served.model.address());
        let slow = r#"{"name":"slow","arguments":{"name":"probe","ms":300}}"#;
        let args = [
            "probe",
            &url,
            "--restart",
            &served.restart,
            "--slow-call",
            slow,
            "--write",
            file,
        ];
        let done = stalemate(&args).await;
        let record = served.model.take_record().to_json_lines();
        (done, record)
    });
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    for said in [
        "SES-07b   MUST        BROKEN    a session that was deleted",
        "POST: 400, 105 bytes, -32000 Bad Request: No valid session ID provided; GET, DELETE: 400, 29 bytes",
        "NEAREST DIALECT  supergateway-3.4.3: 44 of 44 answers are the same",
        "connector/stale-cache  never",
        "connector/spec-404     reconnect",
        "connector/recovering   transparent",
        "rmcp                   reconnect",
    ] {
        assert!(done.out.contains(said), "{said} is not in\n{}", done.out);
    }
    // No id of the server's is shown whole.
    let opened = ids.lines().filter(|line| line.contains("session-opened"));
    let opened: Vec<Value> = opened
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(opened.len() > 5);
    for event in &opened {
        let id = event["session"].as_str().expect("an id");
        assert!(!done.out.contains(id) && !done.err.contains(id), "{id}");
    }
    assert!(
        done.err.contains("the dialect `mine` is in"),
        "{}",
        done.err
    );
    let scenario = dir.path().join("scenarios");
    fs::create_dir(&scenario).expect("made");
    let scenario = scenario.join("mine.yml");
    let text = "\
summary: My server is restarted.
servers:
  memory: {dialect: mine, port: 3001}
clients: [connector/recovering]
steps:
  - add: memory
  - restart: memory
expect:
  connector/recovering: {rung: transparent}
violates:
  memory: {srv-dead-session-is-404: answers 400 where 404 is demanded}
";
    fs::write(&scenario, text).expect("written");
    let dialects = dir.path().join("dialects");
    fs::create_dir(&dialects).expect("made");
    fs::rename(file, dialects.join("mine.yaml")).expect("moved");
    let (scenario, dialects) = (
        scenario.to_str().expect("UTF-8"),
        dialects.to_str().expect("UTF-8"),
    );
    let ran = run(stalemate(&["run", scenario, "--dialects", dialects]));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn the_json_says_the_same() {
    let done = run(async {
        let served = serve(&builtin("spec"), Durable::Nothing).await;
        let url = format!("http://{}/mcp", served.model.address());
        stalemate(&["probe", &url, "--format", "json"]).await
    });
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    let all: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((&all["version"], &all["gone"]), (&1.into(), &false.into()));
    assert_eq!(all["nearest"]["dialect"], "spec");
    assert_eq!(all["nearest"]["differences"], Value::Array(Vec::new()));
    let clauses = all["clauses"].as_array().expect("a list");
    assert!(
        clauses.iter().all(|c| c["verdict"] != "broken"),
        "{clauses:?}"
    );
    let not_asked = clauses
        .iter()
        .filter(|c| c["verdict"] == "not-asked")
        .count();
    assert_eq!(not_asked, 2, "what needs --restart and --idle");
    assert_eq!(all["after_restart"].as_array().map(Vec::len), Some(4));
}

#[test]
fn sequences_against_a_model_are_counted() {
    let (same, other) = run(async {
        let served = serve(&builtin("supergateway-4.0.0"), Durable::Nothing).await;
        let url = format!("http://{}/mcp", served.model.address());
        let against = |dialect| {
            [
                "probe",
                &url,
                "--seeds",
                "2",
                "--format",
                "json",
                "--against",
                dialect,
            ]
        };
        let same = stalemate(&against("supergateway-4.0.0")).await;
        (same, stalemate(&against("supergateway-3.4.3")).await)
    });
    assert_eq!((same.code, same.err.as_str()), (0, ""), "{}", same.out);
    let all: Value = serde_json::from_str(&same.out).expect("JSON");
    assert_eq!(all["whole"], serde_json::json!({"all": 32, "same": 32}));
    assert_eq!(other.code, 1, "{}{}", other.out, other.err);
    let all: Value = serde_json::from_str(&other.out).expect("JSON");
    assert!(
        all["unlike"].as_array().is_some_and(|u| !u.is_empty()),
        "{}",
        other.out
    );
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let nobody = "http://127.0.0.1:1/mcp";
    for (args, why) in [
        (
            vec!["http://example.com/mcp"],
            "`example.com` is not on this machine",
        ),
        (
            vec!["http://192.168.1.1:3001/mcp"],
            "192.168.1.1 is not on this machine",
        ),
        (vec!["https://127.0.0.1/mcp"], "only `http`"),
        (vec!["mcp"], "is no URL"),
        (vec![nobody], "nobody listens on 127.0.0.1:1"),
        (
            vec![nobody, "--idle", "90"],
            "a duration is a number and a unit",
        ),
        (vec![nobody, "--slow-call", "slow"], "this is no JSON"),
        (vec![nobody, "--slow-call", "{}"], "must have a `name`"),
        (vec![nobody, "--header", "nothing"], "`Name: value`"),
        (
            vec![nobody, "--header", "Mcp-Session-Id: 1"],
            "not yours to give",
        ),
        (
            vec![nobody, "--against", "spec", "--idle", "1s"],
            "cannot be used with",
        ),
        (
            vec![nobody, "--against", "spce"],
            "there is no dialect `spce`",
        ),
        (
            vec![nobody, "--against", "spec"],
            "nobody listens on 127.0.0.1:1",
        ),
        (vec![nobody, "--seeds", "3"], "--against"),
        (
            vec![nobody, "--write", "spec.yaml"],
            "the name of a dialect that is there already",
        ),
        (vec![nobody, "--write", "mine.txt"], "ends in .yaml"),
        (vec![nobody, "--write", "no/such/mine.yaml"], "no directory"),
    ] {
        let args: Vec<&str> = ["probe"].into_iter().chain(args).collect();
        let done = run(stalemate(&args));
        assert_eq!(done.code, 2, "{args:?}: {}{}", done.out, done.err);
        assert!(done.err.contains(why), "{args:?}: {}", done.err);
        assert_eq!(done.out, "", "{args:?}");
    }
}

#[test]
fn junit_has_a_case_for_each_clause() {
    let (asked, compared) = run(async {
        let served = serve(&builtin("supergateway-3.4.3"), Durable::Nothing).await;
        let url = format!("http://{}/mcp", served.model.address());
        let restart = served.restart.as_str();
        let slow = r#"{"name": "slow", "arguments": {"name": "probe", "ms": 300}}"#;
        let asked = ["--restart", restart, "--slow-call", slow];
        let asked = [&["probe", &url, "--format", "junit"], &asked[..]].concat();
        let asked = stalemate(&asked).await;
        let other = ["--against", "supergateway-4.0.0", "--seeds", "1"];
        let compared = [&["probe", &url, "--format", "junit"], &other[..]].concat();
        (asked, stalemate(&compared).await)
    });
    assert_eq!((asked.code, asked.err.as_str()), (1, ""), "{}", asked.out);
    let report = quick_junit::Report::deserialize_from_str(&asked.out).expect("JUnit");
    let [suite] = &report.test_suites[..] else {
        panic!("{}", asked.out);
    };
    let failed = |case: &&quick_junit::TestCase| {
        matches!(case.status, quick_junit::TestCaseStatus::NonSuccess { .. })
    };
    // What is broken and demanded fails, what is broken and advised passes with a note, what was not asked is skipped.
    let names = suite.test_cases.iter().filter(failed);
    let names: Vec<&str> = names.map(|case| case.name.as_str()).collect();
    let expected = [
        "SES-07b a session that was deleted",
        "SES-07b a session from before a restart",
    ];
    assert_eq!(names, expected);
    let of = |name: &str| {
        let found = suite.test_cases.iter().find(|c| c.name.as_str() == name);
        found.unwrap_or_else(|| panic!("no `{name}`"))
    };
    let gone = of("POST-12 a client that goes away").system_out.as_ref();
    let gone = gone.expect("a note").as_str().to_owned();
    assert!(gone.starts_with("broken (SHOULD NOT): "), "{gone}");
    assert!(matches!(
        of("SES-07b a session that expired").status,
        quick_junit::TestCaseStatus::Skipped { .. }
    ));
    assert_eq!(compared.code, 1, "{}", compared.err);
    let report = quick_junit::Report::deserialize_from_str(&compared.out).expect("JUnit");
    let cases = &report.test_suites[0].test_cases;
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["session core", "all requests"]);
    assert!(cases.iter().all(|case| failed(&case)), "{}", compared.out);
}
