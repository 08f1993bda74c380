//! What supergateway 3.4.3 does to its sessions and to itself, each hazard by name, and that 4.0.0 does not.

use crate::model_server::{self, Server, get, post, request};
use serde_json::json;
use stalemate::journal::SessionEnd;
use stalemate::server::{Input, Key, Output};

const SG343: &str = "supergateway-3.4.3";
const SG400: &str = "supergateway-4.0.0";

/// The outputs by name, without timers.
fn names(outputs: &[Output]) -> Vec<&'static str> {
    let name = |output: &Output| match output {
        Output::OpenSession { .. } => "open-session",
        Output::OpenForOthers { .. } => "open-for-others",
        Output::ToolsChanged(_) => "tools-changed",
        Output::EndSession { .. } => "end-session",
        Output::Effect { .. } => "effect",
        Output::Respond { .. } => "respond",
        Output::Head { .. } => "head",
        Output::Event { .. } => "event",
        Output::Close { clean: true, .. } => "close",
        Output::Close { clean: false, .. } => "cut",
        Output::Timer { .. } => "timer",
        Output::Exit { .. } => "exit",
    };
    let all = outputs.iter().map(name);
    all.filter(|n| *n != "timer").collect()
}

#[test]
fn sg343_second_get_kills_the_session() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let first = server.get(&id);
    let (second, out) = server.request(get(Some(&id)));
    // The first GET ends because the child dies, which is after the refusal went out.
    assert_eq!(names(&out), ["end-session", "respond", "close"]);
    assert_eq!(server.got[&second].status, 409);
    assert_eq!(server.got[&first].end, Some(true));
    assert_eq!(server.ended(), [(id.clone(), SessionEnd::RefusalKilledIt)]);
    assert_eq!(server.list(&id).status, 400);
    assert!(server.live().is_empty());
}

#[test]
fn sg343_repeated_initialize_kills_the_session() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let got = server.post(Some(&id), &model_server::initialize("2025-06-18"));
    assert_eq!((got.status, got.body.len()), (400, 107));
    assert_eq!(server.ended(), [(id.clone(), SessionEnd::RefusalKilledIt)]);
    assert_eq!(server.list(&id).body.len(), 105);
}

#[test]
fn sg343_every_refusal_of_the_transport_kills_the_session() {
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let spoiled = |session: &str, spoil: &str| {
        let mut request = post(Some(session), &list);
        match spoil {
            "accept" => {
                request.headers.remove("accept");
                request.headers.push("accept", "*/*");
            }
            "content-type" => {
                request.headers.remove("content-type");
                request.headers.push("content-type", "text/plain");
            }
            "message" => request.body = b"{\"jsonrpc\":\"2.0\"}".to_vec(),
            "version" => request.headers.push("mcp-protocol-version", "2026-07-28"),
            _ => request = model_server::request("GET", Some(session), ""),
        }
        request
    };
    let cases = [
        ("accept", 406, "both application/json and text/event-stream"),
        ("content-type", 415, "Content-Type must be application/json"),
        (
            "message",
            400,
            "-32700,\"message\":\"Parse error: Invalid JSON-RPC message",
        ),
        (
            "version",
            400,
            "Bad Request: Unsupported protocol version: 2026-07-28 (supported versions: 2025-11-25, 2025-06-18, \
             2025-03-26, 2024-11-05, 2024-10-07)",
        ),
        ("get", 406, "Client must accept text/event-stream"),
    ];
    for (spoil, status, words) in cases {
        for (dialect, survives) in [(SG343, false), (SG400, true)] {
            let mut server = Server::new(dialect);
            let id = server.open();
            let (key, _) = server.request(spoiled(&id, spoil));
            let got = &server.got[&key];
            assert_eq!(got.status, status, "{spoil} {dialect}");
            let words = match (spoil, dialect) {
                // It is the gateway's own, and not the transport's.
                ("message", SG400) => "the request body is not a valid JSON-RPC message",
                _ => words,
            };
            assert!(got.text().contains(words), "{spoil}: {}", got.text());
            serde_json::from_slice::<serde_json::Value>(&got.body).expect(spoil);
            assert_eq!(
                server.live().len(),
                usize::from(survives),
                "{spoil} {dialect}"
            );
        }
    }
}

#[test]
fn sg343_a_refusal_ends_a_running_call_without_an_answer() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let slow = server.slow(&id, 7, 5_000);
    let head = server.got[&slow].clone();
    assert_eq!((head.status, head.end), (200, None));
    server.post(Some(&id), &model_server::initialize("2025-06-18"));
    assert_eq!(server.got[&slow].end, Some(true));
    server.wait(10_000);
    assert_eq!(server.got[&slow].text(), "");
}

#[test]
fn sg400_survives_conflict_and_repeated_initialize() {
    let mut server = Server::new(SG400);
    let id = server.open();
    let first = server.get(&id);
    let (second, _) = server.request(get(Some(&id)));
    assert_eq!(server.got[&second].status, 409);
    let again = server.post(Some(&id), &model_server::initialize("2025-06-18"));
    assert_eq!(again.status, 400);
    assert_eq!(server.got[&first].end, None);
    assert_eq!(server.list(&id).status, 200);
    assert_eq!(server.ended(), []);
}

#[test]
fn sg343_dies_of_an_answer_whose_client_left() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let slow = server.slow(&id, 7, 5_000);
    server.wait(1_000);
    // The abort alone does nothing: it is the child's answer, later, that nobody catches.
    assert_eq!(names(&server.input(Input::Aborted { key: slow })), [""; 0]);
    assert_eq!(server.list(&id).status, 200);
    server.wait(3_999);
    assert_eq!(server.exit(), None);
    server.wait(1);
    assert_eq!(
        server.exit(),
        Some((1, "Error: No connection established for request ID: 7"))
    );
    assert_eq!(
        server.live(),
        std::slice::from_ref(&id),
        "for the shell to end"
    );
    let (key, out) = server.request(get(Some(&id)));
    assert!(out.is_empty() && !server.got.contains_key(&key));
}

#[test]
fn sg343_does_not_die_of_an_aborted_get() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let stream = server.get(&id);
    server.input(Input::Aborted { key: stream });
    server.wait(60_000);
    assert_eq!(server.exit(), None);
    let again = server.get(&id);
    assert_eq!(server.got[&again].status, 200, "the stream's place is free");
}

#[test]
fn sg343_does_not_die_of_a_call_that_was_cancelled_before_its_client_left() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let slow = server.slow(&id, 7, 5_000);
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    assert_eq!(server.post(Some(&id), &cancel).status, 202);
    server.wait(10_000);
    assert_eq!(
        server.got[&slow].end, None,
        "CAN-02: no answer, so no end either"
    );
    server.input(Input::Aborted { key: slow });
    server.wait(10_000);
    assert_eq!(server.exit(), None);
}

#[test]
fn sg400_drops_an_answer_whose_client_left() {
    let mut server = Server::new(SG400);
    let id = server.open();
    let slow = server.slow(&id, 7, 5_000);
    server.input(Input::Aborted { key: slow });
    server.wait(10_000);
    assert_eq!(server.list(&id).status, 200);
    assert_eq!(server.exit(), None);
    assert_eq!(server.got[&slow].text(), "");
    assert_eq!(
        server.store.snapshot().len(),
        1,
        "the write was done all the same"
    );
}

#[test]
fn sg343_dies_of_poisoned_ids_without_an_answer() {
    for id in ["constructor", "toString", "__proto__", "valueOf"] {
        for method in ["POST", "GET", "DELETE"] {
            let mut server = Server::new(SG343);
            server.open();
            let (key, out) = server.request(request(method, Some(id), "{}"));
            assert_eq!(names(&out), ["exit"], "{method} {id}");
            assert_eq!(server.exit().map(|e| e.0), Some(1));
            assert!(!server.got.contains_key(&key));
        }
    }
    let mut server = Server::new(SG343);
    let (key, _) = server.request(request("GET", Some("constructors"), ""));
    assert_eq!((server.got[&key].status, server.exit()), (400, None));
}

#[test]
fn sg400_knows_no_poisoned_ids() {
    for id in ["constructor", "toString", "__proto__"] {
        let mut server = Server::new(SG400);
        let got = server.list(id);
        assert_eq!((got.status, got.body.len(), server.exit()), (404, 81, None));
    }
}

#[test]
fn sg343_child_death_ends_the_call_without_an_answer() {
    let mut server = Server::new(SG343);
    let id = server.open();
    let (stream, slow) = (server.get(&id), server.slow(&id, 9, 5_000));
    let out = server.input(Input::ChildDied {
        session: id.clone(),
    });
    assert_eq!(names(&out), ["close", "close", "end-session"]);
    assert_eq!(server.got[&slow].text(), "");
    assert_eq!(server.got[&stream].end, Some(true));
    assert_eq!(server.ended(), [(id.clone(), SessionEnd::ChildEnded)]);
    let next = server.list(&id);
    assert_eq!((next.status, next.body.len()), (400, 105));
}

#[test]
fn sg400_child_death_fails_the_call() {
    let mut server = Server::new(SG400);
    let id = server.open();
    let slow = server.slow(&id, 9, 5_000);
    let out = server.input(Input::ChildDied {
        session: id.clone(),
    });
    assert_eq!(names(&out), ["event", "close", "end-session"]);
    assert_eq!(
        server.got[&slow].text(),
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":9,\"error\":{\"code\":-32603,\"message\":\"MCP server process failed\"}}\n\n"
    );
    let next = server.list(&id);
    assert_eq!((next.status, next.body.len()), (404, 81));
}

#[test]
fn child_death_in_an_unknown_session_is_nothing() {
    let mut server = Server::new(SG400);
    let out = server.input(Input::ChildDied {
        session: "nobody".into(),
    });
    assert_eq!(names(&out), [""; 0]);
}

#[test]
fn sigterm_cuts_streams_in_343_and_ends_them_in_400() {
    for (dialect, clean) in [(SG343, false), (SG400, true)] {
        let mut server = Server::new(dialect);
        let id = server.open();
        let (stream, slow) = (server.get(&id), server.slow(&id, 1, 5_000));
        let out = server.input(Input::Terminate);
        assert_eq!(out.len(), 2, "{out:?}");
        for key in [stream, slow] {
            assert_eq!(server.got[&key].end, Some(clean), "{dialect}");
        }
        assert_eq!(
            server.live(),
            std::slice::from_ref(&id),
            "the process ends it"
        );
        server.restart();
        assert_ne!(server.list(&id).status, 200, "{dialect} forgets");
        assert!(server.live().is_empty());
        assert_eq!(server.store.snapshot().len(), 1, "the graph is on disk");
    }
}

#[test]
fn a_post_gets_its_head_before_the_child_works_and_the_effect_before_the_answer() {
    let mut server = Server::new(SG343);
    let (_, out) = server.request(post(None, &model_server::initialize("2025-06-18")));
    assert_eq!(names(&out), ["open-session", "head", "event", "close"]);
    let id = server.live().remove(0);
    let create = json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "create_entities",
        "arguments": {"entities": [{"name": "n", "entityType": "t", "observations": []}]}}});
    let (_, out) = server.request(post(Some(&id), &create));
    assert_eq!(names(&out), ["head", "effect", "event", "close"]);
    let Output::Effect { tool, arguments } = &out[1] else {
        panic!("{out:?}")
    };
    assert_eq!(tool, "create_entities");
    assert_eq!(arguments["entities"][0]["name"], "n");
    let (key, out) = server.request(post(Some(&id), &model_server::slow_call(3, 250)));
    assert_eq!(names(&out), ["head", "effect"]);
    server.wait(249);
    assert_eq!(server.got[&key].text(), "");
    server.wait(1);
    assert!(
        server.got[&key]
            .text()
            .ends_with(",\"jsonrpc\":\"2.0\",\"id\":3}\n\n")
    );
    assert_eq!(server.got[&key].end, Some(true));
    assert_eq!(key, Key(2));
}
