//! The lines that a program says and is told: of the driver protocol, and of MCP on standard input and output.

use serde_json::{Value, json};
use stalemate_clients::Speaks;

/// The version of the driver protocol.
pub(super) const PROTOCOL: u64 = 1;
/// The longest line, in bytes.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;

/// What a program said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// That it can be told what to do, and which requests its client does not offer.
    Ready(Vec<String>),
    /// The answer to what it was told under that number.
    Answer(u64, Result<Value, String>),
    /// That its server sent that notification.
    Notification(String),
    /// It asks for something itself, under that id.
    Asks(Value, String),
    /// Something for people.
    Log,
}

/// Reads a line.
pub(super) fn read(speaks: Speaks, line: &str) -> Result<Said, String> {
    let shown = || {
        let short: String = line.chars().take(120).collect();
        format!("`{short}`")
    };
    let value: Value = serde_json::from_str(line)
        .map_err(|error| format!("a line is no JSON ({error}): {}", shown()))?;
    let said = match speaks {
        Speaks::Driver => driver(&value),
        Speaks::McpStdio => mcp(&value),
    };
    said.map_err(|why| format!("{why}: {}", shown()))
}

/// Why a line is refused, by each of the protocols that refuse it.
pub(crate) fn refusals(line: &str) -> Vec<String> {
    let both = [Speaks::Driver, Speaks::McpStdio];
    both.into_iter()
        .filter_map(|s| read(s, line).err())
        .collect()
}

fn driver(value: &Value) -> Result<Said, String> {
    if let Some(version) = value.get("ready") {
        if version.as_u64() != Some(PROTOCOL) {
            return Err(format!("its protocol is not version {PROTOCOL}"));
        }
        let lacks = value.get("lacks").cloned().unwrap_or_else(|| json!([]));
        let lacks = serde_json::from_value(lacks);
        return lacks
            .map(Said::Ready)
            .map_err(|_| "`lacks` is no list of methods".to_owned());
    }
    if let Some(method) = value.get("notification") {
        let method = method.as_str().ok_or("`notification` is no text")?;
        return Ok(Said::Notification(method.to_owned()));
    }
    if value.get("log").is_some() {
        return Ok(Said::Log);
    }
    let id = value.get("id").and_then(Value::as_u64);
    let id = id.ok_or("it is neither `ready`, `notification`, `log` nor an answer with an `id`")?;
    match (value.get("ok"), value.get("error")) {
        (Some(result), None) => Ok(Said::Answer(id, Ok(result.clone()))),
        (None, Some(Value::String(why))) => Ok(Said::Answer(id, Err(why.clone()))),
        _ => Err("an answer has either `ok`, or `error` with a text".to_owned()),
    }
}

fn mcp(value: &Value) -> Result<Said, String> {
    let method = value.get("method").and_then(Value::as_str);
    match (method, value.get("id")) {
        (Some(method), Some(id)) => Ok(Said::Asks(id.clone(), method.to_owned())),
        (Some(method), None) => Ok(Said::Notification(method.to_owned())),
        (None, Some(id)) => {
            // An error without an id is a reply to nothing.
            let Some(id) = id.as_u64() else {
                return Ok(Said::Log);
            };
            let answer = match (value.get("result"), value.get("error")) {
                (Some(result), None) => Ok(result.clone()),
                (None, Some(error)) => {
                    let message = error.get("message").and_then(Value::as_str);
                    Err(message.unwrap_or("an error without a message").to_owned())
                }
                _ => return Err("an answer has either a result or an error".to_owned()),
            };
            Ok(Said::Answer(id, answer))
        }
        (None, None) => Err("it is no JSON-RPC message".to_owned()),
    }
}

/// What a driver is told: an operation with its parameters.
pub(super) fn operation(id: u64, name: &str, parameters: Value) -> String {
    let mut told = json!({"id": id, "op": name});
    if let (Some(told), Value::Object(parameters)) = (told.as_object_mut(), parameters) {
        told.extend(parameters);
    }
    told.to_string()
}

/// A JSON-RPC request.
pub(super) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// A JSON-RPC notification.
pub(super) fn notification(method: &str) -> String {
    json!({"jsonrpc": "2.0", "method": method}).to_string()
}

/// What a host without capabilities answers to a request of its server's.
pub(super) fn reply(id: &Value, method: &str) -> String {
    if method == "ping" {
        return json!({"jsonrpc": "2.0", "id": id, "result": {}}).to_string();
    }
    let error = json!({"code": -32601, "message": "Method not found"});
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_says_what_the_protocol_has_words_for() {
        let said = |line| read(Speaks::Driver, line);
        let ready = |lacks: &[&str]| Said::Ready(lacks.iter().map(ToString::to_string).collect());
        assert_eq!(said(r#"{"ready":1,"client":"x 1.0"}"#), Ok(ready(&[])));
        assert_eq!(
            said(r#"{"ready":1,"lacks":["prompts/get"]}"#),
            Ok(ready(&["prompts/get"]))
        );
        assert_eq!(
            said(r#"{"id":3,"ok":["a"]}"#),
            Ok(Said::Answer(3, Ok(json!(["a"]))))
        );
        assert_eq!(
            said(r#"{"id":3,"error":"no"}"#),
            Ok(Said::Answer(3, Err("no".to_owned())))
        );
        for wrong in [
            r#"{"ready":2}"#,
            r#"{"ready":1,"lacks":"prompts/get"}"#,
            r#"{"id":3}"#,
            r#"{"id":3,"ok":1,"error":"x"}"#,
            r#"{"id":-1,"ok":1}"#,
            r#"{"hello":1}"#,
            "[]",
            "hello",
        ] {
            assert!(said(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_mcp_program_may_ask_and_be_answered() {
        let said = |line| read(Speaks::McpStdio, line);
        assert_eq!(
            said(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#),
            Ok(Said::Asks(json!("a"), "ping".to_owned()))
        );
        let answer = said(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"gone"}}"#);
        assert_eq!(answer, Ok(Said::Answer(1, Err("gone".to_owned()))));
        assert!(reply(&json!(1), "ping").contains("result"));
        assert!(reply(&json!(1), "roots/list").contains("-32601"));
    }
}
