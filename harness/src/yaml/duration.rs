//! Durations: a number and a unit, or the word `never`.

use schemars::{JsonSchema, json_schema};

use super::decode::{Decode, mismatch};
use super::forms::words;
use super::report::{Mistake, Report};
use super::scalar::inline_schema;
use super::tree::{Kind, Node};
use super::word::One;
use super::words::{nearest, quote};

/// The longest duration that a file can name, in milliseconds: 7 days. The shortest is 1 ms.
pub(crate) const LONGEST_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duration(pub(crate) u64);

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
            |title: String, label: &str| Mistake::new(node.span, title, label).help(UNITS_HELP);
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

words! {
    /// The word for a timeout that there is not.
    Never, "words for a timeout"; Never = "never",
}

/// An idle timeout.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum TimeoutForm {
    /// There is none.
    Never(One<Never>),
    /// After that time.
    After(Duration),
}

impl Decode for TimeoutForm {
    const WHAT: &'static str = "a duration or `never`";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(text) if text == "never" => Some(Self::Never(One(Never::Never))),
            Kind::Text(text) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
                let title = format!("{} is neither a duration nor `never`", quote(text));
                let label = match nearest(text, &["never"]) {
                    Some(_) => "did you mean `never`?",
                    None => "this must be a duration or `never`",
                };
                report.add(
                    Mistake::new(node.span, title, label).help("write e.g. `30m`, or `never`"),
                );
                None
            }
            _ => Duration::decode(node, report).map(Self::After),
        }
    }
}

impl TimeoutForm {
    /// In milliseconds; `None` is never.
    pub(crate) fn ms(&self) -> Option<u64> {
        match self {
            Self::Never(_) => None,
            Self::After(duration) => Some(duration.0),
        }
    }
}

/// The milliseconds of a duration as files have it; `None` of a text that is none.
pub(crate) fn read(text: &str) -> Option<u64> {
    let end = text.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    milliseconds(number, *factor)
}

/// A duration as files have it: in the largest unit in which it is a whole number.
pub(crate) fn written(ms: u64) -> String {
    let fits = |(_, factor): &&(&str, u128)| ms != 0 && u128::from(ms).is_multiple_of(*factor);
    let (unit, factor) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    format!("{}{unit}", u128::from(ms) / factor)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn a_duration_is_written_in_the_largest_unit() {
        let written = [1, 1_000, 1_500, 60_000, 90_000, 3_600_000].map(written);
        assert_eq!(written, ["1ms", "1s", "1500ms", "1m", "90s", "1h"]);
    }
}
