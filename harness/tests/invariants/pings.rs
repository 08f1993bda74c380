//! What a client answers to a ping, as journals made by hand.

use serde_json::{Value, json};
use stalemate::invariant::Verdict;

use crate::made::Made;

const ID: &str = "cli-answers-ping";

/// A session in which the server pings on the stream, and that comes back.
fn answered(answer: &Value) -> Made {
    let mut made = Made::default();
    made.opens("S");
    let stream = made.listens("S");
    made.hears(
        stream,
        &json!({"jsonrpc": "2.0", "id": 7, "method": "ping"}),
    );
    made.tells("S", answer);
    made
}

#[test]
fn an_empty_result_is_asked_for() {
    let with = |result: Value| answered(&json!({"jsonrpc": "2.0", "id": 7, "result": result}));
    with(json!({})).holds(ID);
    with(json!({"_meta": {"trace": 1}})).holds(ID);
    for result in [json!({"pong": true}), json!("pong"), json!([]), Value::Null] {
        with(result).is_violated(ID);
    }
}

#[test]
fn an_error_is_no_answer() {
    let error = json!({"code": -32601, "message": "Method not found"});
    answered(&json!({"jsonrpc": "2.0", "id": 7, "error": error})).is_violated(ID);
}

/// A client that was told that this session is lost may have given it up.
#[test]
fn who_lost_the_session_owes_no_answer_in_it() {
    for (id, status, is_exempt) in [
        ("S", 404, true),
        ("S", 400, true),
        ("S", 410, true),
        ("S", 500, false),
        ("T", 404, false),
    ] {
        let mut made = Made::default();
        made.opens("S");
        let stream = made.listens("S");
        let ping = json!({"jsonrpc": "2.0", "id": 7, "method": "ping"});
        made.hears(stream, &ping);
        made.exchange("tools/call", Some(id), status);
        made.wait(20_000);
        made.exchange("tools/list", Some("U"), 200);
        match is_exempt {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised, "{id} {status}"),
            false => made.is_violated(ID),
        }
    }
}

/// The user was leaving when it came.
#[test]
fn who_leaves_answers_nothing_any_more() {
    use stalemate::journal::{Action, Event};

    for (leaves, at_once) in [(true, true), (true, false), (false, true)] {
        let mut made = Made::default();
        made.opens("S");
        let stream = made.listens("S");
        let ping = json!({"jsonrpc": "2.0", "id": 7, "method": "ping"});
        if leaves {
            made.begins(Action::Delete);
        }
        if at_once {
            made.hears(stream, &ping);
            made.exchange("DELETE", Some("S"), 200);
        } else {
            made.exchange("DELETE", Some("S"), 200);
            made.hears(stream, &ping);
        }
        if leaves {
            made.ends(Action::Delete);
        }
        made.wait(20_000);
        let server = made.server();
        made.note(Event::Committed {
            action: Action::Delete,
            server,
        });
        match leaves {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.is_violated(ID),
        }
    }
}
