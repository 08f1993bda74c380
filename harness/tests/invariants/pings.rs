//! What a client answers to a ping, as journals made by hand.

use serde_json::{Value, json};

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
