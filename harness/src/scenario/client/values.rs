//! What the values of knobs look like in a file.

use std::borrow::Cow;
use std::fmt::Debug;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::knob::Knob;
use crate::yaml::collection::List;
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::duration::{self, TimeoutForm, written};
use crate::yaml::forms::words;
use crate::yaml::report::Report;
use crate::yaml::scalar::{Flag, Whole};
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::{One, Word, name};
use crate::yaml::write::Yaml;

impl Knob for bool {
    type Form = Flag;

    fn read(form: &Flag) -> Self {
        form.0
    }

    fn written(&self) -> Yaml {
        Yaml::Flag(*self)
    }
}

impl Knob for Duration {
    type Form = duration::Duration;

    fn read(form: &duration::Duration) -> Self {
        Self::from_millis(form.0)
    }

    fn written(&self) -> Yaml {
        let ms = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        Yaml::text(written(ms))
    }
}

impl Knob for Option<Duration> {
    type Form = TimeoutForm;

    fn read(form: &TimeoutForm) -> Self {
        form.ms().map(Duration::from_millis)
    }

    fn written(&self) -> Yaml {
        self.map_or_else(|| Yaml::text("never"), |limit| limit.written())
    }
}

impl<W: Word + PartialEq> Knob for W {
    type Form = One<W>;

    fn read(form: &One<W>) -> Self {
        form.0
    }

    fn written(&self) -> Yaml {
        Yaml::text(name(*self))
    }
}

impl<W: Word + PartialEq> Knob for Vec<W> {
    type Form = List<One<W>>;

    fn read(form: &List<One<W>>) -> Self {
        form.items.iter().map(|word| word.0).collect()
    }

    fn written(&self) -> Yaml {
        Yaml::List(self.iter().map(Knob::written).collect())
    }
}

words! {
    /// The word for a bound that there is not.
    Unlimited, "words for a bound"; Unlimited = "unlimited",
}

/// A bound of a count.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum BoundForm {
    /// There is none.
    Unlimited(One<Unlimited>),
    /// So many.
    Of(Whole<0, 1_000_000>),
}

impl Decode for BoundForm {
    const WHAT: &'static str = "a whole number or `unlimited`";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(_) => One::decode(node, report).map(Self::Unlimited),
            Kind::Number(_) => Whole::decode(node, report).map(Self::Of),
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

impl Knob for Option<u32> {
    type Form = BoundForm;

    fn read(form: &BoundForm) -> Self {
        match form {
            BoundForm::Unlimited(_) => None,
            BoundForm::Of(count) => Some(u32::try_from(count.0).unwrap_or(u32::MAX)),
        }
    }

    fn written(&self) -> Yaml {
        self.map_or_else(|| Yaml::text("unlimited"), |n| Yaml::Number(n.into()))
    }
}

/// A form that is checked as it is read.
pub(crate) trait Shape: Decode + JsonSchema {
    /// What it means.
    type Value: Debug + PartialEq + Clone;

    /// What it means; `None` if that was reported to be wrong.
    fn value(self, node: &Node, report: &mut Report<'_>) -> Option<Self::Value>;
}

/// What a form means.
#[derive(Debug)]
pub(crate) struct Checked<F: Shape>(pub(crate) F::Value);

impl<F: Shape> Decode for Checked<F> {
    const WHAT: &'static str = F::WHAT;

    fn hint() -> String {
        F::hint()
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        F::decode(node, report)?.value(node, report).map(Self)
    }
}

impl<F: Shape> JsonSchema for Checked<F> {
    fn inline_schema() -> bool {
        F::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        F::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        F::json_schema(generator)
    }
}

words! {
    /// The word for what never happens.
    Never, "words here"; Never = "never",
}

/// `never`, or how.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum MaybeForm<F> {
    /// It does not happen.
    Never(One<Never>),
    /// It happens so.
    So(F),
}

impl<F: Decode> Decode for MaybeForm<F> {
    const WHAT: &'static str = "`never` or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Map(_) => F::decode(node, report).map(Self::So),
            Kind::Text(_) => One::decode(node, report).map(Self::Never),
            _ => {
                report.add(
                    mismatch(node, Self::WHAT).help(format!("write `never`, or {}", F::hint())),
                );
                None
            }
        }
    }
}
