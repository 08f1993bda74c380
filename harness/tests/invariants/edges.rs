//! Situations in which nothing is wrong although it looks so, played in the simulated world.

use std::sync::Arc;

use stalemate::app::{AppPolicy, SessionKey};
use stalemate::journal::{Event, Message, Side};
use stalemate::registry::Registry;
use stalemate::runner::Outcome;
use stalemate_clients::model::{ModelFactory, Policy, Resume};

use crate::support::{cell, cell_of, verdicts, violated};

/// How often something was seen.
fn count(run: &stalemate::runner::Ran, wanted: impl Fn(&Event) -> bool) -> usize {
    run.record
        .entries
        .iter()
        .filter(|e| wanted(&e.event))
        .count()
}

/// Plays a text with the right client: all injections fire, and nothing is held against anybody.
fn nothing_is_wrong(text: &str) -> (stalemate::runner::CellResult, stalemate::runner::Ran) {
    let (result, run) = cell(text, "connector/recovering");
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
    assert!(result.problems.is_empty(), "{:?}", result.problems);
    (result, run)
}

/// A 404 to the stream that is on its way into the client, or never gets there, is none that the client has.
#[test]
fn a_404_that_the_client_did_not_get_binds_nobody() {
    for then in [
        "{delay: 5s}",
        "{drop: now}",
        "{park: now}",
        "{replace: {status: 503, body: busy}}",
    ] {
        let text = format!(
            "\
summary: The 404 to the stream is kept from the client while it makes a call.
servers:
  memory: {{dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {{on: memory, tool: create_entities, expect: ok}}
  - wait: 1m
  - restart: memory
  - wait: 3s
  - call: {{on: memory, tool: search_nodes, expect: ok}}
inject:
  - when: {{event: response-received, at: client, method: GET, status: 404}}
    then: {then}
"
        );
        let (result, run) = nothing_is_wrong(&text);
        assert_eq!(verdicts(&result, "cli-no-stale-id"), ["held"], "{then}");
        // The call was made with the id, or the fault was for nothing.
        let refused = count(&run, |e| {
            matches!(e, Event::Http { at, side: Side::Received, message: Message::Response(r), .. }
                if &**at == "client" && r.status == 404)
        });
        assert!(refused >= 2, "{then}: {refused}");
    }
}

/// One call, one request, two effects: the network did it.
#[test]
fn what_the_network_doubles_is_not_the_clients_doing() {
    let (result, run) = nothing_is_wrong(
        "\
summary: A call arrives twice.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: request-received, at: memory, rpc: tools/call}
    then: {duplicate: now}
",
    );
    let first = count(
        &run,
        |e| matches!(e, Event::EffectCommitted { call: Some(call), .. } if call.0 == 1),
    );
    assert_eq!(first, 2, "the call had its effect twice");
    assert_eq!(verdicts(&result, "cli-at-most-once"), ["held"]);
}

/// A 502 says nothing of the id: the session lives, and a private window may use it.
#[test]
fn a_bad_gateway_is_no_refusal_of_an_id() {
    let (result, run) = nothing_is_wrong(
        "\
summary: A call gets a 502 in a session that lives on, and the user opens a private window.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - call: {on: memory, tool: search_nodes, expect: error}
  - incognito: open
  - call: {on: memory, tool: search_nodes, expect: ok}
inject:
  - when: {event: request-sent, at: nginx, rpc: tools/call, tool: search_nodes}
    then: {cut: 0}
",
    );
    let opened = |e: &Event| matches!(e, Event::SessionOpened { .. });
    assert_eq!(count(&run, opened), 1, "the session was not lost");
    let id = "app-incognito-is-first-contact";
    assert_eq!(verdicts(&result, id), ["held"]);
}

/// What happens after a climb is climbed for too, or a client that it strands would pass.
#[test]
fn a_loss_after_a_climb_is_not_forgotten() {
    let text = "\
summary: All is well at the climb, and then the session is lost, with a call in the background.
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
clients: [CLIENT]
steps:
  - add: memory
  - climb: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
  - call: {on: memory, tool: slow, takes: 20s, background: last}
violates:
  memory: {srv-dead-session-is-404: answers 400}
";
    let (result, run) = cell(text, "connector/spec-404");
    assert_eq!(verdicts(&result, "cli-recovers"), ["violated"]);
    let began = count(&run, |e| matches!(e, Event::CallBegan { .. }));
    let ended = count(&run, |e| matches!(e, Event::CallEnded { .. }));
    assert_eq!(began, ended, "a call was left hanging");
}

/// A client that is let go closes its stream; that is no failure that a settings page could know of.
#[test]
fn a_stream_that_the_client_gave_up_is_no_failure() {
    let policy = AppPolicy {
        key: SessionKey::Conversation,
        ..AppPolicy::SOUND
    };
    let factory = Arc::new(ModelFactory {
        policy: Policy::recovering(),
    });
    let registry = Registry::builtin().application("mine", "by conversation", policy, factory);
    let text = "\
summary: A new conversation lets go of a client whose stream has no head yet.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [cloudflare, nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - wait: 1s
  - new-conversation: now
  - wait: 1s
  - reload: settings
  - call: {on: memory, tool: search_nodes, expect: ok}
";
    let (result, _) = cell_of(&registry, text, "mine");
    assert_eq!(verdicts(&result, "app-shows-the-truth"), ["held"]);
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
}

/// A right application stores the session that its client has, not the one that it had.
#[test]
fn what_is_stored_is_the_session_of_now() {
    let policy = AppPolicy {
        key: SessionKey::AccountAndUrl,
        ..AppPolicy::SOUND
    };
    let factory = Arc::new(ModelFactory {
        policy: Policy {
            resume: Resume::OpensStream,
            ..Policy::recovering()
        },
    });
    let registry = Registry::builtin().application("mine", "by account and URL", policy, factory);
    let text = "\
summary: Sessions are lost, and a private window takes up what is stored.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
  - incognito: open
  - call: {on: memory, tool: search_nodes, expect: ok}
  - normal: open
  - disconnect: memory
  - connect: memory
  - delete: memory
  - add: memory
";
    let (result, run) = cell_of(&registry, text, "mine");
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
    let resumed = |e: &Event| matches!(e, Event::ObjectMade { resumed: true, .. });
    assert!(count(&run, resumed) > 0, "nothing was ever taken up");
}

/// A session that is being opened when the user disconnects or deletes is ended, at whatever moment that comes.
#[test]
fn no_session_is_left_open_by_a_user_in_a_hurry() {
    let text = |action: &str, wait_ms: u32| {
        format!(
            "\
summary: The user is quicker than the client.
servers:
  memory: {{dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - expire: memory
  - call: {{on: memory, tool: create_entities, background: a}}
  - wait: {wait_ms}ms
  - {action}: memory
  - wait: 1m
"
        )
    };
    for action in ["disconnect", "delete"] {
        for wait_ms in 1..=24 {
            let (result, run) = cell(&text(action, wait_ms), "connector/recovering");
            let violated = violated(&result);
            assert!(violated.is_empty(), "{action}, {wait_ms} ms: {violated:?}");
            let opened = count(&run, |e| matches!(e, Event::SessionOpened { .. }));
            let ended = count(&run, |e| matches!(e, Event::SessionEnded { .. }));
            // A disconnected connector is connected once more by the climb.
            let in_use = usize::from(action == "disconnect");
            assert_eq!(opened, ended + in_use, "{action}, {wait_ms} ms");
        }
    }
}
