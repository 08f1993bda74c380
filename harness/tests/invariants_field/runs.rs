//! Runs of small scenarios, with a client that is wrong in one way and with one that is right.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use stalemate::app::AppPolicy;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner, judge};
use stalemate::scenario;
use stalemate_clients::model::{ModelFactory, Policy};
use stalemate_wire::Revision;

/// A right client that settles on polling.
const POLLING: &str = "test/polling";
const RIGHT: &str = "connector/recovering";

/// The built-in clients, and the one that polls.
pub fn registry() -> Registry {
    let policy = Policy {
        revision: Revision::V2025_11_25,
        ..Policy::recovering()
    };
    let factory = Arc::new(ModelFactory { policy });
    Registry::builtin().application(POLLING, "right, and polls", AppPolicy::SOUND, factory)
}

const GATEWAY: &str = "{dialect: supergateway-4.0.0, supervisor: 30s}";
const RMCP: &str = "{real: rmcp}";

const RESTARTED: &str = "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - call: {on: memory, tool: search_nodes}";
const RESTARTED_UNDER_CALLS: &str = "
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes, parallel: 8}";
/// The server dies of the second initialize, and is away for 30 s.
const GONE_WHILE_RECOVERING: &str = "
  - add: memory
  - wait: 20s
  - restart: memory
  - call: {on: memory, tool: search_nodes}
inject:
  - when: {event: request-received, at: memory, rpc: initialize, nth: 2}
    then: {halt: memory}";
const DISCONNECTED: &str = "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - disconnect: memory
  - connect: memory";
const CUT: &str = "
  - add: memory
  - wait: 5s
  - cut: nginx
  - wait: 90s
  - call: {on: memory, tool: search_nodes}";
const CUT_UNDER_CALL: &str = "
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, background: slow}
  - wait: 5s
  - cut: nginx
  - await: slow";

const CUT_UNDER_CALLS: &str = "
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, background: slow, parallel: 8}
  - wait: 5s
  - cut: nginx
  - await: slow";
/// When the climb is over, a right client may still be waiting for its next attempt at a stream.
const DOWN: &str = "
  - add: memory
  - wait: 5s
  - down: {target: nginx, for: 70s}
  - wait: 71s";

/// Invariant, party, verdict, client, server, steps.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("cli-reinit-on-404", "client", "violated", "broken/ignores-404", GATEWAY, RESTARTED),
    ("cli-reinit-on-404", "client", "violated", "broken/initialize-with-stale-id", GATEWAY, RESTARTED),
    ("cli-reinit-on-404", "client", "held", RIGHT, GATEWAY, RESTARTED),
    ("cli-reinit-on-404", "client", "not-exercised", RIGHT, GATEWAY, CUT),
    ("cli-id-on-everything", "client", "violated", "broken/no-id-on-get", GATEWAY, RESTARTED),
    ("cli-id-on-everything", "client", "violated", "broken/no-version-header", GATEWAY, RESTARTED),
    ("cli-id-on-everything", "client", "held", RIGHT, GATEWAY, DISCONNECTED),
    ("cli-single-flight-reinit", "client", "violated", "broken/reinit-per-call", GATEWAY, RESTARTED_UNDER_CALLS),
    ("cli-single-flight-reinit", "client", "held", RIGHT, GATEWAY, RESTARTED_UNDER_CALLS),
    ("cli-no-reinit-storm", "client", "violated", "broken/reinit-storm", GATEWAY, GONE_WHILE_RECOVERING),
    ("cli-no-reinit-storm", "client", "held", RIGHT, GATEWAY, GONE_WHILE_RECOVERING),
    ("cli-delete-on-close", "client", "violated", "broken/no-delete", GATEWAY, DISCONNECTED),
    ("cli-delete-on-close", "client", "violated", "broken/disconnect-only-drawn", GATEWAY, DISCONNECTED),
    ("cli-delete-on-close", "client", "held", RIGHT, GATEWAY, DISCONNECTED),
    ("cli-delete-on-close", "client", "held", "rmcp", RMCP, DISCONNECTED),
    ("cli-resume-cursor", "client", "violated", "broken/ignores-cursor", RMCP, CUT),
    ("cli-resume-cursor", "client", "violated", "broken/no-stream-again", RMCP, CUT),
    ("cli-resume-cursor", "client", "held", RIGHT, RMCP, CUT),
    ("cli-resume-cursor", "client", "held", "rmcp", RMCP, CUT_UNDER_CALL),
    ("cli-resume-cursor", "client", "held", RIGHT, RMCP, CUT_UNDER_CALL),
    ("cli-resume-cursor", "client", "violated", "broken/ignores-cursor", RMCP, CUT_UNDER_CALL),
    ("cli-respects-retry", "client", "violated", "broken/ignores-retry", RMCP, CUT),
    ("cli-respects-retry", "client", "held", POLLING, RMCP, CUT),
    ("cli-respects-retry", "client", "not-exercised", RIGHT, RMCP, CUT),
    ("cli-stream-restored", "client", "violated", "broken/no-stream-again", GATEWAY, RESTARTED),
    ("cli-stream-restored", "client", "held", RIGHT, GATEWAY, RESTARTED),
    ("cli-stream-restored", "client", "violated", "broken/no-stream-again", GATEWAY, DOWN),
    ("cli-stream-restored", "client", "held", RIGHT, GATEWAY, DOWN),
    ("cli-resume-cursor", "client", "held", RIGHT, RMCP, DOWN),
    ("cli-no-reinit-storm", "client", "held", "rmcp", RMCP, CUT_UNDER_CALLS),
    ("srv-no-resurrection", "memory", "held", "connector/stale-cache", GATEWAY, RESTARTED),
    ("srv-session-isolation", "memory", "held", RIGHT, GATEWAY, RESTARTED_UNDER_CALLS),
    ("srv-one-stream-per-message", "memory", "held", RIGHT, GATEWAY, RESTARTED),
    ("srv-replay-same-stream", "memory", "held", "rmcp", RMCP, CUT_UNDER_CALL),
    ("hop-status-transparent", "nginx", "held", RIGHT, GATEWAY, RESTARTED),
];

/// A test for each case.
pub fn trials(registry: &Registry) -> Vec<Trial> {
    let trial = |(number, case): (usize, &Case)| {
        let (invariant, party, verdict, client, server, steps) = *case;
        let registry = registry.clone();
        Trial::test(
            format!("{invariant} {verdict} by {client} ({number})"),
            move || {
                let found = judged(&registry, number, invariant, party, client, server, steps)?;
                if found.0 == verdict {
                    return Ok(());
                }
                Err(Failed::from(format!(
                    "{invariant} is {}: {}",
                    found.0, found.1
                )))
            },
        )
    };
    let mut trials: Vec<Trial> = CASES.iter().enumerate().map(trial).collect();
    let registry = registry.clone();
    let name = "a generated scenario runs with a real client and a real server";
    trials.push(Trial::test(name, move || generated(&registry)));
    trials
}

/// A scenario that stands in no file, and whose lines are not those of its text, is the same in a process of its own.
fn generated(registry: &Registry) -> Result<(), Failed> {
    let text = "summary: Made.\nservers: {memory: {real: rmcp}}\npath: [nginx]\nclients: [rmcp]\nsteps:\n  \
                - add: memory\n  - call: {on: memory, tool: search_nodes, expect: error}\n";
    let scenario = scenario::load_text(
        "made/up",
        Path::new("nowhere.yaml"),
        text,
        &registry.vocabulary(),
    );
    let mut scenario = scenario.map_err(|d| d.to_string())?;
    scenario.steps[1].line = 77;
    let cell = Cell {
        scenario: Arc::new(scenario),
        client: "rmcp".to_owned(),
        seed: 5,
    };
    let ran = Runner::new(registry.clone()).run(&cell)?;
    let problems = ran.result.problems.join("\n");
    let failed = problems.contains("line 77: the call should have failed, but was ok");
    let same = !problems.contains("two runs differ") && ran.record.cast.seed == 5;
    if failed && same && ran.record.entries.len() > 20 {
        return Ok(());
    }
    Err(Failed::from(problems))
}

/// The verdict on a party after a run, and why.
fn judged(
    registry: &Registry,
    number: usize,
    invariant: &str,
    party: &str,
    client: &str,
    server: &str,
    steps: &str,
) -> Result<(&'static str, String), Failed> {
    let text = format!(
        "summary: A run to judge.\nservers:\n  memory: {server}\npath: [nginx]\nclients: [{client}]\nsteps:{steps}\n"
    );
    let file =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("invariants-field-{number}.yaml"));
    std::fs::write(&file, text)?;
    let scenario = scenario::load(&file, &registry.vocabulary());
    let scenario = Arc::new(scenario.map_err(|d| d.to_string())?);
    let cell = Cell {
        scenario,
        client: client.to_owned(),
        seed: 1,
    };
    let run = Runner::new(registry.clone()).run_once(&cell)?;
    let result = judge(&cell.scenario, &run.record, &run.findings, None);
    let judged = result.invariants.into_iter();
    let mut found = judged.filter(|j| j.id == invariant && j.party == party);
    let found = found.next().ok_or("the party was not judged")?;
    Ok((found.verdict.as_str(), found.why))
}
