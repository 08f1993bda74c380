//! The memory server behind the gateway: one JSON-RPC request in, what it does and answers out. Results are shaped like
//! those of `server-memory` 2026.8.31, errors like those of the TypeScript SDK 1.29 under it. `initialize` is answered by
//! the core, from the dialect.

use serde_json::{Value, json};

use super::offer::{self, Prompt, Resource};
use super::schema::{self, Shape};
use super::store::Store;
use super::tool::{self, Tool, Tools};

/// What `tools/list` answers: one tool a line, in the order of [`Tool::ALL`], member order as on the wire.
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
pub(super) fn ask(store: &Store, tools: Tools, method: &str, params: Option<&Value>) -> Told {
    match method {
        "ping" => Told::result("{}"),
        "tools/list" => {
            let all = Tool::ALL.into_iter().zip(TOOLS.lines());
            let offered = all.filter(|(tool, _)| tools.has(*tool));
            let lines: Vec<&str> = offered.map(|(_, line)| line).collect();
            Told::result(format!(r#"{{"tools":[{}]}}"#, lines.join(",")))
        }
        "tools/call" => checked(&CALL, params, |params| call(store, tools, params)),
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

fn call(store: &Store, tools: Tools, params: &Value) -> Told {
    let name = params["name"].as_str().unwrap_or_default();
    if !tools.iter().any(|tool| tool.as_str() == name) {
        return tool_error(&tool::unknown(name));
    }
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
mod tests;
