//! Which bodies are JSON-RPC messages to the model server, as the TypeScript SDK's schemas have it, and what a request finds
//! that is none.

use serde_json::{Value, json};

use crate::model_server::Server;
use crate::model_server::streams::events;

const REFUSAL: &str = r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error: Invalid JSON-RPC message"},"id":null}"#;

/// Messages by what they should lead to, each sent into a session of its own.
fn assert_each(messages: &[Value], expected: impl Fn(&Value, u16, &str)) {
    for message in messages {
        let mut server = Server::new("typescript-sdk-sessions");
        let id = server.open_latest();
        let key = server.call(&id, message);
        let got = &server.got[&key];
        expected(message, got.status, got.text());
    }
}

#[test]
fn requests_notifications_and_responses_are_messages() {
    assert_each(
        &[
            json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": "one", "method": "ping", "params": {}}),
            // Ids are whole numbers, of either sign.
            json!({"jsonrpc": "2.0", "id": 0, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": -1, "method": "ping"}),
        ],
        |message, status, _| assert_eq!(status, 200, "{message}"),
    );
    assert_each(
        &[
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}}),
            json!({"jsonrpc": "2.0", "id": 5, "result": {}}),
            json!({"jsonrpc": "2.0", "id": 5, "error": {"code": -32601, "message": "no"}}),
        ],
        |message, status, text| assert_eq!((status, text), (202, ""), "{message}"),
    );
}

#[test]
fn an_answer_has_the_id_of_its_request_whatever_it_is() {
    for id in [json!(-1), json!(0), json!("a \"quoted\" one")] {
        let mut server = Server::new("spec");
        let session = server.open_latest();
        let ping = json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        let key = server.call(&session, &ping);
        let data = events(&server.got[&key]).pop().and_then(|event| event.data);
        let answer: Value = serde_json::from_str(&data.expect("an answer")).expect("JSON");
        assert_eq!(answer, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
    }
}

#[test]
fn half_a_message_is_none() {
    assert_each(
        &[
            // Parameters that are no object, ids that are neither text nor a whole number, and a method that is no text.
            json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}),
            json!({"jsonrpc": "2.0", "id": null, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": 1, "method": 5}),
            // Responses that say nothing, or not to what.
            json!({"jsonrpc": "2.0", "id": 1}),
            json!({"jsonrpc": "2.0", "id": 1, "result": 5}),
            json!({"jsonrpc": "2.0", "result": {}}),
            json!({"jsonrpc": "2.0", "id": 1, "error": {"message": "no"}}),
            json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}),
            // One of them spoils the others that came with it.
            json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "id": 2}]),
        ],
        |message, status, text| assert_eq!((status, text), (400, REFUSAL), "{message}"),
    );
}
