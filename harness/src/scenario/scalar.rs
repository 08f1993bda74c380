//! The scalars of a scenario: texts, numbers, durations, words of closed sets. What a name refers to is not known here.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, mismatch, unknown};
use super::diagnose::{Finding, Report};
use super::model::{LONGEST_MS, shortened};
use super::tree::{Kind, Node};
use super::words::{allowed, list, quote};

/// Implements `JsonSchema` for a scalar, written where it is used.
macro_rules! inline_schema {
    ([$($generics:tt)*] $name:ty, $schema:expr) => {
        impl<$($generics)*> JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// A text that is not blank.
pub(super) type Text = String;

impl Decode for Text {
    const WHAT: &'static str = "a text";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(text) if text.trim().is_empty() => {
                report.add(Finding::new(
                    node.span,
                    "the text is empty",
                    "write something here",
                ));
                None
            }
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(_) | Kind::Bool => {
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
pub(super) struct AnyText(pub(super) String);

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

/// A text that messages do not repeat: a session id is a credential (SES-04).
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&shortened(&self.0)).finish()
    }
}

impl Decode for Secret {
    const WHAT: &'static str = "a session id";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        if let Kind::Number(_) = node.kind {
            let title = "expected a session id, found a number";
            report.add(
                Finding::new(node.span, title, "this must be a text").help("put it in quotes"),
            );
            return None;
        }
        Text::decode(node, report).map(Self)
    }
}

inline_schema!([] Secret, json_schema!({"type": "string", "pattern": "^[!-~]+$"}));

/// A whole number in a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const LEAST: u64, const MOST: u64>(pub(super) u64);

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
                report.add(Finding::new(
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

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duration(pub(super) u64);

const UNITS: [(&str, u128); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
const UNITS_HELP: &str =
    "a duration is a number and a unit (`ms`, `s`, `m`, `h`), e.g. `30s` or `1.5m`";

impl Decode for Duration {
    const WHAT: &'static str = "a duration";

    fn hint() -> String {
        "a duration such as `30s`".to_owned()
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let finding =
            |title: String, label: &str| Finding::new(node.span, title, label).help(UNITS_HELP);
        let text = match &node.kind {
            Kind::Text(text) => text,
            Kind::Number(text) => {
                let title = format!("the duration {} has no unit", quote(text));
                report.add(finding(
                    title,
                    &format!("did you mean {}?", quote(&format!("{text}s"))),
                ));
                return None;
            }
            _ => {
                report.add(mismatch(node, Self::WHAT).help(UNITS_HELP));
                return None;
            }
        };
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let shown = quote(text);
        if number.is_empty() {
            report.add(finding(
                format!("{shown} is not a duration"),
                "this must be a duration",
            ));
            return None;
        }
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let (title, label) = if unit.is_empty() {
                let title = format!("the duration {shown} has no unit");
                (
                    title,
                    format!("did you mean {}?", quote(&format!("{number}s"))),
                )
            } else if UNITS.iter().any(|(name, _)| *name == unit.trim()) {
                let title = format!("the duration {shown} has a space in it");
                let right = format!("{number}{}", unit.trim());
                (title, format!("write {}", quote(&right)))
            } else if unit.contains(|c: char| c.is_ascii_digit()) {
                let title = format!("the duration {shown} has several parts");
                (title, "one number and one unit, e.g. `90m`".to_owned())
            } else {
                let title = format!("the duration {shown} has an unknown unit");
                (title, "the units are `ms`, `s`, `m`, `h`".to_owned())
            };
            report.add(finding(title, &label));
            return None;
        };
        match milliseconds(number, *factor) {
            Some(ms) if (1..=LONGEST_MS).contains(&ms) => Some(Self(ms)),
            Some(_) => {
                report.add(finding(
                    format!("the duration {shown} is out of range"),
                    "this must be from `1ms` to 7 days (`168h`)",
                ));
                None
            }
            None => {
                report.add(finding(
                    format!("{shown} is not a duration"),
                    "this is no whole number of milliseconds",
                ));
                None
            }
        }
    }
}

/// A decimal number times a factor, if that is a whole number; one that is too large saturates.
fn milliseconds(number: &str, factor: u128) -> Option<u64> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (number, "0"),
    };
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u128>().ok()? * factor
    };
    if part % scale != 0 {
        return None;
    }
    let Ok(whole) = whole.parse::<u64>() else {
        return Some(u64::MAX);
    };
    Some(u64::try_from(u128::from(whole) * factor + part / scale).unwrap_or(u64::MAX))
}

inline_schema!([] Duration, json_schema!({
    "type": "string",
    "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$",
    "description": "A number and a unit (ms, s, m, h), from 1ms to 168h, e.g. 30s."
}));

/// A closed set of words.
pub(super) trait Word: Copy + 'static {
    /// What the words are, in the plural.
    const WHAT: &'static str;

    fn words() -> Vec<(&'static str, Self)>;
}

/// One word of a closed set.
#[derive(Clone, Copy, Debug)]
pub(super) struct One<W>(pub(super) W);

impl<W: Word> Decode for One<W> {
    const WHAT: &'static str = "a word";

    fn hint() -> String {
        format!("one of {}", list(&names::<W>()))
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let names = names::<W>();
        if let Kind::Text(text) = &node.kind {
            if let Some((_, word)) = W::words().into_iter().find(|(name, _)| name == text) {
                return Some(Self(word));
            }
            report.add(match names[..] {
                [only] => {
                    let title = format!("{} cannot stand here", quote(text));
                    Finding::new(node.span, title, format!("this must be the word `{only}`"))
                }
                _ => unknown(node.span, W::WHAT, text, &names),
            });
        } else if let [only] = names[..] {
            report.add(mismatch(node, &format!("the word `{only}`")));
        } else {
            report.add(mismatch(node, Self::WHAT).help(allowed("", W::WHAT, &names)));
        }
        None
    }
}

fn names<W: Word>() -> Vec<&'static str> {
    W::words().iter().map(|(name, _)| *name).collect()
}

inline_schema!([W: Word] One<W>, json_schema!({"type": "string", "enum": names::<W>()}));
