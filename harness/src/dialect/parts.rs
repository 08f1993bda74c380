//! The parts of a dialect file that are no plain fields: the answers by situation, headers, the spelling of events.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use stalemate_wire::sse::{Field, Style};

use super::plain::{NONE, Plain, described, says_none, schema_optional};
use crate::server::{Answer, HeaderList, Situation};
use crate::yaml::collection::{Entries, List};
use crate::yaml::decode::{At, Decode, unknown};
use crate::yaml::fields::Fields;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{AnyText, Flag};
use crate::yaml::tree::Node;
use crate::yaml::word::{One, Word};
use crate::yaml::write::{self, Yaml};

/// What is answered in each situation; nothing where it says `none`.
pub(super) struct Answers(BTreeMap<Situation, Option<Answer>>);

/// One of them.
struct OneAnswer(Option<Answer>);

impl Decode for OneAnswer {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        if says_none(node) {
            return Some(Self(None));
        }
        Answer::decode(node, report).map(|answer| Self(Some(answer)))
    }
}

impl Decode for Answers {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let situations = Situation::words();
        let names: Vec<&str> = situations.iter().map(|(name, _)| *name).collect();
        let mut answers = BTreeMap::new();
        for (name, answer) in Entries::<OneAnswer>::decode(node, report)?.0 {
            let known = situations.iter().find(|(word, _)| *word == name.value);
            match (known, answer) {
                (None, _) => report.add(unknown(name.span, Situation::WHAT, &name.value, &names)),
                (Some((_, situation)), Some(answer)) => {
                    answers.insert(*situation, answer.0);
                }
                (Some(_), None) => {}
            }
        }
        Some(Self(answers))
    }
}

impl Plain<BTreeMap<Situation, Answer>> for Answers {
    fn plain(self) -> BTreeMap<Situation, Answer> {
        let all = self.0.into_iter();
        all.filter_map(|(situation, answer)| Some((situation, answer?)))
            .collect()
    }

    fn written(value: &BTreeMap<Situation, Answer>) -> Yaml {
        let all = value.iter();
        let all = all.fold(write::Entries::default(), |all, (situation, answer)| {
            all.with(situation.as_str(), Answer::written(answer))
        });
        all.map()
    }

    fn overlay(value: &mut BTreeMap<Situation, Answer>, node: &Node, report: &mut Report<'_>) {
        for (situation, answer) in Self::decode(node, report)
            .into_iter()
            .flat_map(|read| read.0)
        {
            match answer {
                Some(answer) => value.insert(situation, answer),
                None => value.remove(&situation),
            };
        }
    }

    fn difference(
        value: &BTreeMap<Situation, Answer>,
        base: &BTreeMap<Situation, Answer>,
    ) -> Option<Yaml> {
        let mut entries = write::Entries::default();
        for (situation, name) in Situation::ALL {
            match (value.get(situation), base.get(situation)) {
                (Some(answer), other) if Some(answer) != other => {
                    entries = entries.with(name, Answer::written(answer));
                }
                // Of the others those that have no answer are accepted, or cannot happen: that is said elsewhere.
                (None, Some(_)) if situation.is_optional() => {
                    entries = entries.with(name, Yaml::text(NONE));
                }
                _ => {}
            }
        }
        (!entries.is_empty()).then(|| entries.map())
    }
}

impl JsonSchema for Answers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DialectAnswers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let answer = generator.subschema_for::<Answer>();
        let all = Situation::ALL.iter();
        let all: Map<String, Value> = all
            .map(|(situation, name)| {
                let answer = schema_optional(answer.clone());
                let answer = described(answer, &[situation.told()]);
                ((*name).to_owned(), answer)
            })
            .collect();
        json_schema!({"type": "object", "properties": all, "additionalProperties": false})
    }
}

/// The situations that a server accepts, besides those that it accepts already.
pub(super) struct Accepts(List<One<Situation>>);

impl Decode for Accepts {
    const WHAT: &'static str = "a list";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        List::decode(node, report).map(Self)
    }
}

impl Plain<BTreeSet<Situation>> for Accepts {
    fn plain(self) -> BTreeSet<Situation> {
        self.0.plain()
    }

    fn written(value: &BTreeSet<Situation>) -> Yaml {
        List::<One<Situation>>::written(value)
    }

    fn overlay(value: &mut BTreeSet<Situation>, node: &Node, report: &mut Report<'_>) {
        if let Some(read) = Self::decode(node, report) {
            value.extend(read.plain());
        }
    }

    fn difference(value: &BTreeSet<Situation>, base: &BTreeSet<Situation>) -> Option<Yaml> {
        let more: BTreeSet<Situation> = value.difference(base).copied().collect();
        (!more.is_empty()).then(|| Self::written(&more))
    }
}

impl JsonSchema for Accepts {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DialectAccepts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        List::<One<Situation>>::json_schema(generator)
    }
}

impl Decode for HeaderList {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let entries = Entries::<AnyText>::decode(node, report)?.0.into_iter();
        let pairs = entries.filter_map(|(name, value)| Some((name.value, value?.0)));
        Some(Self(pairs.collect()))
    }
}

impl Plain<Self> for HeaderList {
    fn plain(self) -> Self {
        self
    }

    fn written(value: &Self) -> Yaml {
        let all = value.0.iter();
        let all = all.fold(write::Entries::default(), |all, (name, value)| {
            all.with(name, Yaml::text(value))
        });
        all.map()
    }
}

impl JsonSchema for HeaderList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HeaderList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": {"type": "string"}})
    }
}

/// How an event is spelled.
pub(super) struct StyleForm(Style);

impl Decode for StyleForm {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let mut style = Style::default();
        Self::overlay(&mut style, node, report);
        Some(Self(style))
    }
}

impl Plain<Style> for StyleForm {
    fn plain(self) -> Style {
        self.0
    }

    fn written(value: &Style) -> Yaml {
        let order = value.order.to_vec();
        write::Entries::default()
            .with("order", List::<One<Field>>::written(&order))
            .with("crlf", Yaml::Flag(value.crlf))
            .map()
    }

    fn overlay(value: &mut Style, node: &Node, report: &mut Report<'_>) {
        let Some(fields) = Fields::of(node, "`style`", &["order", "crlf"], report) else {
            return;
        };
        let order = fields.optional::<At<List<One<Field>>>>("order", report);
        if let Some(order) = order
            && order.value.whole
        {
            let all: Vec<Field> = order.value.plain();
            match <[Field; 4]>::try_from(all) {
                Ok(all) => value.order = all,
                Err(some) => report.add(
                    Mistake::new(
                        order.span,
                        format!("an event has four fields, here are {}", some.len()),
                        "each of them stands here once",
                    )
                    .help("write e.g. `order: [event, data, id, retry]`"),
                ),
            }
        }
        if let Some(flag) = fields.optional::<Flag>("crlf", report) {
            value.crlf = flag.0;
        }
    }
}

impl JsonSchema for StyleForm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Style".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut order = List::<One<Field>>::json_schema(generator);
        order.insert("minItems".to_owned(), 4.into());
        order.insert("maxItems".to_owned(), 4.into());
        json_schema!({
            "type": "object",
            "properties": {
                "order": described(order, &["The fields in their order, each once."]),
                "crlf": {"type": "boolean", "description": "Whether lines end with CR LF."}
            },
            "additionalProperties": false
        })
    }
}
