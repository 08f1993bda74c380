//! The version header, and the answers that mean a lost session.

use schemars::JsonSchema;
use stalemate_clients::model::{LostSignal, VersionHeader};

use super::knob::Knob;
use super::values::{Checked, Shape};
use crate::yaml::collection::List;
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::forms::record;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{Signed, Text, Whole};
use crate::yaml::tree::{Kind, Node};
use crate::yaml::words::{nearest, quote};
use crate::yaml::write::{Entries, Yaml};

/// A version header: `negotiated`, `missing`, or a revision.
#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct VersionForm(Text);

const VERSION_WORDS: [&str; 2] = ["negotiated", "missing"];

impl Decode for VersionForm {
    const WHAT: &'static str = "`negotiated`, `missing` or a revision";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let Kind::Text(text) = &node.kind else {
            report.add(mismatch(node, Self::WHAT).help("a revision is a date, e.g. `2025-06-18`"));
            return None;
        };
        Some(Self(text.clone()))
    }
}

impl Shape for VersionForm {
    type Value = VersionHeader;

    fn value(self, node: &Node, report: &mut Report<'_>) -> Option<VersionHeader> {
        let text = self.0;
        match text.as_str() {
            "negotiated" => return Some(VersionHeader::Negotiated),
            "missing" => return Some(VersionHeader::Missing),
            _ => {}
        }
        let is_date = text.len() == 10
            && text.bytes().enumerate().all(|(n, b)| match n {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            });
        if is_date {
            return Some(VersionHeader::Always(text));
        }
        let title = format!(
            "{} is neither a revision nor a word for a version header",
            quote(&text)
        );
        let label = match nearest(&text, &VERSION_WORDS) {
            Some(near) => format!("did you mean {}?", quote(near)),
            None => "this must be a date, or a word".to_owned(),
        };
        report.add(
            Mistake::new(node.span, title, label).help(
                "write `negotiated`, `missing`, or the date of a revision, e.g. `2025-06-18`",
            ),
        );
        None
    }
}

impl Knob for VersionHeader {
    type Form = Checked<VersionForm>;

    fn read(form: &Self::Form) -> Self {
        form.0.clone()
    }

    fn written(&self) -> Yaml {
        Yaml::text(match self {
            Self::Negotiated => "negotiated",
            Self::Missing => "missing",
            Self::Always(version) => version,
        })
    }
}

/// A status.
type StatusForm = Whole<100, 599>;

record! {
    /// An answer, by its status and its body.
    AnswerForm, "an answer";
    required {
        /// The status; 200 for an error in a successful answer.
        "status" status: StatusForm,
    }
    optional {
        /// The code of the JSON-RPC error in the body; any, or none, if it is missing.
        "code" code: Signed,
        /// What the body says somewhere, in capitals or not.
        "says" says: Text,
    }
}

/// An answer, by its status or more closely.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum SignalForm {
    /// That status, whatever the body.
    Status(StatusForm),
    /// That status with such a body.
    Answer(AnswerForm),
}

impl Decode for SignalForm {
    const WHAT: &'static str = "a status, or a map with one";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => AnswerForm::decode(node, report).map(Self::Answer),
            Kind::Number(_) => Whole::decode(node, report).map(Self::Status),
            _ => {
                report.add(
                    mismatch(node, Self::WHAT)
                        .help("write e.g. `404`, or `{status: 400, says: session}`"),
                );
                None
            }
        }
    }
}

impl Shape for SignalForm {
    type Value = LostSignal;

    fn value(self, node: &Node, report: &mut Report<'_>) -> Option<LostSignal> {
        let status = |form: StatusForm| u16::try_from(form.0).unwrap_or(u16::MAX);
        let signal = match self {
            Self::Status(form) => LostSignal::status(status(form)),
            Self::Answer(form) => LostSignal {
                status: status(form.status?),
                code: form.code.map(|code| code.0),
                says: form.says,
            },
        };
        if (200..300).contains(&signal.status) && !signal.reads_body() {
            let title = format!(
                "every answer with {} would mean a lost session",
                signal.status
            );
            report.add(
                Mistake::new(node.span, title, "a success does not mean that by itself")
                    .help("say what its body has: `{status: 200, code: -32001}`"),
            );
            return None;
        }
        Some(signal)
    }
}

impl Knob for Vec<LostSignal> {
    type Form = List<Checked<SignalForm>>;

    fn read(form: &Self::Form) -> Self {
        form.items.iter().map(|signal| signal.0.clone()).collect()
    }

    fn written(&self) -> Yaml {
        let signal = |signal: &LostSignal| {
            let status = Yaml::Number(signal.status.into());
            if !signal.reads_body() {
                return status;
            }
            Entries::default()
                .with("status", status)
                .with_some("code", signal.code.map(Yaml::Signed))
                .with_some("says", signal.says.as_ref().map(Yaml::text))
                .map()
        };
        Yaml::List(self.iter().map(signal).collect())
    }
}
