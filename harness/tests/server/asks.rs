//! What the model server asks of its clients, and which stream carries it.

use std::sync::Arc;

use serde_json::json;
use stalemate::server::{Demand, Input, RequestStream};

use crate::model_server::streams::messages;
use crate::model_server::{Server, builtin};

#[test]
fn what_is_asked_goes_on_the_get_stream_and_its_answer_is_accepted() {
    let mut server = Server::new("spec");
    let (id, other) = (server.open_latest(), server.open_latest());
    let stream = server.stream(&id);
    let call = server.slow_call(&id, 7, 1_000);
    for demand in Demand::ALL {
        server.input(Input::Demand(demand));
    }
    assert_eq!(
        messages(&server, stream),
        ["ping", "roots/list", "sampling/createMessage"]
    );
    let text = server.got[&stream].text();
    for id in 0..3 {
        assert!(text.contains(&format!(r#""id":{id},"#)), "{text}");
    }
    assert!(messages(&server, call).is_empty());
    let pong = json!({"jsonrpc": "2.0", "id": 0, "result": {}});
    let pong = server.call(&id, &pong);
    assert_eq!(server.got[&pong].status, 202);
    // The other session has no stream yet, and nothing is kept for one.
    let late = server.stream(&other);
    assert!(messages(&server, late).is_empty());
}

#[test]
fn a_dialect_may_ask_on_the_stream_of_a_call_that_runs() {
    let mut dialect = (*builtin("spec")).clone();
    dialect.sse.requests = RequestStream::Call;
    let mut server = Server::of(Arc::new(dialect), None);
    let id = server.open_latest();
    let stream = server.stream(&id);
    let call = server.slow_call(&id, 7, 1_000);
    server.input(Input::Demand(Demand::Ping));
    server.wait(1_000);
    assert_eq!(messages(&server, call), ["ping", "7"]);
    server.input(Input::Demand(Demand::Ping));
    assert_eq!(messages(&server, stream), ["ping"], "nothing runs any more");
}
