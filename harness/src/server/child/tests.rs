//! What the child answers, as text.

use super::*;

fn result_of(told: &Told) -> &str {
    match &told.reply {
        Reply::Result { result, .. } => result,
        Reply::Error { message, .. } => panic!("an error: {message}"),
    }
}

fn call_tool(store: &Store, tool: &str, arguments: Value) -> Told {
    ask(
        store,
        Tools::ALL,
        "tools/call",
        Some(&json!({"name": tool, "arguments": arguments})),
    )
}

#[test]
fn a_write_is_found_by_search_and_only_made_once() {
    let store = Store::new();
    let arguments =
        json!({"entities": [{"name": "Ada", "entityType": "person", "observations": ["n-17"]}]});
    let told = call_tool(&store, "create_entities", arguments.clone());
    assert_eq!(
        told.effect,
        Some(("create_entities".into(), arguments.clone()))
    );
    let text = "[\n  {\n    \"name\": \"Ada\",\n    \"entityType\": \"person\",\n    \"observations\": [\n      \"n-17\"\n    ]\n  }\n]";
    assert_eq!(
        result_of(&told),
        format!(
            r#"{{"content":[{{"type":"text","text":{}}}],"structuredContent":{{"entities":[{{"name":"Ada","entityType":"person","observations":["n-17"]}}]}}}}"#,
            json!(text)
        )
    );
    let again = call_tool(&store, "create_entities", arguments);
    assert!(again.effect.is_some());
    assert!(
        result_of(&again).ends_with(r#""structuredContent":{"entities":[]}}"#),
        "{again:?}"
    );
    for (query, found) in [("N-17", 1), ("PERSON", 1), ("ada", 1), ("bob", 0)] {
        let told = call_tool(&store, "search_nodes", json!({"query": query}));
        assert_eq!(told.effect, None);
        let value: Value = serde_json::from_str(result_of(&told)).unwrap();
        let entities = value["structuredContent"]["entities"].as_array().unwrap();
        assert_eq!(entities.len(), found, "{query}");
    }
}

#[test]
fn the_tool_list_is_json_and_names_the_driven_tools() {
    let told = ask(&Store::new(), Tools::ALL, "tools/list", None);
    let value: Value = serde_json::from_str(result_of(&told)).unwrap();
    let tools = value["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|t| t["name"].as_str().unwrap()).collect();
    let driven: Vec<_> = crate::server::Tool::ALL
        .iter()
        .map(|t| t.as_str())
        .collect();
    assert_eq!(names, driven);
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
    }
}

#[test]
fn mistakes_are_worded_as_the_sdk_words_them() {
    let store = Store::new();
    let unknown = call_tool(&store, "nope", json!({}));
    assert_eq!(
        result_of(&unknown),
        r#"{"content":[{"type":"text","text":"MCP error -32602: Tool nope not found"}],"isError":true}"#
    );
    let bad = call_tool(&store, "search_nodes", json!({"query": 5}));
    assert_eq!(bad.effect, None);
    assert!(
        result_of(&bad).contains(
            "MCP error -32602: Input validation error: Invalid arguments for tool search_nodes: ["
        ) && result_of(&bad).contains("expected string, received number"),
        "{bad:?}"
    );
    let method = ask(&store, Tools::ALL, "tools/nothing", None);
    assert_eq!(
        method.reply,
        Reply::Error {
            code: -32601,
            message: "Method not found".into()
        }
    );
    let Reply::Error { code, message } = ask(&store, Tools::ALL, "tools/call", None).reply else {
        panic!("a call without parameters was answered");
    };
    assert_eq!(code, -32603);
    assert!(
        message.contains("expected object, received undefined"),
        "{message}"
    );
    assert!(store.snapshot().is_empty());
}

#[test]
fn only_a_whole_initialize_is_one() {
    let whole = json!({"method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"}}});
    assert!(is_initialize(&whole));
    let mut half = whole.clone();
    half["params"]["clientInfo"] = json!({"name": "c"});
    assert!(!is_initialize(&half));
    assert!(!is_initialize(&json!([whole])));
}

#[test]
fn a_prompt_is_filled_in_and_completed_from_the_graph() {
    let store = Store::new();
    let arguments =
        json!({"entities": [{"name": "Ada", "entityType": "person", "observations": []}]});
    let _ = call_tool(&store, "create_entities", arguments);
    let get = |name: &str| {
        let params = json!({"name": name, "arguments": {"topic": "Ada"}});
        ask(&store, Tools::ALL, "prompts/get", Some(&params))
    };
    let value: Value = serde_json::from_str(result_of(&get("summarize"))).unwrap();
    let text = value["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(
        text.contains("of Ada:") && text.contains("person"),
        "{text}"
    );
    assert!(matches!(
        get("other").reply,
        Reply::Error { code: -32602, .. }
    ));
    let complete = |begun: &str| {
        let params = json!({"ref": {"type": "ref/prompt", "name": "summarize"},
            "argument": {"name": "topic", "value": begun}});
        ask(&store, Tools::ALL, "completion/complete", Some(&params))
    };
    for (begun, result) in [
        (
            "A",
            r#"{"completion":{"values":["Ada"],"total":1,"hasMore":false}}"#,
        ),
        (
            "b",
            r#"{"completion":{"values":[],"total":0,"hasMore":false}}"#,
        ),
    ] {
        assert_eq!(result_of(&complete(begun)), result);
    }
}

#[test]
fn the_graph_is_readable_as_a_resource() {
    let store = Store::new();
    let read = |uri: &str| {
        ask(
            &store,
            Tools::ALL,
            "resources/read",
            Some(&json!({"uri": uri})),
        )
    };
    let value: Value = serde_json::from_str(result_of(&read(GRAPH_URI))).unwrap();
    assert_eq!(
        value["contents"][0]["text"],
        "{\n  \"entities\": [],\n  \"relations\": []\n}"
    );
    assert!(matches!(
        read("memory://x").reply,
        Reply::Error { code: -32602, .. }
    ));
    assert!(result_of(&read("memory://graph")).contains(r#""uri":"memory://graph""#));
    let told = ask(
        &store,
        Tools::ALL,
        "resources/subscribe",
        Some(&json!({"uri": GRAPH_URI})),
    );
    assert_eq!(told.subscribed, Some(true));
}

#[test]
fn a_tool_that_a_server_has_not_is_neither_listed_nor_called() {
    let store = Store::new();
    let two: Tools = [Tool::CreateEntities, Tool::SearchNodes]
        .into_iter()
        .collect();
    let Reply::Result { result, .. } = ask(&store, two, "tools/list", None).reply else {
        panic!("a list is a result");
    };
    let listed: Value = serde_json::from_str(&result).expect("JSON");
    let names = |value: &Value| -> Vec<String> {
        let tools = value["tools"].as_array().into_iter().flatten();
        tools
            .map(|t| t["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(names(&listed), ["create_entities", "search_nodes"]);
    let Reply::Result { result, .. } = ask(&store, Tools::ALL, "tools/list", None).reply else {
        panic!("a list is a result");
    };
    let all: Value = serde_json::from_str(&result).expect("JSON");
    assert_eq!(
        names(&all),
        Tools::ALL.names(),
        "a line for each, in the same order"
    );
    let slow = json!({"name": "slow", "arguments": {"name": "x", "ms": 1}});
    let told = ask(&store, two, "tools/call", Some(&slow));
    assert_eq!(told.effect, None);
    let Reply::Result { result, .. } = told.reply else {
        panic!("a tool's error is a result");
    };
    assert!(result.contains("Tool slow not found") && result.contains(r#""isError":true"#));
}
