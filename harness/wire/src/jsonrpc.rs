//! JSON-RPC bodies: building the messages that models send, and summarizing whatever a peer sent. A summary never fails:
//! a body that is no JSON-RPC has an empty one. Matching answers to requests is the peers' business, not this module's.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// What kind of message a JSON-RPC object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RpcKind {
    /// Has a method and an id.
    Request,
    /// Has a method and no id.
    Notification,
    /// Has a result.
    Result,
    /// Has an error.
    Error,
}

/// The error member of a JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcError {
    /// The code, e.g. -32001.
    pub code: i64,
    /// The message.
    pub message: String,
}

/// The parts of a JSON-RPC message that judgements rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rpc {
    /// The kind of message.
    pub kind: RpcKind,
    /// The method of a request or notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The id as it stands; `None` where the member is missing, `Some(Null)` where it is null.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub id: Option<Value>,
    /// The tool of a `tools/call`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The revision that an `initialize` asks for, or that its result settles on (LIFE-07).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The error of an error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RpcError>,
    /// The id of the request that a `notifications/cancelled` gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels: Option<Value>,
    /// Whether it is a result that says nothing: an object that has no member but `_meta`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
}

/// A member that is there, even if it is null, which `Option` alone takes for one that is missing.
fn present<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(member).map(Some)
}

/// A request message in the member order that the TypeScript SDK writes.
#[must_use]
pub fn request(id: u64, method: &str, params: Option<Value>) -> Vec<u8> {
    match params {
        Some(params) => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":{},"params":{params}}}"#,
            json!(method)
        )
        .into_bytes(),
        None => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":{}}}"#,
            json!(method)
        )
        .into_bytes(),
    }
}

/// A notification message.
#[must_use]
pub fn notification(method: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","method":{}}}"#, json!(method)).into_bytes()
}

/// The summary of one JSON-RPC message, or `None` if the value is none.
fn summarize_value(value: &Value) -> Option<Rpc> {
    let object = value.as_object()?;
    let id = object.get("id").cloned();
    let method = object
        .get("method")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let error = object.get("error").map(|e| RpcError {
        code: e.get("code").and_then(Value::as_i64).unwrap_or(0),
        message: e
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    });
    let kind = match (&method, &id) {
        (Some(_), Some(_)) => RpcKind::Request,
        (Some(_), None) => RpcKind::Notification,
        (None, _) if error.is_some() => RpcKind::Error,
        (None, _) if object.contains_key("result") => RpcKind::Result,
        _ => return None,
    };
    let tool = (method.as_deref() == Some("tools/call"))
        .then(|| {
            value
                .pointer("/params/name")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .flatten();
    let cancels = (method.as_deref() == Some("notifications/cancelled"))
        .then(|| value.pointer("/params/requestId").cloned())
        .flatten();
    let revision = ["/params/protocolVersion", "/result/protocolVersion"]
        .into_iter()
        .find_map(|at| value.pointer(at)?.as_str())
        .map(str::to_owned);
    let result = object.get("result").and_then(Value::as_object);
    let says_nothing = result.is_some_and(|r| r.keys().all(|key| key == "_meta"));
    Some(Rpc {
        kind,
        method,
        id,
        tool,
        revision,
        error,
        cancels,
        empty: kind == RpcKind::Result && says_nothing,
    })
}

/// The messages in a body: none for a body that is no JSON-RPC, several for a batch (2025-03-26 only).
#[must_use]
pub fn summarize(body: &[u8]) -> Vec<Rpc> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(items)) => items.iter().filter_map(summarize_value).collect(),
        Ok(value) => summarize_value(&value).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let of = |text: &str| summarize(text.as_bytes()).first().map(|r| r.kind);
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
            Some(RpcKind::Request)
        );
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            Some(RpcKind::Notification)
        );
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            Some(RpcKind::Result)
        );
        assert_eq!(
            of(r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"x"},"id":null}"#),
            Some(RpcKind::Error)
        );
        assert_eq!(of("Invalid or missing session ID"), None);
        assert_eq!(of("[1,2]"), None);
    }

    #[test]
    fn an_id_of_null_is_not_a_missing_id() {
        let with_null = summarize(br#"{"error":{"code":1,"message":""},"id":null}"#);
        let without = summarize(br#"{"error":{"code":1,"message":""}}"#);
        assert_eq!(with_null[0].id, Some(Value::Null));
        assert_eq!(without[0].id, None);
        for rpc in [&with_null[0], &without[0]] {
            let text = serde_json::to_string(rpc).unwrap();
            assert_eq!(&serde_json::from_str::<Rpc>(&text).unwrap(), rpc);
        }
    }

    #[test]
    fn the_revision_of_a_handshake_is_kept() {
        let of = |text: &str| summarize(text.as_bytes())[0].revision.clone();
        let asked = r#"{"id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
        assert_eq!(of(asked).as_deref(), Some("2025-11-25"));
        let settled = r#"{"id":0,"result":{"protocolVersion":"2025-06-18"}}"#;
        assert_eq!(of(settled).as_deref(), Some("2025-06-18"));
        assert_eq!(of(r#"{"id":1,"result":{}}"#), None);
    }

    #[test]
    fn a_result_is_empty_if_it_has_no_members_of_its_own() {
        let of = |text: &str| summarize(text.as_bytes())[0].empty;
        assert!(of(r#"{"id":1,"result":{}}"#));
        assert!(of(r#"{"id":1,"result":{"_meta":{"a":1}}}"#));
        for other in [
            r#"{"id":1,"result":{"pong":true}}"#,
            r#"{"id":1,"result":"pong"}"#,
            r#"{"id":1,"result":[]}"#,
            r#"{"id":1,"result":null}"#,
            r#"{"id":1,"result":{},"error":{"code":1,"message":""}}"#,
        ] {
            assert!(!of(other), "{other}");
        }
    }

    #[test]
    fn built_messages_summarize_to_what_was_asked() {
        let body = request(
            3,
            "tools/call",
            Some(json!({"name": "search_nodes", "arguments": {"query": "x"}})),
        );
        let rpc = &summarize(&body)[0];
        assert_eq!(
            (rpc.tool.as_deref(), rpc.id.clone()),
            (Some("search_nodes"), Some(json!(3)))
        );
        assert_eq!(
            summarize(&notification("notifications/initialized"))[0].kind,
            RpcKind::Notification
        );
    }
}
