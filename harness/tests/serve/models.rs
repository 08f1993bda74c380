//! Model clients on loopback, in real time: rungs and verdicts are those of the simulation.

use std::net::Ipv4Addr;
use std::sync::Arc;

use stalemate::registry::Registry;
use stalemate::runner::{Cell, CellResult, Runner, Said, judge};
use stalemate::serve::{Ends, Pace, Play, Ports, models, on_this_thread};

use crate::same::{scenario, verdicts};

/// Who violates what.
fn violated(result: &CellResult) -> Vec<(String, String)> {
    let all = verdicts(result).into_iter();
    let violated = all.filter(|(_, said)| *said == Said::Violated);
    violated.map(|(which, _)| which).collect()
}

/// Plays a scenario of the project with a model, its waits divided by `divisor`, and compares.
fn is_the_same(name: &str, client: &str, divisor: u32) {
    let file = format!("{}/../scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    file_is_the_same(&file, client, divisor);
}

fn file_is_the_same(file: &str, client: &str, divisor: u32) {
    let registry = Registry::builtin();
    let scenario = scenario(file, &registry);
    let play = Play {
        scenario: Arc::clone(&scenario),
        client: client.to_owned(),
        is_bare: false,
        seed: scenario.seeds[0],
        host: Ipv4Addr::LOCALHOST.into(),
        ports: Ports::Free,
        pace: Pace {
            auto: true,
            step_ms: 0,
            divisor,
        },
        limit_ms: Some(100_000),
        stop: Arc::default(),
    };
    let subject = registry.subject(&scenario, client).expect("a client");
    let played = on_this_thread(models(&play, &subject)).expect("a runtime");
    let mut played = played.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(played.ends, Ends::Whole);
    let runner = Runner::new(registry);
    runner
        .measure(&scenario, &mut played.record)
        .expect("it can be measured");
    let cell = Cell {
        scenario: Arc::clone(&scenario),
        client: client.to_owned(),
        seed: scenario.seeds[0],
    };
    let simulated = runner.run(&cell).expect("it runs").result;
    let live = judge(&scenario, &played.record, &played.findings, None);
    assert_eq!(live.rungs, simulated.rungs, "{:?}", live.problems);
    // What is put to the test at all can depend on what happens first, and in real time that differs.
    assert_eq!(violated(&live), violated(&simulated));
    assert_eq!(live.outcome, simulated.outcome, "{:?}", live.problems);
}

#[test]
fn the_incident_with_an_application_that_never_recovers() {
    is_the_same("incident-48557/ten-steps", "connector/stale-cache", 40);
}

#[test]
fn the_incident_with_one_that_does() {
    is_the_same("incident-48557/ten-steps", "connector/recovering", 20);
}

/// As `reconnect/network-loss`, whose forty seconds are too long for a test in real time.
#[test]
fn a_network_that_is_lost_for_a_time() {
    let text = "summary: The client's network is gone for two seconds; the session is alive.\n\
                servers:\n  memory: {dialect: supergateway-4.0.0, port: 3001}\npath: [nginx]\n\
                clients: [connector/recovering]\nsteps:\n  - add: memory\n  \
                - partition: {between: [client, nginx], for: 2s}\n  \
                - call: {on: memory, tool: search_nodes}\n  \
                - partition: {between: [nginx, memory]}\n  - heal: all\n";
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("loss.yaml");
    std::fs::write(&file, text).expect("written");
    file_is_the_same(file.to_str().expect("UTF-8"), "connector/recovering", 20);
}

#[test]
fn a_proxy_that_loses_power() {
    is_the_same("reconnect/proxy-dies-silently", "connector/recovering", 20);
}

#[test]
fn a_gateway_of_sessions_of_its_own() {
    is_the_same("gateway/restarted", "connector/recovering", 20);
}

#[test]
fn replicas_behind_a_balancer() {
    is_the_same("topology/sticky", "connector/recovering", 20);
}

#[test]
fn a_stream_that_is_cut_and_resumed() {
    is_the_same("reconnect/resumable-stream-cut", "connector/recovering", 20);
}
