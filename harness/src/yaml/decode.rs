//! From tree to values: each type takes what it knows, reports everything else, and goes on. Whether names exist is the
//! business of whoever reads a kind of file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::report::{Mistake, Report};
use super::source::Span;
use super::tree::{Kind, Node};
use super::words::{allowed, nearest, quote};

/// What can be read from a node. `None` means that an error was reported.
pub(crate) trait Decode: Sized {
    /// What is expected, for messages: "a text".
    const WHAT: &'static str;

    /// What to write where nothing stands.
    fn hint() -> String {
        Self::WHAT.to_owned()
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self>;
}

/// Reports that a node is of another kind than it should be.
pub(crate) fn mismatch(node: &Node, what: &str) -> Mistake {
    let found = match &node.kind {
        Kind::Number(text) => format!("the number {}", quote(text)),
        Kind::Text(text) => format!("the text {}", quote(text)),
        _ => node.describe().to_owned(),
    };
    Mistake::new(
        node.span,
        format!("expected {what}, found {found}"),
        format!("this must be {what}"),
    )
}

/// A value with its place.
#[derive(Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
    /// The line where it is used, from 1.
    pub(crate) line: u64,
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
pub(crate) fn unknown<S: AsRef<str>>(
    span: Span,
    what: &str,
    word: &str,
    candidates: &[S],
) -> Mistake {
    let label = match nearest(word, candidates) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => format!("not among the {what}"),
    };
    let title = format!("{} is not among the {what}", quote(word));
    Mistake::new(span, title, label).help(allowed(word, what, candidates))
}
