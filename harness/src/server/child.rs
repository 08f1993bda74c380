//! The memory server behind the gateway: one JSON-RPC request in, what it does and answers out. Results are shaped like
//! those of `server-memory` 2026.8.31, errors like those of the TypeScript SDK 1.29 under it. `initialize` is answered by
//! the core, from the dialect.

use serde_json::{Value, json};

use super::offer::{self, Prompt, Resource};
use super::schema::{self, Shape};
use super::store::Store;
use super::tool;

/// What `tools/list` answers: one tool a line, member order as on the wire.
const TOOLS: &str = include_str!("tools.jsonl");

/// The resource that the graph is listed as.
const GRAPH_URI: &str = Resource::KnowledgeGraph.as_str();

const CALL: Shape = Shape::Object(&[("name", Shape::Text)]);
const RESOURCE: Shape = Shape::Object(&[("uri", Shape::Text)]);
const PROMPT: Shape = Shape::Object(&[("name", Shape::Text)]);
const COMPLETE: Shape = Shape::Object(&[
    ("ref", Shape::Object(&[("type", Shape::Text)])),
    (
        "argument",
        Shape::Object(&[("name", Shape::Text), ("value", Shape::Text)]),
    ),
]);
const INITIALIZE: Shape = Shape::Object(&[
    ("protocolVersion", Shape::Text),
    ("capabilities", Shape::Object(&[])),
    (
        "clientInfo",
        Shape::Object(&[("name", Shape::Text), ("version", Shape::Text)]),
    ),
]);

/// How a request is answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// With that result, so many milliseconds later.
    Result { after_ms: u64, result: String },
    /// With an error, at once.
    Error { code: i64, message: String },
}

/// What a request led to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    /// A durable write was carried out, with these arguments of that tool.
    pub(super) effect: Option<(String, Value)>,
    /// The client wants (`true`) or no longer wants to hear of changes to the graph.
    pub(super) subscribed: Option<bool>,
    /// The client wants to know how far the request is (PROG-01).
    pub(super) progress: Option<Progress>,
    /// The answer.
    pub(super) reply: Reply,
}

/// How far a request is, told every second until it is answered (PROG-01).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Progress {
    /// What the client named it, as it stands.
    token: Value,
    /// The seconds that will have passed when it is told next.
    done_s: u64,
    /// When the answer comes.
    all_ms: u64,
}

impl Progress {
    /// Milliseconds from one to the next.
    pub(super) const EVERY_MS: u64 = 1_000;

    /// Whether the request is still unanswered when this is told.
    pub(super) fn is_before_the_end(&self) -> bool {
        self.done_s * Self::EVERY_MS < self.all_ms
    }

    /// The parameters of the notification.
    pub(super) fn params(&self) -> String {
        let (token, done) = (&self.token, self.done_s);
        let all = self.all_ms.div_ceil(Self::EVERY_MS);
        format!(r#"{{"progressToken":{token},"progress":{done},"total":{all}}}"#)
    }

    /// What is told a second later.
    pub(super) fn next(self) -> Self {
        Self {
            done_s: self.done_s + 1,
            ..self
        }
    }
}

impl Told {
    fn new(reply: Reply) -> Self {
        Self {
            effect: None,
            subscribed: None,
            progress: None,
            reply,
        }
    }

    fn result(result: impl Into<String>) -> Self {
        Self::new(Reply::Result {
            after_ms: 0,
            result: result.into(),
        })
    }

    fn error(code: i64, message: impl Into<String>) -> Self {
        Self::new(Reply::Error {
            code,
            message: message.into(),
        })
    }
}

/// The method and the parameters of the notification of a changed graph, sent to clients that subscribed.
#[must_use]
pub(super) fn graph_changed() -> (&'static str, String) {
    (
        "notifications/resources/updated",
        format!(r#"{{"uri":"{GRAPH_URI}"}}"#),
    )
}

/// Whether the message is a well-formed `initialize` (LIFE-02); others are ordinary requests to the SDK.
#[must_use]
pub(super) fn is_initialize(message: &Value) -> bool {
    message.get("method").and_then(Value::as_str) == Some("initialize")
        && INITIALIZE.issues(message.get("params"), &[]).is_empty()
}

/// Carries out one request other than a well-formed `initialize`.
#[must_use]
pub(super) fn ask(store: &Store, method: &str, params: Option<&Value>) -> Told {
    match method {
        "ping" => Told::result("{}"),
        "tools/list" => {
            let tools: Vec<&str> = TOOLS.lines().collect();
            Told::result(format!(r#"{{"tools":[{}]}}"#, tools.join(",")))
        }
        "tools/call" => checked(&CALL, params, |params| call(store, params)),
        "resources/list" => Told::result(format!(
            r#"{{"resources":[{{"uri":"{GRAPH_URI}","name":"knowledge-graph","title":"Knowledge Graph","mimeType":"application/json"}}]}}"#
        )),
        "resources/templates/list" => Told::result(r#"{"resourceTemplates":[]}"#),
        "resources/read" => checked(&RESOURCE, params, |params| read_resource(store, params)),
        "resources/subscribe" | "resources/unsubscribe" => checked(&RESOURCE, params, |params| {
            let mut told = Told::result("{}");
            if resource(params).is_some() {
                told.subscribed = Some(method == "resources/subscribe");
            }
            told
        }),
        "prompts/list" => Told::result(offer::prompt_list()),
        "prompts/get" => checked(&PROMPT, params, |params| prompt(store, params)),
        "completion/complete" => checked(&COMPLETE, params, |params| complete(store, params)),
        // A malformed one, that is; see `checked` for the code.
        "initialize" => {
            let issues = INITIALIZE.issues(params, &[json!("params")]);
            Told::error(-32603, schema::text(&issues))
        }
        _ => Told::error(-32601, "Method not found"),
    }
}

/// The SDK's request schemas fail inside its dispatcher, which knows no better code for that than -32603.
fn checked(shape: &Shape, params: Option<&Value>, then: impl FnOnce(&Value) -> Told) -> Told {
    let issues = shape.issues(params, &[json!("params")]);
    match params {
        Some(params) if issues.is_empty() => then(params),
        _ => Told::error(-32603, schema::text(&issues)),
    }
}

fn resource(params: &Value) -> Option<Resource> {
    Resource::of(params["uri"].as_str()?)
}

fn read_resource(store: &Store, params: &Value) -> Told {
    let Some(resource) = resource(params) else {
        return not_found("Resource", &params["uri"]);
    };
    Told::result(format!(
        r#"{{"contents":[{{"uri":"{}","mimeType":"application/json","text":{}}}]}}"#,
        resource.as_str(),
        json!(offer::read(store, resource))
    ))
}

fn prompt(store: &Store, params: &Value) -> Told {
    let Some(prompt) = params["name"].as_str().and_then(Prompt::of) else {
        return not_found("Prompt", &params["name"]);
    };
    let topic = params["arguments"][Prompt::ARGUMENT].as_str();
    Told::result(offer::prompt_result(
        store,
        prompt,
        topic.unwrap_or_default(),
    ))
}

fn complete(store: &Store, params: &Value) -> Told {
    let name = &params["ref"]["name"];
    if name.as_str().and_then(Prompt::of).is_none() {
        return not_found("Prompt", name);
    }
    let begun = params["argument"]["value"].as_str();
    Told::result(offer::completion_result(store, begun.unwrap_or_default()))
}

fn not_found(what: &str, name: &Value) -> Told {
    let name = name.as_str().unwrap_or_default();
    Told::error(-32602, format!("MCP error -32602: {what} {name} not found"))
}

fn call(store: &Store, params: &Value) -> Told {
    let name = params["name"].as_str().unwrap_or_default();
    let arguments = params.get("arguments").cloned().unwrap_or(json!({}));
    let done = match tool::run(store, name, &arguments) {
        Ok(done) => done,
        Err(message) => return tool_error(&message),
    };
    let token = params["_meta"].get("progressToken").cloned();
    let wants_progress = arguments["progress"] == true && done.after_ms > 0;
    Told {
        progress: token.filter(|_| wants_progress).map(|token| Progress {
            token,
            done_s: 1,
            all_ms: done.after_ms,
        }),
        effect: done.wrote.then(|| (name.to_owned(), arguments)),
        ..Told::new(Reply::Result {
            after_ms: done.after_ms,
            result: tool_result(&done.text, &done.structured),
        })
    }
}

fn tool_result(text: &str, structured: &str) -> String {
    format!(
        r#"{{"content":[{{"type":"text","text":{}}}],"structuredContent":{structured}}}"#,
        json!(text)
    )
}

/// What goes wrong in a tool is a result to the SDK, since 1.21; the code survives in the text only.
fn tool_error(message: &str) -> Told {
    Told::result(format!(
        r#"{{"content":[{{"type":"text","text":{}}}],"isError":true}}"#,
        json!(format!("MCP error -32602: {message}"))
    ))
}

#[cfg(test)]
mod tests {
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
            "tools/call",
            Some(&json!({"name": tool, "arguments": arguments})),
        )
    }

    #[test]
    fn a_write_is_found_by_search_and_only_made_once() {
        let store = Store::new();
        let arguments = json!({"entities": [{"name": "Ada", "entityType": "person", "observations": ["n-17"]}]});
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
        let told = ask(&Store::new(), "tools/list", None);
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
            result_of(&bad).contains("MCP error -32602: Input validation error: Invalid arguments for tool search_nodes: [")
                && result_of(&bad).contains("expected string, received number"),
            "{bad:?}"
        );
        let method = ask(&store, "tools/nothing", None);
        assert_eq!(
            method.reply,
            Reply::Error {
                code: -32601,
                message: "Method not found".into()
            }
        );
        let Reply::Error { code, message } = ask(&store, "tools/call", None).reply else {
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
            ask(&store, "prompts/get", Some(&params))
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
            ask(&store, "completion/complete", Some(&params))
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
        let read = |uri: &str| ask(&store, "resources/read", Some(&json!({"uri": uri})));
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
            "resources/subscribe",
            Some(&json!({"uri": GRAPH_URI})),
        );
        assert_eq!(told.subscribed, Some(true));
    }
}
