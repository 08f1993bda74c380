//! One scenario that asks everything, and what each client breaks in it: that and nothing else. A knob that is wrong shows
//! where it should; a right client breaks nothing.

use stalemate::cell::Outcome;
use stalemate::registry::Registry;

use crate::support::{cell, violated};

const EVERYTHING: &str = "\
summary: Everything that the broken clients are asked.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
  bluesky: {dialect: supergateway-4.0.0, port: 3000}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - add: bluesky
  - call: {on: memory, tool: create_entities, expect: ok}
  - call: {on: bluesky, tool: create_entities}
  # The answer to this call is lost.
  - call: {on: memory, tool: create_entities}
  # Everything that a user presses to clear something.
  - disconnect: memory
  - connect: memory
  - call: {on: memory, tool: search_nodes}
  - delete: memory
  - add: memory
  - call: {on: memory, tool: search_nodes}
  # The page is drawn while calls fail.
  - wait: 1m
  - down: bluesky
  - call: {on: bluesky, tool: search_nodes}
  - wait: 1s
  - reload: settings
  - up: bluesky
  - wait: 1m
  # Sessions are lost: first the stream finds out, then calls do.
  - restart: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes}
  - wait: 1m
  - restart: memory
  - call: {on: memory, tool: search_nodes, parallel: 3}
  - incognito: open
  - call: {on: memory, tool: search_nodes}
  - normal: open
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call, tool: create_entities, nth: 2}
    then: {cut: 0}
";

/// What each client breaks, in the order of the registry of invariants.
const BREAKS: &[(&str, &[&str])] = &[
    ("connector/recovering", &[]),
    // It does what the specification demands, and this server does too.
    ("connector/spec-404", &[]),
    (
        "connector/stale-cache",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "app-disconnect-clears",
            "app-delete-clears",
            "app-shows-the-truth",
            "app-incognito-is-first-contact",
        ],
    ),
    // To use an id that the application was told to let go of is to use a stale one.
    (
        "broken/delete-keeps-the-session",
        &["cli-no-stale-id", "app-delete-clears"],
    ),
    (
        "broken/disconnect-only-drawn",
        &[
            "cli-no-stale-id",
            "app-disconnect-clears",
            "app-shows-the-truth",
        ],
    ),
    // A call that does not hear its 404 leaves the id in use for the others.
    (
        "broken/hangs",
        &["cli-no-stale-id", "cli-every-call-resolves"],
    ),
    // No server takes the lost id, so these two recover only when the user clears it, and a private window does not.
    (
        "broken/initialize-with-stale-id",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-initialize-without-id",
            "app-incognito-is-first-contact",
        ],
    ),
    (
        "broken/keeps-id-after-404",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "app-incognito-is-first-contact",
        ],
    ),
    ("broken/no-initialized", &["cli-full-handshake-again"]),
    // What these two do wrong is a matter of counts.
    ("broken/reinit-per-call", &[]),
    ("broken/reinit-storm", &[]),
    ("broken/resends-what-may-have-run", &["cli-at-most-once"]),
    ("broken/sessions-by-account", &["app-connectors-isolated"]),
    ("broken/status-from-the-store", &["app-shows-the-truth"]),
    ("broken/stream-ignores-404", &["cli-no-stale-id"]),
];

#[test]
fn each_breaks_what_it_should_and_nothing_else() {
    let mut wrong = Vec::new();
    for (client, breaks) in BREAKS {
        let (result, run) = cell(EVERYTHING, client);
        assert_eq!(
            (&*run.unfired, &*run.failures),
            (&[][..], &[][..]),
            "{client}"
        );
        let violated: Vec<&str> = violated(&result);
        if violated != *breaks {
            wrong.push(format!("{client}: {violated:?}, in the table {breaks:?}"));
        }
        let kept = result.outcome == Outcome::Kept;
        assert_eq!(kept, violated.is_empty(), "{client}: {:?}", result.problems);
        // Otherwise the table says less than it seems to.
        let asked = |j: &&stalemate::cell::Judged| j.verdict == "not-exercised";
        let unasked: Vec<&str> = result
            .invariants
            .iter()
            .filter(asked)
            .map(|j| &*j.id)
            .collect();
        assert_eq!(unasked, [""; 0], "{client}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_client_of_ours_is_in_the_table() {
    let registry = Registry::builtin();
    let ours = registry.iter().map(|(name, _)| name);
    let ours = ours.filter(|name| registry.get(name).is_some_and(|s| !s.factory().is_real()));
    let ours: Vec<&str> = ours.collect();
    let mut table: Vec<&str> = BREAKS.iter().map(|(client, _)| *client).collect();
    table.sort_unstable();
    assert_eq!(table, ours);
}
