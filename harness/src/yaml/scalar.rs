//! Texts and whole numbers.

use schemars::json_schema;

use super::decode::{Decode, mismatch};
use super::report::{Mistake, Report};
use super::tree::{Kind, Node};
use super::words::quote;

/// Implements `JsonSchema` for a scalar, written where it is used.
macro_rules! inline_schema {
    ([$($generics:tt)*] $name:ty, $schema:expr) => {
        impl<$($generics)*> schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}

pub(crate) use inline_schema;

/// A text that is not blank.
pub(crate) type Text = String;

impl Decode for Text {
    const WHAT: &'static str = "a text";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(text) if text.trim().is_empty() => {
                report.add(Mistake::new(
                    node.span,
                    "the text is empty",
                    "write something here",
                ));
                None
            }
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(_) | Kind::Bool(_) => {
                report.add(
                    mismatch(node, Self::WHAT).help("if it is meant as a text, put it in quotes"),
                );
                None
            }
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

/// A text that may be empty.
#[derive(Debug)]
pub(crate) struct AnyText(pub(crate) String);

impl Decode for AnyText {
    const WHAT: &'static str = "a text";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(text) if text.is_empty() => Some(Self(String::new())),
            Kind::Text(text) => Some(Self(text.clone())),
            _ => Text::decode(node, report).map(Self),
        }
    }
}

inline_schema!([] AnyText, json_schema!({"type": "string"}));

/// A whole number in a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Decode for Whole<LEAST, MOST> {
    const WHAT: &'static str = "a whole number";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::Number(text) = &node.kind else {
            report.add(mismatch(node, Self::WHAT));
            return None;
        };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            report.add(
                mismatch(node, Self::WHAT).help("write it in decimal digits, without a point"),
            );
            return None;
        }
        match text.parse::<u64>() {
            Ok(number) if (LEAST..=MOST).contains(&number) => Some(Self(number)),
            _ => {
                report.add(Mistake::new(
                    node.span,
                    format!("the number {} is out of range", quote(text)),
                    format!("this must be from {LEAST} to {MOST}"),
                ));
                None
            }
        }
    }
}

inline_schema!([const LEAST: u64, const MOST: u64] Whole<LEAST, MOST>,
    json_schema!({"type": "integer", "minimum": LEAST, "maximum": MOST}));

/// A whole number, which may be negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed(pub(crate) i64);

impl Decode for Signed {
    const WHAT: &'static str = "a whole number";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::Number(text) = &node.kind else {
            report.add(mismatch(node, Self::WHAT));
            return None;
        };
        let number = text.parse().ok();
        if number.is_none() {
            report.add(
                mismatch(node, Self::WHAT).help("write it in decimal digits, without a point"),
            );
        }
        number.map(Self)
    }
}

inline_schema!([] Signed, json_schema!({"type": "integer"}));

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag(pub(crate) bool);

impl Decode for Flag {
    const WHAT: &'static str = "`true` or `false`";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Bool(value) => Some(Self(value)),
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

inline_schema!([] Flag, json_schema!({"type": "boolean"}));
