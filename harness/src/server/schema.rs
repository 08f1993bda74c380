//! Shapes that parameters must have, and the complaints about those that do not, worded as the TypeScript SDK's validator
//! words them. Only wrong types are complained about; ranges and patterns are not here.

use serde::Serialize;
use serde_json::{Value, json};

/// The shape of a value. Members of an object that are not named are welcome.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    /// A whole number, 0 or more.
    Number,
    Array(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
}

/// One complaint, its members in the validator's order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Issue {
    expected: &'static str,
    code: &'static str,
    path: Vec<Value>,
    message: String,
}

impl Shape {
    /// What is wrong with `value`, which stands at `path`; `None` is a member that is missing.
    pub(super) fn issues(self, value: Option<&Value>, path: &[Value]) -> Vec<Issue> {
        let (expected, fits) = match self {
            Self::Text => ("string", value.is_some_and(Value::is_string)),
            Self::Number => ("number", value.is_some_and(Value::is_u64)),
            Self::Array(_) => ("array", value.is_some_and(Value::is_array)),
            Self::Object(_) => ("object", value.is_some_and(Value::is_object)),
        };
        if !fits {
            return vec![Issue {
                expected,
                code: "invalid_type",
                path: path.to_vec(),
                message: format!(
                    "Invalid input: expected {expected}, received {}",
                    kind(value)
                ),
            }];
        }
        let below = |step: Value| [path, &[step]].concat();
        match (self, value) {
            (Self::Array(item), Some(Value::Array(items))) => items
                .iter()
                .enumerate()
                .flat_map(|(i, v)| item.issues(Some(v), &below(json!(i))))
                .collect(),
            (Self::Object(members), Some(Value::Object(object))) => members
                .iter()
                .flat_map(|(name, shape)| shape.issues(object.get(*name), &below(json!(name))))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The complaints as one text.
pub(super) fn text(issues: &[Issue]) -> String {
    serde_json::to_string_pretty(issues).expect("issues are plain data")
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: Shape = Shape::Object(&[(
        "people",
        Shape::Array(&Shape::Object(&[
            ("name", Shape::Text),
            ("age", Shape::Number),
        ])),
    )]);

    #[test]
    fn every_wrong_place_is_named() {
        let value = json!({"people": [{"name": "a", "age": 1}, {"name": 2}], "more": true});
        let issues = PEOPLE.issues(Some(&value), &[]);
        let named: Vec<_> = issues
            .iter()
            .map(|i| (i.path.clone(), i.message.as_str()))
            .collect();
        assert_eq!(
            named,
            [
                (
                    vec![json!("people"), json!(1), json!("name")],
                    "Invalid input: expected string, received number"
                ),
                (
                    vec![json!("people"), json!(1), json!("age")],
                    "Invalid input: expected number, received undefined"
                ),
            ]
        );
    }

    #[test]
    fn the_text_is_pretty_json() {
        let issues = PEOPLE.issues(Some(&json!({})), &[]);
        assert_eq!(
            text(&issues),
            "[\n  {\n    \"expected\": \"array\",\n    \"code\": \"invalid_type\",\n    \"path\": [\n      \"people\"\n    ],\n    \
             \"message\": \"Invalid input: expected array, received undefined\"\n  }\n]"
        );
    }
}
