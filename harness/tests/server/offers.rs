//! What the model server offers besides its tools, what an old state of the graph is worth, and the words around an answer.

use serde_json::{Value, json};
use stalemate::server::{Entity, Input, Prompt};

use crate::bounds::like;
use crate::model_server::streams::{events, messages};
use crate::model_server::{Server, slow_call};

/// The result of a request in a session.
fn result(server: &mut Server, session: &str, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let key = server.call(session, &body);
    let data = events(&server.got[&key]).pop().and_then(|event| event.data);
    let answer: Value = serde_json::from_str(&data.expect("an answer")).expect("JSON");
    answer["result"].clone()
}

#[test]
fn every_prompt_that_is_listed_can_be_had_and_completed() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let listed = result(&mut server, &id, "prompts/list", json!({}));
    let one = json!({"name": "summarize", "arguments": [{"name": "topic", "required": true}]});
    assert_eq!(listed, json!({"prompts": [one]}));
    assert_eq!(Prompt::ALL.len(), 1);
    let arguments = json!({"name": "summarize", "arguments": {"topic": "tides"}});
    let filled_in = result(&mut server, &id, "prompts/get", arguments);
    let text = filled_in["messages"][0]["content"]["text"].as_str();
    assert!(text.is_some_and(|t| t.contains("tides")), "{filled_in}");
}

#[test]
fn an_old_state_of_the_graph_is_all_there_is_again() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let write = |server: &mut Server, name: &str| {
        let entity = json!({"name": name, "entityType": "t", "observations": ["o"]});
        let call = json!({"name": "create_entities", "arguments": {"entities": [entity]}});
        let done = result(server, &id, "tools/call", call);
        done["structuredContent"]["entities"]
            .as_array()
            .map(Vec::len)
    };
    let found = |server: &mut Server, query: &str| -> Vec<String> {
        let call = json!({"name": "search_nodes", "arguments": {"query": query}});
        let done = result(server, &id, "tools/call", call);
        let entities = done["structuredContent"]["entities"].clone();
        let entities: Vec<Entity> = serde_json::from_value(entities).expect("entities");
        entities.into_iter().map(|entity| entity.name).collect()
    };
    assert_eq!(write(&mut server, "early"), Some(1));
    let kept = server.store.snapshot();
    assert_eq!(write(&mut server, "late"), Some(1));
    assert_eq!(found(&mut server, ""), ["early", "late"]);
    server.store.restore(kept.clone());
    assert_eq!(server.store.snapshot(), kept);
    assert_eq!(found(&mut server, ""), ["early"]);
    assert_eq!(found(&mut server, "EARLY"), ["early"], "it can be searched");
    assert_eq!(write(&mut server, "early"), Some(0), "it is there");
    assert_eq!(write(&mut server, "late"), Some(1), "it was not");
}

/// Of a call that is over nobody is told how far it is (PROG-01), also not who comes for its answer later.
#[test]
fn nothing_is_told_of_a_call_in_the_moment_in_which_it_is_answered() {
    let told = "notifications/progress";
    for (ms, before) in [(999, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_500, 2)] {
        let mut server = Server::new("spec");
        let id = server.open_latest();
        let mut body = slow_call(7, ms);
        body["params"]["arguments"]["progress"] = json!(true);
        body["params"]["_meta"] = json!({"progressToken": "t-1"});
        let call = server.call(&id, &body);
        server.wait(10_000);
        let expected = [vec![told; before], vec!["7"]].concat();
        assert_eq!(messages(&server, call), expected, "{ms} ms");
        let late = server.resume(&id, "post-1/0");
        assert_eq!(messages(&server, late), expected, "{ms} ms, replayed");
    }
}

#[test]
fn the_last_words_on_a_stream_are_spelled_as_every_message() {
    let ended = "hazards: {ended-call: {error: {code: -32001, message: gone}}}";
    let mut server = like("supergateway-4.0.0", ended);
    let id = server.open();
    let (call, answered) = (server.slow(&id, 7, 20_000), server.slow(&id, 8, 0));
    server.input(Input::ExpireAll);
    assert_eq!(
        server.got[&call].text(),
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32001,\"message\":\"gone\"}}\n\n"
    );
    let answer = server.got[&answered].text();
    assert!(answer.starts_with("event: message\ndata: {"), "{answer}");
}
