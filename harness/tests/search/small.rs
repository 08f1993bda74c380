//! Making small: the failure stays the same, and nothing is left that is not needed.

use stalemate::registry::Registry;
use stalemate::runner::{Outcome, Runner};
use stalemate::scenario;
use stalemate::search::{RUNS, ShrinkError, show, shrink};

use crate::cell;

/// Far more than what is needed to show that a session is lost and kept.
const LARGE: &str = "\
summary: Much happens.
spec: [SES-08]
servers:
  memory: {dialect: {like: supergateway-3.4.3, sessions: {idle-timeout: 10m}}, port: 3001, supervisor: 9s}
  other: {dialect: supergateway-4.0.0}
machines: {box: [memory, other]}
path: [cloudflare, {nginx: {read-timeout: 80s, keepalive: on}}]
clients: [connector/stale-cache]
seeds: [7]
steps:
  - add: memory
  - add: other
  - call: {on: other, tool: create_entities, parallel: 3}
  - call: {on: memory, tool: slow, takes: 20s, background: slow}
  - wait: 40s
  - new-conversation: now
  - drain: {target: memory, limit: 12s}
  - await: slow
  - call: {on: memory, tool: search_nodes}
  - stall: {target: other, for: 4s}
  - wait: 1h
inject:
  - when: {event: response-sent, at: nginx, nth: 3}
    then: {delay: 3s}
  - when: {event: request-received, at: other, rpc: tools/call, nth: 2}
    then: {cut: head}
";

#[test]
fn what_is_left_is_needed_and_shows_the_same() {
    let runner = Runner::new(Registry::builtin());
    let mut cell = cell(LARGE, "connector/stale-cache", &runner);
    cell.seed = 7;
    let (shown, ..) = show(&cell, &runner).expect("the run ends");
    let of_the_cache = |id: &str| {
        let mut all = shown.violations.iter();
        let found = all.find(|v| v.failure.invariant == id);
        found
            .unwrap_or_else(|| panic!("{id}: {shown:?}"))
            .failure
            .clone()
    };
    let failure = of_the_cache("app-disconnect-clears");
    let small = shrink(&cell, &failure, &runner, RUNS, &|| true).expect("it is shown");
    assert!(!small.is_cut_short, "{} runs", small.runs);
    let scenario = &small.example.scenario;
    let text = scenario::write(scenario);
    assert!(scenario.steps.len() <= 3, "{text}");
    assert!(scenario.path.len() <= 1, "{text}");
    assert_eq!(scenario.servers.len(), 1, "{text}");
    assert!(scenario.inject.is_empty(), "{text}");
    // It stands as it is: its promises are what it shows.
    let file = small.example.file("a test");
    let again = crate::cell(&file, "connector/stale-cache", &runner);
    let again = stalemate::runner::Cell {
        seed: again.scenario.seeds[0],
        ..again
    };
    let result = runner.run(&again).expect("the run ends").result;
    assert_eq!(
        result.outcome,
        Outcome::Kept,
        "{file}\n{:?}",
        result.problems
    );
    // And it cannot be made smaller.
    let twice = shrink(&again, &failure, &runner, RUNS, &|| true).expect("it is shown");
    assert_eq!(
        scenario::write(&twice.example.scenario),
        text,
        "a second shrinking found more"
    );
}

#[test]
fn what_is_not_shown_cannot_be_made_small() {
    let runner = Runner::new(Registry::builtin());
    let cell = cell(LARGE, "connector/stale-cache", &runner);
    let (shown, ..) = show(&cell, &runner).expect("the run ends");
    let mut failure = shown.violations[0].failure.clone();
    failure.cause = "something else".to_owned();
    let error = shrink(&cell, &failure, &runner, RUNS, &|| true).expect_err("nothing shows it");
    assert_eq!(error, ShrinkError::NotShown(failure));
}
