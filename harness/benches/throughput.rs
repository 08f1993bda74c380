//! How fast scenarios run, as ratios within one run because machines are noisy: each pair is the same client, topology
//! and latency, with and without taps, journal and invariants, the two taken in turn. And what idle time costs.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use stalemate::cell;
use stalemate::registry::{Registry, Subject};
use stalemate::scenario::{Scenario, load_text};
use stalemate::world::{Options, run_with};

/// Connect, list, calls, a restart, recovery, calls: the way of a restart scenario.
const RESTART: &str = "
summary: A restart between calls.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - call: {on: memory, tool: search_nodes, expect: ok}
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - call: {on: memory, tool: search_nodes}
  - call: {on: memory, tool: create_entities}
";

/// Nobody talks; only gateway 4.0.0 sends a comment each 15 s.
const IDLE: &str = "
summary: Nobody talks.
servers:
  memory: {dialect: DIALECT, port: 3001}
path: []
clients: [connector/stale-cache]
steps:
  - add: memory
  - wait: WAIT
  - climb: memory
";

fn scenario(text: &str, registry: &Registry) -> Scenario {
    load_text(
        "bench/it",
        Path::new("bench/it.yaml"),
        text,
        &registry.vocabulary(),
    )
    .unwrap_or_else(|d| panic!("{d}"))
}

/// One run on a fresh thread, judged if it is observed.
fn once(scenario: &Scenario, client: &str, subject: &Subject, observe: bool) -> Duration {
    thread::scope(|scope| {
        let work = || {
            let began = Instant::now();
            let options = Options {
                observe,
                ..Options::default()
            };
            let run = run_with(scenario, subject, 1, options).expect("it ends");
            if observe {
                let result = cell::judge(scenario, client, subject, 1, &run, &run);
                assert!(result.rung.is_some(), "{:?}", result.problems);
            }
            began.elapsed()
        };
        scope.spawn(work).join().expect("it does not panic")
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn compare(client: &str, rounds: usize, registry: &Registry) {
    let scenario = scenario(&RESTART.replace("CLIENT", client), registry);
    let subject = registry.get(client).expect("it is registered");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..rounds + 5 {
        let (a, b) = (
            once(&scenario, client, subject, false),
            once(&scenario, client, subject, true),
        );
        // The first rounds warm up.
        if round >= 5 {
            without.push(a);
            with.push(b);
        }
    }
    let (with, without) = (median(with), median(without));
    println!(
        "{client:<22} {:>7.0} scenarios a second and core, {:>7.0} bare: ratio {:.2}",
        1.0 / with.as_secs_f64(),
        1.0 / without.as_secs_f64(),
        with.as_secs_f64() / without.as_secs_f64(),
    );
}

fn idle(dialect: &str, wait: &str, what: &str, registry: &Registry) {
    let client = "connector/stale-cache";
    let text = |wait: &str| IDLE.replace("DIALECT", dialect).replace("WAIT", wait);
    let subject = registry.get(client).expect("it is registered");
    let time = |wait: &str| {
        let scenario = scenario(&text(wait), registry);
        median(
            (0..9)
                .map(|_| once(&scenario, client, subject, true))
                .collect(),
        )
    };
    let (idle, none) = (time(wait), time("1ms"));
    println!(
        "{wait:>4} {what:<24} {:>8.2} ms, {:.2} ms without the wait: ratio {:.2}",
        idle.as_secs_f64() * 1e3,
        none.as_secs_f64() * 1e3,
        idle.as_secs_f64() / none.as_secs_f64(),
    );
}

fn main() {
    let registry = Registry::builtin();
    for client in [
        "connector/spec-404",
        "connector/recovering",
        "connector/stale-cache",
    ] {
        compare(client, 100, &registry);
    }
    compare("rmcp", 60, &registry);
    for wait in ["30m", "24h"] {
        idle("supergateway-3.4.3", wait, "nobody talking", &registry);
        idle(
            "supergateway-4.0.0",
            wait,
            "keep-alives each 15 s",
            &registry,
        );
    }
}
