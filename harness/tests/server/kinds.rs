//! Servers of other kinds: without sessions, without GET streams, with answers that are JSON, with other ideas of versions;
//! and three more that are wrong on purpose.

use crate::bounds::like;
use crate::model_server::streams::{CHANGED, LATEST, ids, messages, versioned};
use crate::model_server::{Server, initialize, post, request};
use serde_json::{Value, json};
use stalemate::server::{Input, Output};

fn notification(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": method})
}

#[test]
fn what_needs_no_answer_is_taken_as_each_kind_is() {
    let pong = json!({"jsonrpc": "2.0", "id": 5, "result": {}});
    let mut server = like(
        "spec",
        "answers: {accepted: {status: 204}, accepted-initialized: {status: 200, body: '{}'}, accepted-response: {status: 400}}",
    );
    let id = server.open();
    for (message, status) in [
        (notification("notifications/initialized"), 200),
        (notification("notifications/cancelled"), 204),
        (pong.clone(), 400),
    ] {
        assert_eq!(server.post(Some(&id), &message).status, status, "{message}");
    }
    let mut server = like("spec", "answers: {accepted: {status: 400}}");
    let id = server.open();
    for message in [notification("notifications/initialized"), pong] {
        assert_eq!(server.post(Some(&id), &message).status, 400, "{message}");
    }
}

#[test]
fn a_server_without_get_streams_answers_every_get() {
    let mut server = like("spec", "sse: {get-streams: none}");
    let id = server.open();
    for session in [id.as_str(), "stale"] {
        let key = server.get(session);
        assert_eq!(server.got[&key].status, 405, "as `method-not-allowed`");
    }
    server.input(Input::Notify);
    let page = "sse: {get-streams: none}\nanswers: {get-unserved: {status: 200, headers: {content-type: application/json}, body: '{}'}}";
    let mut server = like("supergateway-4.0.0", page);
    let id = server.open();
    let key = server.get(&id);
    assert_eq!(
        (server.got[&key].status, server.got[&key].text()),
        (200, "{}")
    );
    assert_eq!(server.list(&id).status, 200);
}

#[test]
fn the_version_header_is_compared_with_the_session() {
    let rest = "answers: {missing-version: {status: 400}, other-version: {status: 409}}";
    let status = |server: &mut Server, id: &str, version: Option<&str>| {
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let list = post(Some(id), &list);
        let list = match version {
            Some(version) => versioned(list, version),
            None => list,
        };
        let (key, _) = server.request(list);
        server.got[&key].status
    };
    for (revision, missing) in [
        ("2025-11-25", 400),
        ("2025-06-18", 400),
        ("2025-03-26", 200),
    ] {
        let mut server = like("spec", rest);
        let first = server.post(None, &initialize(revision));
        let id = first.header("mcp-session-id").expect("an id").to_owned();
        assert_eq!(status(&mut server, &id, None), missing, "{revision}");
        assert_eq!(status(&mut server, &id, Some(revision)), 200, "{revision}");
        assert_eq!(
            status(&mut server, &id, Some("2024-11-05")),
            400,
            "{revision}"
        );
        let other = if revision == LATEST {
            "2025-06-18"
        } else {
            LATEST
        };
        assert_eq!(status(&mut server, &id, Some(other)), 409, "{revision}");
    }
    let mut server = like("spec", "accepts: [unsupported-version]");
    let id = server.open();
    assert_eq!(status(&mut server, &id, Some("2099-01-01")), 200);
}

#[test]
fn the_revision_that_is_offered() {
    let offered = |rest: &str, wanted: &str| {
        let mut server = like("spec", rest);
        let got = server.post(None, &initialize(wanted));
        let at = got.text().find("protocolVersion").expect("one") + 18;
        got.text()[at..at + 10].to_owned()
    };
    assert_eq!(offered("", "2025-06-18"), "2025-06-18");
    assert_eq!(offered("", "2099-01-01"), LATEST);
    assert_eq!(offered("offers: preferred", "2025-06-18"), LATEST);
    assert_eq!(offered("offers: echo", "2099-01-01"), "2099-01-01");
    assert_eq!(offered("revisions: ['2025-03-26']", LATEST), "2025-03-26");
}

#[test]
fn a_server_without_sessions_serves_whoever_asks() {
    let mut server = like("spec", "sessions: {id: none}");
    let first = server.post(None, &initialize(LATEST));
    assert_eq!((first.status, first.header("mcp-session-id")), (200, None));
    for session in [None, Some("whatever")] {
        let list = server.post(
            session,
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        );
        assert_eq!((list.status, list.header("mcp-session-id")), (200, None));
        let taken = server.post(session, &notification("notifications/initialized"));
        assert_eq!(taken.status, 202);
        let (key, _) = server.request(request("DELETE", session, ""));
        assert_eq!(server.got[&key].status, 405);
    }
    assert!(server.live().is_empty() && server.mortal().is_empty());
    let (one, two) = (server.get("a"), server.get("b"));
    server.input(Input::Notify);
    assert_eq!(
        (messages(&server, one), messages(&server, two)),
        (vec![CHANGED.to_owned()], vec![CHANGED.to_owned()])
    );
    server.abort(one);
    let call = server.slow("a", 7, 1_000);
    server.input(Input::ExpireAll);
    server.wait(1_000);
    assert_eq!(messages(&server, call), ["7"]);
    assert!(
        !server
            .log
            .iter()
            .any(|o| matches!(o, Output::OpenSession { .. } | Output::EndSession { .. }))
    );
    server.restart();
    assert_eq!(server.list("a").status, 200);
}

#[test]
fn answers_that_are_json() {
    let mut server = like("spec", "json-answers: {to: [initialize, tools/call]}");
    let first = server.post(None, &initialize(LATEST));
    let id = first.header("mcp-session-id").expect("an id").to_owned();
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert!(
        first
            .text()
            .starts_with(r#"{"jsonrpc":"2.0","id":0,"result":{"#),
        "{}",
        first.text()
    );
    assert_eq!(
        server.list(&id).header("content-type"),
        Some("text/event-stream")
    );
    let progressing = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "slow",
        "_meta": {"progressToken": 1}, "arguments": {"name": "a", "ms": 3_000, "progress": true}}});
    let call = server.call(&id, &progressing);
    server.wait(2_999);
    assert!(
        !server.got.contains_key(&call),
        "nothing goes out before the answer"
    );
    server.wait(1);
    let got = &server.got[&call];
    assert_eq!((got.status, got.header("mcp-session-id")), (200, None));
    let answer: Value = serde_json::from_str(got.text()).expect("JSON");
    assert_eq!(answer["id"], 7);
    // A batch is JSON if all of it is.
    let batch = |second: &str| {
        json!([{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "read_graph", "arguments": {}}}, {"jsonrpc": "2.0", "id": 2, "method": second}])
    };
    let mixed = server.post(Some(&id), &batch("tools/list"));
    assert_eq!(mixed.header("content-type"), Some("text/event-stream"));
    let mut all = like("spec", "json-answers: {to: all}");
    let id = all.open();
    let both = all.post(Some(&id), &batch("tools/list"));
    let answers: Vec<Value> = serde_json::from_str(both.text()).expect("JSON");
    assert_eq!(answers.len(), 2);
    // Whoever goes away meanwhile leaves nothing behind.
    let call = all.slow(&id, 8, 1_000);
    all.abort(call);
    all.wait(1_000);
    assert!(!all.got.contains_key(&call));
}

#[test]
fn one_stream_that_the_last_get_has() {
    let mut server = like("supergateway-4.0.0", "sse: {get-streams: replace}");
    let id = server.open();
    let (first, second) = (server.get(&id), server.get(&id));
    server.input(Input::Notify);
    assert_eq!(
        (server.got[&first].end, server.got[&second].end),
        (Some(true), None)
    );
    assert_eq!(
        (
            messages(&server, first).len(),
            messages(&server, second).len()
        ),
        (0, 1)
    );
}

#[test]
fn one_stream_whose_place_is_never_given_back() {
    let mut server = like("supergateway-4.0.0", "sse: {get-streams: once}");
    let id = server.open();
    let first = server.get(&id);
    assert_eq!(server.got[&first].status, 200);
    server.abort(first);
    for _ in 0..2 {
        let later = server.get(&id);
        assert_eq!(server.got[&later].status, 409);
    }
    let other = server.open();
    let its = server.get(&other);
    assert_eq!(server.got[&its].status, 200);
}

#[test]
fn broken_server_revives() {
    let mut server = Server::new("broken/server-revives");
    let id = server.open();
    server.slow(&id, 7, 5_000);
    assert_eq!(server.delete(&id).status, 200);
    assert_eq!(server.list(&id).status, 404);
    server.wait(5_000);
    assert_eq!(server.list(&id).status, 200);
    assert_eq!(server.delete(&id).status, 200);
    server.wait(5_000);
    assert_eq!(server.list(&id).status, 404, "no call ran");
}

#[test]
fn broken_server_answers_on_get() {
    let mut server = Server::new("broken/server-answers-on-get");
    let id = server.open_latest();
    let before = server.slow_call(&id, 1, 0);
    assert_eq!(messages(&server, before), ["1"]);
    let stream = server.stream(&id);
    let call = server.slow_call(&id, 7, 1_000);
    server.wait(1_000);
    assert_eq!(messages(&server, stream), ["7"]);
    assert_eq!(
        (messages(&server, call).len(), server.got[&call].end),
        (0, Some(true))
    );
    assert_eq!(ids(&server, stream).len(), 2);
}

#[test]
fn broken_server_newest_gets_all() {
    let mut server = Server::new("broken/server-newest-gets-all");
    let first = server.open_latest();
    let early = server.slow_call(&first, 7, 3_000);
    let second = server.open_latest();
    let own = server.slow_call(&second, 7, 5_000);
    server.wait(3_000);
    assert_eq!(messages(&server, own), ["7"], "of the other's call");
    assert_eq!(
        (messages(&server, early).len(), server.got[&early].end),
        (0, None)
    );
    let stream = server.stream(&second);
    server.slow_call(&first, 9, 0);
    assert_eq!(messages(&server, stream), ["9"]);
}
