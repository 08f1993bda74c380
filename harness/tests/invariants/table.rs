//! The table: every invariant with who breaks it and who keeps it, in the same situation. The tests are made from it.

use std::collections::BTreeSet;

use stalemate::cell::Outcome;
use stalemate::invariant;

use crate::support::{cell, verdicts, violated};

/// A scenario and the client that runs it.
struct Case {
    client: &'static str,
    text: &'static str,
}

/// One line of the table.
struct Row {
    id: &'static str,
    breaks: Case,
    holds: Case,
}

macro_rules! rows {
    ($($name:ident $id:literal: $breaker:literal in $broken:ident, $holder:literal in $held:ident;)*) => {
        const TABLE: &[Row] = &[$(Row {
            id: $id,
            breaks: Case { client: $breaker, text: $broken },
            holds: Case { client: $holder, text: $held },
        }),*];
        $(mod $name {
            #[test]
            fn is_caught_by_name() {
                super::is_caught(super::row($id));
            }

            #[test]
            fn is_kept() {
                super::is_kept(super::row($id));
            }

            #[test]
            fn listed_is_expected_and_only_if_it_happens() {
                super::listed(super::row($id));
            }
        })*
    };
}

rows! {
    cli_recovers "cli-recovers":
        "connector/spec-404" in ANSWERS_400, "connector/recovering" in ANSWERS_400;
    cli_no_stale_id "cli-no-stale-id":
        "broken/stream-ignores-404" in RESTART, "connector/recovering" in RESTART;
    cli_initialize_without_id "cli-initialize-without-id":
        "broken/initialize-with-stale-id" in RESTART, "connector/recovering" in RESTART;
    cli_full_handshake_again "cli-full-handshake-again":
        "broken/no-initialized" in RESTART, "connector/recovering" in RESTART;
    cli_every_call_resolves "cli-every-call-resolves":
        "broken/hangs" in SILENCE, "connector/recovering" in SILENCE;
    cli_at_most_once "cli-at-most-once":
        "broken/resends-what-may-have-run" in LOST_ANSWER, "connector/recovering" in LOST_ANSWER;
    app_disconnect_clears "app-disconnect-clears":
        "broken/disconnect-only-drawn" in DISCONNECT, "connector/recovering" in DISCONNECT;
    app_delete_clears "app-delete-clears":
        "broken/delete-keeps-the-session" in DELETE, "connector/recovering" in DELETE;
    app_shows_the_truth "app-shows-the-truth":
        "broken/status-from-the-store" in DOWN, "connector/recovering" in DOWN;
    app_incognito_is_first_contact "app-incognito-is-first-contact":
        "connector/spec-404" in PRIVATE_WINDOW, "connector/recovering" in PRIVATE_WINDOW;
    app_connectors_isolated "app-connectors-isolated":
        "broken/sessions-by-account" in TWO_CONNECTORS, "connector/recovering" in TWO_CONNECTORS;
    srv_dead_session_is_404 "srv-dead-session-is-404":
        "connector/recovering" in UNLISTED_400, "connector/recovering" in RESTART;
}

const RESTART: &str = "\
summary: The server loses its sessions, and says 404.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes}
";

const UNLISTED_400: &str = "\
summary: The server loses its sessions, and says 400.
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
";

const ANSWERS_400: &str = "\
summary: The server loses its sessions, and says 400.
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
violates:
  memory: {srv-dead-session-is-404: answers 400}
";

const SILENCE: &str = "\
summary: The answer to a call never comes.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call}
    then: {park: now}
";

const LOST_ANSWER: &str = "\
summary: The connection breaks after the effect and before the answer.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call}
    then: {cut: 0}
";

const DISCONNECT: &str = "\
summary: The user disconnects and connects again.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - disconnect: memory
  - reload: settings
  - connect: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
";

const DELETE: &str = "\
summary: The user deletes the connector and adds it again.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - delete: memory
  - add: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
";

const DOWN: &str = "\
summary: The user looks at the settings page while every call fails.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - down: memory
  - call: {on: memory, tool: search_nodes, expect: error}
  - wait: 1s
  - reload: settings
";

const PRIVATE_WINDOW: &str = "\
summary: The session is lost, and the user opens a private window.
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
path: [cloudflare, nginx]
clients: [CLIENT]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
  - incognito: open
  - call: {on: memory, tool: search_nodes}
violates:
  memory: {srv-dead-session-is-404: answers 400}
";

const TWO_CONNECTORS: &str = "\
summary: One account has two connectors.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
  bluesky: {dialect: supergateway-4.0.0, port: 3000}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - add: bluesky
  - call: {on: memory, tool: create_entities}
  - call: {on: bluesky, tool: create_entities}
";

fn row(id: &str) -> &'static Row {
    TABLE.iter().find(|row| row.id == id).expect("in the table")
}

fn is_caught(row: &Row) {
    let (result, _) = cell(row.breaks.text, row.breaks.client);
    let mut of_id = result.invariants.iter().filter(|j| j.id == row.id);
    let judged = of_id
        .find(|j| j.verdict == "violated")
        .unwrap_or_else(|| panic!("{} is not caught: {:?}", row.id, violated(&result)));
    assert!(!judged.expected && !judged.why.is_empty(), "{judged:?}");
    assert_eq!(result.outcome, Outcome::Broken, "{:?}", result.problems);
    let named = |problem: &String| {
        problem.starts_with(&format!("{} is violated: ", row.id))
            || problem.starts_with(&format!("{} by {} is violated: ", row.id, judged.party))
    };
    assert!(result.problems.iter().any(named), "{:?}", result.problems);
}

fn is_kept(row: &Row) {
    let (result, _) = cell(row.holds.text, row.holds.client);
    let verdicts = verdicts(&result, row.id);
    assert!(verdicts.contains(&"held"), "{verdicts:?}");
    assert!(!verdicts.contains(&"violated"), "{verdicts:?}");
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
    assert!(result.problems.is_empty(), "{:?}", result.problems);
}

/// A listed violation is no failure; one that does not happen is.
fn listed(row: &Row) {
    let party = invariant::get(row.id).expect("in the registry").party;
    let list = |case: &Case, ids: &[&str]| {
        if party == invariant::Party::Server {
            return format!("{}violates: {{memory: {{{}: known}}}}\n", case.text, row.id);
        }
        let ids = ids.join(", ");
        format!("{}expect: {{CLIENT: {{violates: [{ids}]}}}}\n", case.text)
    };
    let (result, _) = cell(row.breaks.text, row.breaks.client);
    let servers =
        |id: &&str| invariant::get(id).is_some_and(|i| i.party == invariant::Party::Server);
    let mut ids = violated(&result);
    ids.retain(|id| !servers(id));
    let (result, _) = cell(&list(&row.breaks, &ids), row.breaks.client);
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);

    let (result, _) = cell(&list(&row.holds, &[row.id]), row.holds.client);
    assert_eq!(result.outcome, Outcome::Broken, "{:?}", result.problems);
    assert_eq!(result.problems.len(), 1, "{:?}", result.problems);
    assert!(result.problems[0].ends_with("is listed as violated, and holds: take it off the list"));
}

#[test]
fn every_invariant_is_in_the_table_once() {
    let table: Vec<&str> = TABLE.iter().map(|row| row.id).collect();
    let ids: BTreeSet<&str> = table.iter().copied().collect();
    assert_eq!(ids.len(), table.len(), "an invariant stands in two rows");
    let all: BTreeSet<&str> = invariant::ALL.iter().map(|i| i.id).collect();
    assert_eq!(ids, all, "the rows, and the registry");
}
