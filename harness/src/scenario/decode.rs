//! From tree to values: each type takes what it knows, reports everything else, and goes on. Scalars are in `scalar`,
//! the macros that make forms of these parts in `forms`. Whether names exist is `check`'s business.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::diagnose::{Finding, Report, Span};
use super::scalar::Text;
use super::tree::{Kind, Node};
use super::words::{allowed, list, nearest, quote};

/// What can be read from a node. `None` means that an error was reported.
pub(super) trait Decode: Sized {
    /// What is expected, for messages: "a text".
    const WHAT: &'static str;

    /// What to write where nothing stands.
    fn hint() -> String {
        Self::WHAT.to_owned()
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self>;
}

/// Reports that a node is of another kind than it should be.
pub(super) fn mismatch(node: &Node, what: &str) -> Finding {
    let found = match &node.kind {
        Kind::Number(text) => format!("the number {}", quote(text)),
        Kind::Text(text) => format!("the text {}", quote(text)),
        _ => node.describe().to_owned(),
    };
    Finding::new(
        node.span,
        format!("expected {what}, found {found}"),
        format!("this must be {what}"),
    )
}

/// A value with its place.
#[derive(Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
    /// The line where it is used, from 1.
    pub(super) line: u64,
}

impl<T: Decode> Decode for At<T> {
    const WHAT: &'static str = T::WHAT;

    fn hint() -> String {
        T::hint()
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        Some(Self {
            value: T::decode(node, report)?,
            span: node.span,
            line: node.line,
        })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// The error for a word that is not among `candidates`; `what` names them in the plural.
pub(super) fn unknown<S: AsRef<str>>(
    span: Span,
    what: &str,
    word: &str,
    candidates: &[S],
) -> Finding {
    let label = match nearest(word, candidates) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => format!("not among the {what}"),
    };
    let title = format!("{} is not among the {what}", quote(word));
    Finding::new(span, title, label).help(allowed(word, what, candidates))
}

/// A list; `whole` unless an element could not be read.
#[derive(Debug)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) whole: bool,
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
pub(super) struct Entries<T>(pub(super) Vec<(At<Text>, Option<T>)>);

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
                && repeated(&mut seen, text, key.span, report)
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

/// Whether a key stood in the map before, which is reported.
fn repeated<'n>(
    seen: &mut BTreeMap<&'n str, Span>,
    key: &'n str,
    span: Span,
    report: &mut Report<'_>,
) -> bool {
    if let Some(first) = seen.get(key) {
        report.add(
            Finding::new(
                span,
                format!("the key {} is given twice", quote(key)),
                "again here",
            )
            .also(*first, "first here")
            .help("a key stands once in a map; remove one of the two"),
        );
        return true;
    }
    seen.insert(key, span);
    false
}

/// The value, unless there is none, which is reported.
fn valued<'n>(
    key: &Node,
    value: &'n Node,
    what: &str,
    report: &mut Report<'_>,
) -> Option<&'n Node> {
    if !matches!(value.kind, Kind::Null) {
        return Some(value);
    }
    let name = match &key.kind {
        Kind::Text(text) | Kind::Number(text) => quote(text),
        _ => "the key".to_owned(),
    };
    report.add(Finding::new(
        key.span,
        format!("{name} has no value"),
        format!("{what} must follow"),
    ));
    None
}

/// The entries of a form's map.
pub(super) struct Fields<'n> {
    what: &'static str,
    span: Span,
    found: BTreeMap<&'static str, (&'n Node, &'n Node)>,
    /// The keys that unknown ones come near to: they are misspelt, not missing.
    meant: Vec<&'n str>,
}

impl<'n> Fields<'n> {
    /// Sorts the entries by key; unknown and repeated ones are reported.
    pub(super) fn of(
        node: &'n Node,
        what: &'static str,
        keys: &'n [&'static str],
        report: &mut Report<'_>,
    ) -> Option<Self> {
        let Kind::Map(nodes) = &node.kind else {
            let help = format!("{what} is a map with the keys {}", list(keys));
            report.add(mismatch(node, "a map").help(help));
            return None;
        };
        let mut seen = BTreeMap::new();
        let mut found = BTreeMap::new();
        let mut meant = Vec::new();
        for (key, value) in nodes {
            let (Kind::Text(name) | Kind::Number(name)) = &key.kind else {
                report.add(
                    mismatch(key, "a key").help(format!("the keys of {what} are {}", list(keys))),
                );
                continue;
            };
            if repeated(&mut seen, name, key.span, report) {
                continue;
            }
            match keys.iter().find(|k| **k == *name) {
                Some(known) => {
                    found.insert(*known, (key, value));
                }
                None => {
                    let label = match nearest(name, keys) {
                        Some(near) => {
                            meant.push(near);
                            format!("did you mean {}?", quote(near))
                        }
                        None => format!("{what} has no such key"),
                    };
                    report.add(
                        Finding::new(
                            key.span,
                            format!("unknown key {} in {what}", quote(name)),
                            label,
                        )
                        .help(format!("the keys of {what} are {}", list(keys))),
                    );
                }
            }
        }
        Some(Self {
            what,
            span: node.span,
            found,
            meant,
        })
    }

    /// The known keys that stand there, with whatever value.
    pub(super) fn given(&self) -> Vec<&'static str> {
        self.found.keys().copied().collect()
    }

    /// The value of a key that need not be there.
    pub(super) fn optional<T: Decode>(
        &self,
        key: &'static str,
        report: &mut Report<'_>,
    ) -> Option<T> {
        let (key, value) = self.found.get(key)?;
        T::decode(valued(key, value, T::WHAT, report)?, report)
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: Decode>(
        &self,
        key: &'static str,
        report: &mut Report<'_>,
    ) -> Option<T> {
        if !self.found.contains_key(key) && !self.meant.contains(&key) {
            report.add(
                Finding::new(
                    self.span,
                    format!("{} has no {}", self.what, quote(key)),
                    format!("{} is missing here", quote(key)),
                )
                .help(format!("add `{key}:` with {}", T::hint())),
            );
        }
        self.optional(key, report)
    }
}
