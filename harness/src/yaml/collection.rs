//! Lists, and maps from names to values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, mismatch};
use super::fields::{is_repeated, valued};
use super::report::Report;
use super::scalar::Text;
use super::source::Span;
use super::tree::{Kind, Node};
use super::words::quote;

/// A list; `whole` unless an element could not be read.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    pub(crate) whole: bool,
}

impl<T: Decode> Decode for List<T> {
    const WHAT: &'static str = "a list";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::List(nodes) = &node.kind else {
            let mut finding = mismatch(node, Self::WHAT);
            if let Kind::Text(text) | Kind::Number(text) = &node.kind {
                finding = finding.help(format!(
                    "a list of one is written `[{}]`",
                    quote(text).trim_matches('`')
                ));
            }
            report.add(finding);
            return None;
        };
        let items: Vec<T> = nodes.iter().filter_map(|n| T::decode(n, report)).collect();
        let whole = items.len() == nodes.len();
        Some(Self { items, whole })
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": generator.subschema_for::<T>()})
    }
}

/// A map from names to values; a value that could not be read is `None`, its name remains.
#[derive(Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(At<Text>, Option<T>)>);

impl<T: Decode> Decode for Entries<T> {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::Map(nodes) = &node.kind else {
            let what = "a map from names to values";
            report.add(
                mismatch(node, what).help("write `name: value`, in braces or on lines of its own"),
            );
            return None;
        };
        let mut seen = BTreeMap::new();
        let mut entries = Vec::new();
        for (key, value) in nodes {
            let Some(name) = At::<Text>::decode(key, report) else {
                continue;
            };
            if let Kind::Text(text) = &key.kind
                && is_repeated(&mut seen, text, key.span, report)
            {
                continue;
            }
            let value = valued(key, value, T::WHAT, report).and_then(|v| T::decode(v, report));
            entries.push((name, value));
        }
        Some(Self(entries))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": generator.subschema_for::<T>()})
    }
}

/// A map from whole numbers to values; a value that could not be read is `None`, its number remains.
#[derive(Debug)]
pub(crate) struct Numbered<K, T>(pub(crate) Vec<(At<K>, Option<T>)>);

impl<K: Decode, T: Decode> Decode for Numbered<K, T> {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::Map(nodes) = &node.kind else {
            let what = "a map from numbers to values";
            report.add(mismatch(node, what).help("write `number: value`, in braces"));
            return None;
        };
        let mut seen = BTreeMap::new();
        let mut entries = Vec::new();
        for (key, value) in nodes {
            let Some(number) = At::<K>::decode(key, report) else {
                continue;
            };
            if let Kind::Number(text) = &key.kind
                && is_repeated(&mut seen, text, key.span, report)
            {
                continue;
            }
            let value = valued(key, value, T::WHAT, report).and_then(|v| T::decode(v, report));
            entries.push((number, value));
        }
        Some(Self(entries))
    }
}

impl<K, T: JsonSchema> JsonSchema for Numbered<K, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("NumberedMapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": "^[0-9]+$"},
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// Whether an item of a list stands there for the first time; if not, that is reported.
pub(crate) fn first_time<'i>(
    seen: &mut BTreeMap<&'i str, Span>,
    item: &'i At<Text>,
    report: &mut Report<'_>,
) -> bool {
    first_of(seen, &item.value, item.span, &item.value, report)
}

/// As [`first_time`], with another word in the message.
pub(crate) fn first_of<'i>(
    seen: &mut BTreeMap<&'i str, Span>,
    item: &'i str,
    span: Span,
    shown: &str,
    report: &mut Report<'_>,
) -> bool {
    report.is_first(seen, item, span, || {
        let title = format!("{} is listed twice", quote(shown));
        (title, "remove one of the two")
    })
}
