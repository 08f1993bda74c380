//! The nonce of a driven call: a text in its arguments by which the call is found on the wire and at the server, without
//! a header of ours. It names the call's number, so that it can be read back without a list of all of them.

use serde_json::Value;

use crate::journal::CallId;

const PREFIX: &str = "n-";

/// The nonce of a call: of one length up to 999 calls, so that a body's length does not depend on the call's number.
#[must_use]
pub fn nonce(call: CallId) -> String {
    format!("{PREFIX}{:03}", call.0)
}

/// The call whose nonce that text is.
#[must_use]
pub fn call_of(text: &str) -> Option<CallId> {
    let digits = text.strip_prefix(PREFIX)?;
    let call = CallId(digits.parse().ok()?);
    // One spelling a number: neither a sign nor more zeros than `nonce` writes.
    (nonce(call) == text).then_some(call)
}

/// The first call whose nonce is a whole string anywhere in the value.
#[must_use]
pub fn call_in(value: &Value) -> Option<CallId> {
    match value {
        Value::String(text) => call_of(text),
        Value::Array(items) => items.iter().find_map(call_in),
        Value::Object(map) => map.values().find_map(call_in),
        _ => None,
    }
}

/// The first call whose nonce is a whole string of a JSON text, a member's name aside.
#[must_use]
pub fn quoted_call_in(json: &str) -> Option<CallId> {
    let begins = |at: usize| json[..at].ends_with('"') && !json[..at].ends_with("\\\"");
    json.match_indices(PREFIX).find_map(|(at, _)| {
        let (text, rest) = json[at..].split_once('"')?;
        let is_name = rest.trim_start().starts_with(':');
        call_of(text).filter(|_| begins(at) && !is_name)
    })
}

/// The one call whose nonce stands in the text as a word of its own; `None` if there is none or several.
#[must_use]
pub fn only_call_in(text: &str) -> Option<CallId> {
    let mut found = None;
    for (at, _) in text.match_indices(PREFIX) {
        // A backslash before the `n` makes a line end of it, and not a nonce.
        let joined = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\\');
        if text[..at].chars().next_back().is_some_and(joined) {
            continue;
        }
        let rest = &text[at + PREFIX.len()..];
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if rest[digits..].starts_with(char::is_alphanumeric) {
            continue;
        }
        let Some(call) = call_of(&text[at..at + PREFIX.len() + digits]) else {
            continue;
        };
        match found {
            None => found = Some(call),
            Some(other) if other == call => {}
            Some(_) => return None,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nonce_is_read_back_whole() {
        for number in [1, 99, 100, 999, 1000, 10_000] {
            let call = CallId(number);
            assert_eq!(call_of(&nonce(call)), Some(call));
            assert_eq!(only_call_in(&format!("\"{}\"", nonce(call))), Some(call));
        }
        for text in ["n-", "n-1", "n-0100", "n-+001", "m-001", "n-001x", ""] {
            assert_eq!(call_of(text), None, "{text}");
        }
    }

    #[test]
    fn one_nonce_is_not_found_in_another() {
        assert_eq!(only_call_in(r#"{\"name\":\"n-1000\"}"#), Some(CallId(1000)));
        assert_eq!(only_call_in("n-100, n-1000"), None);
        assert_eq!(only_call_in("n-001 and n-001"), Some(CallId(1)));
        assert_eq!(only_call_in(r"list:\n-001, main-002, n-003b"), None);
    }

    #[test]
    fn a_quoted_nonce_is_a_whole_string() {
        let of = quoted_call_in;
        assert_eq!(of(r#"{"a":["x","n-007"],"b":"n-008"}"#), Some(CallId(7)));
        assert_eq!(of(r#"{"n-007":1,"n-008" :2,"c":"n-009"}"#), Some(CallId(9)));
        for json in [
            r#"{"q":"what is n-007"}"#,
            r#"{"q":"n-007?"}"#,
            r#"{"q":"{\"a\":\"n-007\"}"}"#,
        ] {
            assert_eq!(of(json), None, "{json}");
        }
    }

    #[test]
    fn arguments_are_searched_to_the_bottom() {
        let arguments = json!({"entities": [{"name": "n-007", "observations": []}]});
        assert_eq!(call_in(&arguments), Some(CallId(7)));
        assert_eq!(call_in(&json!({"query": "what is n-007"})), None);
    }
}
