//! What ends sessions and calls besides the client: rest, age, room, the body's length, and the table that outlives the
//! process.

use std::path::Path;
use std::sync::Arc;

use crate::model_server::streams::{LATEST, messages, versioned};
use crate::model_server::{Server, builtin, initialize, post};
use serde_json::json;
use stalemate::dialect::read_several;
use stalemate::journal::SessionEnd;
use stalemate::server::{Durable, Input};

/// A server with a dialect that is like that one.
pub(crate) fn like(name: &str, rest: &str) -> Server {
    let text = format!("name: x\nsummary: y\nlike: {name}\n{rest}\n");
    let known = [builtin(name)];
    let read = read_several(Path::new("x.yaml"), &text, &known);
    let mut dialects = read.unwrap_or_else(|errors| panic!("{errors}"));
    Server::of(Arc::clone(&dialects.remove(0)), None)
}

#[test]
fn a_session_ends_at_its_age_however_busy() {
    let mut server = like("spec", "sessions: {lifetime: 10m}");
    let id = server.open_latest();
    let stream = server.stream(&id);
    for _ in 0..9 {
        server.wait(60_000);
        assert_eq!(server.list(&id).status, 200);
    }
    let call = server.slow_call(&id, 7, 120_000);
    server.wait(60_000);
    assert_eq!(server.ended(), [(id.clone(), SessionEnd::LifetimeOver)]);
    assert_eq!(server.got[&stream].end, Some(true));
    assert_eq!(
        (messages(&server, call).len(), server.got[&call].end),
        (0, Some(true))
    );
    assert_eq!(server.list(&id).status, 404);
}

#[test]
fn the_age_of_a_session_outlives_the_process() {
    let mut server = like("spec", "sessions: {lifetime: 10m}");
    server.keep(Durable::Sessions);
    let id = server.open();
    server.wait(300_000);
    server.restart();
    assert_eq!(server.list(&id).status, 200);
    server.wait(299_999);
    assert_eq!(server.live(), std::slice::from_ref(&id));
    server.wait(1);
    assert!(server.live().is_empty());
    let other = server.open();
    server.wait(300_000);
    server.restart();
    server.wait(300_000);
    assert_eq!(server.list(&other).status, 404, "nobody asked in time");
}

/// What keeps a session, by the idle clock: an open stream, a call that runs, a message that leaves.
#[test]
fn idle_clocks() {
    for (clock, stream, call) in [
        ("streams", true, true),
        ("calls", false, true),
        ("messages", false, false),
        ("requests", false, false),
    ] {
        let rest = format!("sessions: {{idle-timeout: 10s, idle-clock: {clock}}}");
        let mut server = like("spec", &rest);
        let id = server.open();
        server.get(&id);
        server.wait(10_000);
        assert_eq!(!server.live().is_empty(), stream, "{clock}: a stream");
        let mut server = like("spec", &rest);
        let id = server.open();
        server.slow(&id, 7, 25_000);
        server.wait(20_000);
        assert_eq!(!server.live().is_empty(), call, "{clock}: a call");
        server.wait(14_999);
        assert_eq!(!server.live().is_empty(), call, "{clock}: since the call");
        server.wait(1);
        assert!(server.live().is_empty(), "{clock}: rest");
        for quiet in [9_999, 9_999] {
            let id = server.open();
            server.wait(quiet);
            assert_eq!(server.list(&id).status, 200, "{clock}");
            server.wait(quiet);
            assert_eq!(server.live(), std::slice::from_ref(&id), "{clock}");
            server.delete(&id);
        }
    }
    let rest = |clock: &str| format!("sessions: {{idle-timeout: 10s, idle-clock: {clock}}}");
    for (clock, kept) in [("messages", true), ("requests", false)] {
        let mut server = like("spec", &rest(clock));
        let id = server.open();
        server.get(&id);
        server.wait(6_000);
        server.input(Input::Notify);
        server.wait(6_000);
        assert_eq!(!server.live().is_empty(), kept, "{clock}: what leaves");
    }
}

#[test]
fn what_becomes_of_the_calls_of_a_session_that_ends() {
    let ends = |knob: &str, json: &str| {
        let mut server = like("spec", &format!("hazards: {{ended-call: {knob}}}\n{json}"));
        let id = server.open_latest();
        let stream = server.stream(&id);
        let call = server.slow_call(&id, 7, 20_000);
        server.input(Input::ExpireAll);
        assert_eq!(server.got[&stream].end, Some(true), "{knob}");
        server.wait(30_000);
        server.got.get(&call).cloned().unwrap_or_default()
    };
    let error = "{error: {code: -32001, message: gone}}";
    let said = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"gone"}}"#;
    assert_eq!(
        (ends("end", "").status, ends("end", "").end),
        (200, Some(true))
    );
    assert_eq!(ends("cut", "").end, Some(false));
    assert_eq!(
        (ends("silence", "").status, ends("silence", "").end),
        (200, None)
    );
    let told = ends(error, "");
    assert!(told.text().contains(said), "{}", told.text());
    assert_eq!(told.end, Some(true));
    // An answer that is JSON has no head yet: its connection breaks.
    let json = "json-answers: {to: [tools/call]}";
    for knob in ["end", "cut"] {
        let got = ends(knob, json);
        assert_eq!((got.status, got.end), (0, Some(false)), "{knob}");
    }
    assert_eq!(ends("silence", json).end, None);
    let told = ends(error, json);
    assert_eq!((told.status, told.text()), (200, said));
}

#[test]
fn caps_refuse_or_evict() {
    let refusing = "sessions: {cap: {most: 2}}\nanswers: {too-many-sessions: {status: 503}}";
    let mut server = like("spec", refusing);
    let (first, _) = (server.open(), server.open());
    let refused = server.post(None, &initialize(LATEST));
    assert_eq!((refused.status, server.live().len()), (503, 2));
    server.delete(&first);
    assert_eq!(server.post(None, &initialize(LATEST)).status, 200);
    for (then, victim) in [("evict-oldest", 0), ("evict-idlest", 1)] {
        let mut server = like(
            "spec",
            &format!("sessions: {{cap: {{most: 3, then: {then}}}}}"),
        );
        let mut ids: Vec<String> = Vec::new();
        for _ in 0..3 {
            ids.push(server.open());
            server.wait(1_000);
        }
        server.list(&ids[0]);
        server.wait(1_000);
        ids.push(server.open());
        let evicted = (ids.remove(victim), SessionEnd::Evicted);
        assert_eq!(
            (server.ended(), server.live()),
            (vec![evicted], ids),
            "{then}"
        );
    }
    // An open stream is use, however long nothing went over it.
    let mut server = like("spec", "sessions: {cap: {most: 2, then: evict-idlest}}");
    let (first, second) = (server.open(), server.open());
    server.get(&first);
    server.wait(60_000);
    server.list(&second);
    server.open();
    assert_eq!(server.ended(), [(second, SessionEnd::Evicted)]);
}

#[test]
fn a_long_body_is_refused_before_anything_is_read() {
    let mut server = like(
        "spec",
        "body-limit: 200\nanswers: {body-too-large: {status: 413}}",
    );
    let id = server.open();
    assert_eq!(server.list(&id).status, 200);
    let long = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": {"x": "y".repeat(200)}}});
    for session in [Some(id.as_str()), None, Some("stale")] {
        assert_eq!(server.post(session, &long).status, 413);
    }
    assert_eq!(server.live(), [id]);
}

#[test]
fn a_table_that_outlives_its_transports_says_not_initialized() {
    let mut server = Server::durable("typescript-sdk-sessions", Durable::Table);
    let id = server.open_latest();
    assert_eq!(
        server.mortal(),
        std::slice::from_ref(&id),
        "the transport ends with the process"
    );
    for _ in 0..2 {
        server.restart();
        let call = versioned(
            post(
                Some(&id),
                &json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
            ),
            LATEST,
        );
        let (key, _) = server.request(call);
        let (stream, deleted) = (server.stream(&id), server.delete(&id));
        for got in [&server.got[&key], &server.got[&stream], &deleted] {
            assert_eq!(got.status, 400);
            assert!(
                got.text().contains("Server not initialized"),
                "{}",
                got.text()
            );
        }
        assert_eq!(server.list("another").status, 404);
    }
    let deleted = server.open();
    assert_eq!(server.delete(&deleted).status, 200);
    server.restart();
    assert_eq!(server.list(&deleted).status, 404, "DELETE is durable too");
}

#[test]
fn a_single_transport_cannot_be_put_back() {
    for durable in [Durable::Table, Durable::Sessions, Durable::Streams] {
        let mut server = Server::durable("typescript-sdk", durable);
        let id = server.open_latest();
        server.restart();
        let got = server.list(&id);
        assert_eq!(got.status, 400);
        assert!(
            got.text().contains("Server not initialized"),
            "{}",
            got.text()
        );
        assert_eq!(server.post(None, &initialize(LATEST)).status, 200);
    }
}
