//! The JSON Schema agrees with the loader and explains every key.

use std::path::Path;

use serde_json::Value;
use stalemate::scenario::{load_text, schema};

use crate::support::{LEAST, LIKE, WHOLE, right, vocabulary};

/// As much of JSON Schema as ours uses; another keyword is a failure of the test, not of the document.
fn fits(schema: &Value, root: &Value, value: &Value) -> Result<(), String> {
    let fail = |why: String| Err(format!("{why}: {value}"));
    let list = |rule: &Value| rule.as_array().expect("a list").clone();
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$ref" => {
                let path = rule.as_str().and_then(|r| r.strip_prefix('#'));
                let definition = root.pointer(path.expect("a local one"));
                fits(definition.expect("a definition"), root, value)?;
            }
            "type" => {
                let good = match rule.as_str().expect("one type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("the type {other}"),
                };
                if !good {
                    return fail(format!("no {rule}"));
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().expect("properties") {
                    if let Some(value) = value.get(key) {
                        fits(rule, root, value)?;
                    }
                }
            }
            "additionalProperties" => {
                let known = |key| {
                    schema
                        .get("properties")
                        .is_some_and(|p| p.get(key).is_some())
                };
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known(key) {
                        continue;
                    }
                    if rule == &Value::Bool(false) {
                        return fail(format!("the key {key}"));
                    }
                    fits(rule, root, value)?;
                }
            }
            "required" => {
                for key in list(rule) {
                    if value.get(key.as_str().expect("a key")).is_none() {
                        return fail(format!("{key} is missing"));
                    }
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(rule, root, item)?;
                }
            }
            "enum" => {
                if !list(rule).contains(value) {
                    return fail(format!("none of {rule}"));
                }
            }
            "minimum" => {
                if value.as_u64() < rule.as_u64() {
                    return fail(format!("less than {rule}"));
                }
            }
            "maximum" => {
                if value.as_u64() > rule.as_u64() {
                    return fail(format!("more than {rule}"));
                }
            }
            "minItems" | "maxItems" => {
                let (count, least) = (value.as_array().map(Vec::len), keyword == "minItems");
                let bound = rule.as_u64().and_then(|n| usize::try_from(n).ok());
                if count.is_some() && if least { count < bound } else { count > bound } {
                    return fail(format!("{keyword} is {rule}"));
                }
            }
            "allOf" => {
                for rule in list(rule) {
                    fits(&rule, root, value)?;
                }
            }
            "anyOf" | "oneOf" => {
                let rules = list(rule);
                let good = rules
                    .iter()
                    .filter(|r| fits(r, root, value).is_ok())
                    .count();
                if good == 0 || (keyword == "oneOf" && good > 1) {
                    return fail(format!("{good} of the choices"));
                }
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
                    fits(rule, root, &Value::String(key.clone()))?;
                }
            }
            // That a text matches its pattern is the loader's business here.
            "pattern" | "title" | "description" | "$schema" | "definitions" => {}
            other => panic!("the keyword {other}"),
        }
    }
    Ok(())
}

fn json(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

#[test]
fn the_schema_takes_what_the_loader_takes() {
    let schema = schema();
    for text in [WHOLE, LEAST, LIKE] {
        right(text);
        fits(&schema, &schema, &json(text)).expect("fits");
    }
}

#[test]
fn the_schema_refuses_wrong_shapes() {
    let schema = schema();
    let inject = "inject: [{when: {event: effect}, then: {drop: soon}}]\nclients:";
    for (from, to) in [
        ("port: 80", "port: 0"),
        ("port: 80", "prt: 80"),
        ("port: 80", "port: \"80\""),
        ("port: 80", "port: "),
        ("wait: 1ms", "wait: 1"),
        ("{wait: 1ms}", "{}"),
        ("{wait: 1ms}", "{wait: 1ms, heal: all}"),
        ("{wait: 1ms}", "wait"),
        ("{wait: 1ms}", "{reload: page}"),
        ("{wait: 1ms}", "{call: {on: a, tool: fast}}"),
        ("{wait: 1ms}", "{call: {on: a, tool: slow, parallel: 65}}"),
        ("{wait: 1ms}", "{stall: {target: a}}"),
        ("{wait: 1ms}", "{restart: {target: a, for: 1s}}"),
        ("clients: [rmcp]", "clients: rmcp"),
        ("summary: The least.\n", ""),
        ("clients:", "path: [ngnix]\nclients:"),
        ("clients:", "path: [nginx: {statuses: {200: 99}}]\nclients:"),
        (
            "clients:",
            "path: [nginx: {request: {hide: [a]}}]\nclients:",
        ),
        ("clients:", "expect: {rmcp: {rung: nevr}}\nclients:"),
        ("clients:", inject),
        ("a: {dialect: strict}", "a: {dialect: {summary: other}}"),
        (
            "a: {dialect: strict}",
            "a: {dialect: {like: strict, sse: {keepalive: {every: 15}}}}",
        ),
        (
            "a: {dialect: strict}",
            "a: {dialect: {like: strict, answers: {acepted: {status: 200}}}}",
        ),
        (
            "a: {dialect: strict}",
            "a: {dialect: {like: strict, answers: {accepted: {status: ok}}}}",
        ),
        (
            "a: {dialect: strict}",
            "a: {dialect: {like: strict, sse: {style: {order: [id, data]}}}}",
        ),
    ] {
        assert_eq!(LEAST.matches(from).count(), 1, "{from}");
        let text = LEAST.replace(from, to);
        let loaded = load_text("", Path::new(""), &text, &vocabulary());
        assert!(loaded.is_err(), "the loader takes {to}");
        let taken = fits(&schema, &schema, &json(&text));
        assert!(taken.is_err(), "the schema takes {to}");
    }
}

#[test]
fn the_schema_explains_every_key() {
    fn walk(value: &Value, path: &str) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            assert_eq!(value["additionalProperties"], Value::Bool(false), "{path}");
            for (key, property) in properties {
                let told = property.get("description").or(value.get("description"));
                assert!(told.is_some_and(|text| text != ""), "{path}/{key}");
            }
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    walk(value, &format!("{path}/{key}"));
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, path)),
            _ => {}
        }
    }
    let schema = schema();
    walk(&schema, "");
    assert_eq!(schema["title"], "Stalemate scenario");
    let verbs = schema.pointer("/definitions/StepForm/oneOf");
    assert_eq!(verbs.and_then(Value::as_array).map(Vec::len), Some(31));
    // Which dialects and clients there are depends on the program.
    let dialect = &schema["definitions"]["ServerForm"]["properties"]["dialect"];
    let form = dialect["$ref"].as_str();
    let form = form.and_then(|form| schema.pointer(form.trim_start_matches('#')));
    let named = &form.expect("a definition")["anyOf"][0];
    assert_eq!(
        (&named["type"], named.get("enum")),
        (&"string".into(), None)
    );
    assert!(!schema.to_string().contains("null"), "{schema}");
}
