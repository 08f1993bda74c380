//! The life of a session in the model server: how it is negotiated, what keeps it, when it expires, how it ends.

use crate::model_server::{self, Server, get, initialize, post};
use serde_json::{Value, json};
use stalemate::journal::SessionEnd;
use stalemate::server::{Input, Output};

const SG343: &str = "supergateway-3.4.3";
const SG400: &str = "supergateway-4.0.0";

fn data(text: &str) -> Value {
    let line = text.lines().find_map(|l| l.strip_prefix("data: "));
    serde_json::from_str(line.expect(text)).expect(text)
}

/// The only session that lives ends after that time, and not a millisecond before.
fn assert_expires_in(server: &mut Server, ms: u64) {
    let alive = server.live();
    server.wait(ms - 1);
    assert_eq!((server.live(), alive.len()), (alive.clone(), 1));
    server.wait(1);
    assert!(server.live().is_empty());
}

#[test]
fn the_revision_is_the_wanted_one_or_else_the_newest() {
    let mut server = Server::new(SG343);
    for (wanted, agreed) in [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
    ] {
        let got = server.post(None, &initialize(wanted));
        let message = data(got.text());
        assert_eq!(message["result"]["protocolVersion"], agreed, "{wanted}");
        assert_eq!(message["result"]["serverInfo"]["name"], "memory-server");
        assert_eq!(
            got.header("mcp-session-id"),
            server.live().last().map(String::as_str)
        );
    }
    assert_eq!(server.live().len(), 5);
}

#[test]
fn an_incomplete_initialize_opens_nothing() {
    let mut server = Server::new(SG343);
    let got = server.post(
        None,
        &json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}),
    );
    assert_eq!((got.status, got.body.len()), (400, 105));
    assert!(server.live().is_empty());
}

#[test]
fn an_initialize_with_a_wrong_accept_is_refused_before_a_session_is_opened() {
    let mut server = Server::new(SG343);
    let mut request = post(None, &initialize("2025-06-18"));
    request.headers.remove("accept");
    let (key, out) = server.request(request);
    assert_eq!((server.got[&key].status, out.len()), (406, 1));
    assert!(server.live().is_empty());
}

#[test]
fn default_timeouts_are_never_and_half_an_hour() {
    for (dialect, after_ms) in [(SG343, None), (SG400, Some(1_800_000))] {
        assert_eq!(
            model_server::builtin(dialect).sessions.idle_timeout_ms,
            after_ms
        );
        let mut server = Server::new(dialect);
        let id = server.open();
        server.wait(1_799_999);
        assert_eq!(server.live(), std::slice::from_ref(&id));
        server.wait(1);
        assert_eq!(server.live().is_empty(), after_ms.is_some(), "{dialect}");
        server.wait(100_000_000);
        assert_eq!(server.live().is_empty(), after_ms.is_some(), "{dialect}");
    }
}

#[test]
fn every_request_starts_the_idle_clock_anew() {
    for dialect in [SG343, SG400] {
        let mut server = Server::with_timeout(dialect, Some(1_000));
        let id = server.open();
        for _ in 0..5 {
            server.wait(600);
            assert_eq!(server.list(&id).status, 200, "{dialect}");
        }
        server.wait(999);
        assert_eq!(server.ended(), []);
        server.wait(1);
        assert_eq!(server.ended(), [(id.clone(), SessionEnd::Expired)]);
        let late = server.list(&id);
        let expected = if dialect == SG343 {
            (400, 105)
        } else {
            (404, 81)
        };
        assert_eq!((late.status, late.body.len()), expected);
    }
}

#[test]
fn a_notification_and_a_harmless_refusal_start_the_idle_clock_anew() {
    let mut server = Server::with_timeout(SG400, Some(1_000));
    let id = server.open();
    server.wait(900);
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(server.post(Some(&id), &note).status, 202);
    server.wait(900);
    assert_eq!(
        server.post(Some(&id), &initialize("2025-06-18")).status,
        400
    );
    assert_expires_in(&mut server, 1_000);
}

#[test]
fn an_open_get_keeps_the_session_and_the_clock_starts_when_it_ends() {
    let mut server = Server::with_timeout(SG343, Some(1_000));
    let id = server.open();
    let stream = server.get(&id);
    server.wait(3_000);
    assert_eq!(server.list(&id).status, 200);
    server.wait(3_000);
    server.input(Input::Aborted { key: stream });
    assert_expires_in(&mut server, 1_000);
}

#[test]
fn a_call_longer_than_the_timeout_is_not_cut() {
    let mut server = Server::with_timeout(SG343, Some(1_000));
    let id = server.open();
    let slow = server.slow(&id, 9, 2_500);
    server.wait(2_500);
    assert_eq!(data(server.got[&slow].text())["id"], 9);
    assert_eq!(server.got[&slow].end, Some(true));
    assert_expires_in(&mut server, 1_000);
}

#[test]
fn the_clock_waits_for_the_last_of_several_streams() {
    let mut server = Server::with_timeout(SG400, Some(1_000));
    let id = server.open();
    let stream = server.get(&id);
    server.slow(&id, 1, 2_000);
    server.slow(&id, 2, 4_000);
    server.wait(500);
    server.input(Input::Aborted { key: stream });
    assert_expires_in(&mut server, 4_500);
}

#[test]
fn a_session_that_expires_under_an_abandoned_call_spares_the_process() {
    // Its child is gone before it could answer.
    let mut server = Server::with_timeout(SG343, Some(1_000));
    let id = server.open();
    let slow = server.slow(&id, 1, 5_000);
    server.input(Input::Aborted { key: slow });
    server.wait(10_000);
    assert_eq!(
        (server.exit(), server.ended()),
        (None, vec![(id, SessionEnd::Expired)])
    );
}

#[test]
fn the_option_overrides_the_dialect_both_ways() {
    let mut never = Server::with_timeout(SG400, None);
    never.open();
    never.wait(10_000_000);
    assert_eq!(never.live().len(), 1);
}

#[test]
fn the_scenario_expires_every_session_whatever_is_open() {
    for dialect in [SG343, SG400] {
        let mut server = Server::new(dialect);
        let (a, b) = (server.open(), server.open());
        let stream = server.get(&a);
        let slow = server.slow(&b, 1, 1_000);
        server.input(Input::ExpireAll);
        let expired = |id: &String| (id.clone(), SessionEnd::ExpiredByScenario);
        assert_eq!(server.ended(), [expired(&a), expired(&b)]);
        for key in [stream, slow] {
            assert_eq!(server.got[&key].end, Some(true), "{dialect}");
        }
        server.wait(2_000);
        assert_eq!(server.got[&slow].text(), "");
        assert_ne!(server.list(&a).status, 200);
        assert_eq!(server.exit(), None);
    }
}

#[test]
fn delete_ends_the_streams_then_the_session_then_answers() {
    let mut server = Server::new(SG400);
    let (id, other) = (server.open(), server.open());
    let (stream, others) = (server.get(&id), server.get(&other));
    let slow = server.slow(&id, 1, 1_000);
    let before = server.log.len();
    assert_eq!(server.delete(&id).status, 200);
    let tail: Vec<_> = server.log[before..].iter().collect();
    assert!(
        matches!(
            tail[..],
            [
                Output::Close { clean: true, .. },
                Output::Close { clean: true, .. },
                Output::EndSession {
                    cause: SessionEnd::Deleted,
                    ..
                },
                Output::Respond { .. }
            ]
        ),
        "{tail:?}"
    );
    assert_eq!(
        (server.got[&stream].end, server.got[&slow].end),
        (Some(true), Some(true))
    );
    assert_eq!(server.got[&others].end, None);
    assert_eq!(server.live(), [other]);
    assert_eq!(server.delete(&id).status, 404);
}

#[test]
fn keepalive_comments_go_out_every_fifteen_seconds_in_400_only() {
    for (dialect, expected) in [(SG343, ""), (SG400, ": keepalive\n\n: keepalive\n\n")] {
        let mut server = Server::new(dialect);
        let id = server.open();
        let stream = server.get(&id);
        server.wait(44_999);
        assert_eq!(server.got[&stream].text(), expected, "{dialect}");
        server.input(Input::Aborted { key: stream });
        let before = server.log.len();
        server.wait(60_000);
        assert_eq!(server.log.len(), before, "nothing after the stream");
    }
    let mut server = Server::new(SG400);
    let id = server.open();
    let slow = server.slow(&id, 1, 20_000);
    server.wait(20_000);
    assert!(
        server.got[&slow]
            .text()
            .starts_with(": keepalive\n\nevent: message\n"),
        "{}",
        server.got[&slow].text()
    );
}

#[test]
fn a_subscriber_hears_of_its_own_writes_on_its_get_stream() {
    let mut server = Server::new(SG343);
    let (id, other) = (server.open(), server.open());
    let (stream, others) = (server.get(&id), server.get(&other));
    let subscribe = json!({"jsonrpc": "2.0", "id": 5, "method": "resources/subscribe",
        "params": {"uri": "memory://knowledge-graph"}});
    for session in [&id, &other] {
        assert_eq!(data(server.post(Some(session), &subscribe).text())["id"], 5);
    }
    server.slow(&id, 6, 100);
    let told = data(server.got[&stream].text());
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"]["uri"], "memory://knowledge-graph");
    // Each session has a child of its own, which sees its own writes only.
    assert_eq!(server.got[&others].text(), "");
}

#[test]
fn a_batch_is_answered_on_one_stream() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        model_server::slow_call(2, 50),
        {"jsonrpc": "2.0", "id": "three", "method": "no/such"},
    ]);
    let (key, _) = server.request(post(Some(&id), &batch));
    assert_eq!(server.got[&key].end, None);
    server.wait(50);
    let text = server.got[&key].text().to_owned();
    let events: Vec<&str> = text.lines().filter(|l| l.starts_with("data: ")).collect();
    assert_eq!(
        &events[..2],
        [
            r#"data: {"result":{},"jsonrpc":"2.0","id":1}"#,
            r#"data: {"jsonrpc":"2.0","id":"three","error":{"code":-32601,"message":"Method not found"}}"#
        ]
    );
    assert!(events[2].ends_with(r#""jsonrpc":"2.0","id":2}"#), "{text}");
    assert_eq!((events.len(), server.got[&key].end), (3, Some(true)));
}

#[test]
fn two_sessions_share_the_graph_and_a_restart_keeps_it() {
    let mut server = Server::new(SG343);
    let (a, b) = (server.open(), server.open());
    let call = |tool: &str, arguments: Value| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments}})
    };
    let entity = json!({"name": "nonce-1", "entityType": "t", "observations": ["o"]});
    server.post(
        Some(&a),
        &call("create_entities", json!({"entities": [entity]})),
    );
    let found = |got: &model_server::Got| data(got.text())["result"]["structuredContent"].clone();
    let got = server.post(Some(&b), &call("search_nodes", json!({"query": "NONCE"})));
    assert_eq!(found(&got), json!({"entities": [entity], "relations": []}));
    let kept = server.store.snapshot();
    server.restart();
    let c = server.open();
    let got = server.post(Some(&c), &call("read_graph", json!({})));
    assert_eq!(found(&got)["entities"], json!([entity]));
    server.store.restore(Vec::new());
    let got = server.post(Some(&c), &call("read_graph", json!({})));
    assert_eq!(found(&got)["entities"], json!([]));
    assert_eq!(kept.len(), 1);
}

#[test]
fn a_query_string_does_not_change_the_path_and_pages_escape_it() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let mut request = get(Some(&id));
    request.path = "/mcp?x=1".into();
    let (key, _) = server.request(request.clone());
    assert_eq!(server.got[&key].status, 200);
    request.path = "/<b>?x=1".into();
    let (key, _) = server.request(request);
    assert!(
        server.got[&key].text().contains("Cannot GET /&lt;b&gt;<"),
        "{}",
        server.got[&key].text()
    );
}
