//! Each failure mode is found: a client, an application, a server or a hop that is wrong in that way is drawn into random
//! worlds, named by the invariant that the catalogue gives for the mode, made small, and stands as a scenario.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use stalemate::failure_mode;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Outcome, Runner};
use stalemate::scenario::{self, load};
use stalemate::search::draw::{PathKind, Pool};
use stalemate::search::{Exploration, RUNS, shrink, try_seed};

/// Seeds within which each is found.
const WITHIN: u64 = 600;
/// Steps to which it is made small at the most.
const SMALL: usize = 5;

/// What of a server or a hop is wrong on purpose, beside what the program knows.
const DIALECTS: &str = r#"
- name: test/says-401
  summary: A dead session is answered like a bad token.
  like: typescript-sdk-sessions
  answers:
    post-unknown-session: {status: 401, headers: {www-authenticate: 'Bearer error="invalid_token"'}}
    get-unknown-session: {status: 401, headers: {www-authenticate: 'Bearer error="invalid_token"'}}
- name: test/page-for-get
  summary: A framework's page for a GET.
  like: typescript-sdk-sessions
  sse: {get-streams: none}
  answers:
    get-unserved: {status: 404, headers: {content-type: text/html; charset=utf-8}, body: '<pre>Cannot ${method} ${path}</pre>'}
- name: test/refusal-with-id
  summary: A refusal carries an id that is no session's.
  like: typescript-sdk-sessions
  answers:
    post-unknown-session:
      status: 404
      headers: {content-type: application/json, mcp-session-id: "${session}"}
      body: '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}'
      then: mint-dead-session
"#;

/// One way of being wrong: the mode, who is wrong, what catches it, with which servers, and on which way.
type Wrong = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<PathKind>,
);

const RIGHT: &str = "connector/recovering";
const V3: &str = "supergateway-3.4.3";
const V4: &str = "supergateway-4.0.0";

/// Each mode at least once; the bugs of one mode that differ, each.
const WRONG: &[Wrong] = &[
    ("F1", "broken/ignores-404", "cli-reinit-on-404", V4, None),
    (
        "F1",
        "broken/keeps-id-after-404",
        "cli-no-stale-id",
        V4,
        None,
    ),
    (
        "F1",
        "broken/stream-ignores-404",
        "cli-no-stale-id",
        V4,
        None,
    ),
    ("F2", RIGHT, "srv-dead-session-is-404", V3, None),
    (
        "F3",
        "broken/delete-keeps-the-session",
        "app-delete-clears",
        V4,
        None,
    ),
    (
        "F3",
        "broken/disconnect-only-drawn",
        "app-disconnect-clears",
        V4,
        None,
    ),
    (
        "F3",
        "connector/stale-cache",
        "app-incognito-is-first-contact",
        V3,
        None,
    ),
    (
        "F4",
        "broken/initialize-with-stale-id",
        "cli-initialize-without-id",
        V4,
        None,
    ),
    (
        "F5",
        "broken/status-from-the-store",
        "app-shows-the-truth",
        V4,
        None,
    ),
    ("F6", "broken/hangs", "cli-every-call-resolves", V3, None),
    (
        "F7",
        "broken/waits-for-ever",
        "cli-every-call-resolves",
        V4,
        None,
    ),
    ("F8", "broken/reinit-storm", "cli-no-reinit-storm", V3, None),
    (
        "F8",
        "broken/ignores-retry",
        "cli-respects-retry",
        "spec",
        None,
    ),
    (
        "F9",
        "broken/no-stream-again",
        "cli-stream-restored",
        V4,
        None,
    ),
    ("F10", RIGHT, "srv-survives-its-clients", V3, None),
    (
        "F11",
        "broken/resends-what-may-have-run",
        "cli-at-most-once",
        V4,
        None,
    ),
    (
        "F12",
        "broken/ignores-cursor",
        "cli-resume-cursor",
        "spec",
        None,
    ),
    (
        "F13",
        "broken/reinit-per-call",
        "cli-single-flight-reinit",
        V4,
        None,
    ),
    (
        "F14",
        "broken/no-initialized",
        "cli-full-handshake-again",
        V4,
        None,
    ),
    ("F14", "connector/spec-404", "cli-recovers", V3, None),
    (
        "F15",
        RIGHT,
        "hop-session-affinity",
        "spec",
        Some(PathKind::RoundRobin),
    ),
    (
        "F16",
        RIGHT,
        "hop-delivers-messages",
        "spec",
        Some(PathKind::Nginx),
    ),
    ("F17", "broken/no-delete", "cli-delete-on-close", V4, None),
    (
        "F18",
        "broken/no-id-on-get",
        "cli-id-on-everything",
        V4,
        None,
    ),
    (
        "F18",
        "broken/no-version-header",
        "cli-id-on-everything",
        V4,
        None,
    ),
    (
        "F19",
        RIGHT,
        "srv-dead-session-is-404",
        "test/says-401",
        None,
    ),
    (
        "F20",
        RIGHT,
        "srv-get-is-stream-or-405",
        "test/page-for-get",
        None,
    ),
    (
        "F21",
        "sdk/typescript-1",
        "cli-no-stale-id",
        "test/refusal-with-id",
        None,
    ),
    (
        "F22",
        "broken/dies-of-one-failure",
        "cli-recovers",
        V4,
        None,
    ),
    (
        "F23",
        "broken/shows-loss-as-result",
        "cli-failure-is-shown",
        V3,
        None,
    ),
    (
        "F24",
        "broken/forgets-subscriptions",
        "cli-restores-subscriptions",
        "spec",
        None,
    ),
    (
        "F25",
        "broken/wrong-version-header",
        "cli-version-is-negotiated",
        "spec",
        None,
    ),
];

fn registry() -> Registry {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("wrong.yaml"), DIALECTS).expect("it can be written");
    let registry = Registry::builtin().dialects_in(directory.path());
    registry.unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn every_mode_is_in_the_list_with_what_catches_it() {
    let listed: BTreeSet<&str> = WRONG.iter().map(|(mode, ..)| *mode).collect();
    let all: BTreeSet<&str> = failure_mode::ALL.iter().map(|mode| mode.id).collect();
    assert_eq!(listed, all);
    for (id, who, invariant, ..) in WRONG {
        let mode = failure_mode::get(id).expect("it is there");
        assert!(mode.caught_by.contains(invariant), "{id} {who} {invariant}");
    }
}

/// Finds one, and checks the scenario that is written of it.
fn found(wrong: &Wrong, runner: &Runner) {
    let (mode, client, wanted, dialect, path) = wrong;
    let of = format!("{mode} {client} with {dialect}");
    let mut pool = Pool::of(vec![(*dialect).to_owned()]);
    pool.paths = path.map_or(pool.paths, |path| vec![path]);
    let plan = Exploration {
        client: (*client).to_owned(),
        pool,
        seeds: 0..WITHIN,
        done: Vec::new(),
        limit: None,
        others: true,
        options: String::new(),
    };
    let found = plan.seeds.clone().find_map(|seed| {
        let (cell, failed) = try_seed(&plan, seed, runner).unwrap_or_else(|e| panic!("{e}"));
        let told = failed?.violations.into_iter();
        let told = told
            .into_iter()
            .find(|told| told.failure.invariant == *wanted)?;
        Some((cell, told.failure, seed))
    });
    let (cell, failure, seed) = found.unwrap_or_else(|| panic!("{of}: nothing breaks {wanted}"));
    println!("{of}: {wanted} with seed {seed}");
    let small = shrink(&cell, &failure, runner, RUNS, &|| true);
    let small = small.unwrap_or_else(|error| panic!("{of}: {error}"));
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory
        .path()
        .join(format!("{}.yaml", small.example.stem()));
    fs::write(&file, small.example.file("a test")).expect("the file can be written");
    let loaded = load(&file, &runner.registry().vocabulary()).unwrap_or_else(|d| panic!("{d}"));
    let text = scenario::write(&loaded);
    // A storm takes sessions that are lost one after the other: three restarts, with somebody who calls between them.
    let most = match *wanted {
        "cli-no-reinit-storm" => SMALL + 1,
        _ => SMALL,
    };
    assert!(loaded.steps.len() <= most, "{of}: not small: {text}");
    let cell = Cell {
        seed: loaded.seeds[0],
        scenario: Arc::new(loaded),
        client: (*client).to_owned(),
    };
    let result = runner.run(&cell).expect("it ran before").result;
    let problems = &result.problems;
    assert_eq!(result.outcome, Outcome::Kept, "{of}: {text}\n{problems:?}");
}

#[test]
fn every_mode_is_found_and_made_small() {
    let runner = Runner::new(registry());
    let failed: Vec<String> = runner
        .for_all(WRONG, |runner, wrong| {
            let found =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| found(wrong, runner)));
            found
                .is_err()
                .then(|| format!("{} {} {}", wrong.0, wrong.1, wrong.2))
        })
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(failed, Vec::<String>::new());
}
