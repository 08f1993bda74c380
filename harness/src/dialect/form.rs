//! A dialect as a scenario has it: the name of one that there is, or a map that says which one it is like and what differs.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::check;
use super::plain::{Shape, described};
use super::variant::{self, LIKE, Place, unknown_dialect};
use crate::server::Dialect;
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::report::Report;
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::write::Yaml;

/// What stands under `dialect`. Which dialects there are is not known yet when it is read.
#[derive(Debug)]
pub(crate) enum DialectForm {
    /// One by its name.
    Named(String),
    /// One that is like another.
    Like(Node),
}

impl Decode for DialectForm {
    const WHAT: &'static str = "the name of a dialect, or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(name) => Some(Self::Named(name.clone())),
            Kind::Map(_) => Some(Self::Like(node.clone())),
            _ => {
                let help =
                    "write e.g. `dialect: spec`, or `dialect: {like: spec, …}` with what differs";
                report.add(mismatch(node, Self::WHAT).help(help));
                None
            }
        }
    }
}

impl JsonSchema for DialectForm {
    fn schema_name() -> Cow<'static, str> {
        "DialectForm".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut keys = Dialect::properties(generator);
        let like = json_schema!({"type": "string"});
        let like = described(
            like,
            &["The name of the dialect that it is like but for the other keys."],
        );
        keys.insert(LIKE.to_owned(), like);
        json_schema!({"anyOf": [
            {"type": "string", "description": "The name of a dialect."},
            {"type": "object", "properties": keys, "required": [LIKE], "additionalProperties": false}
        ]})
    }
}

impl DialectForm {
    /// The dialect that is meant; with the one that it is like, if it stands here.
    pub(crate) fn meant(
        &self,
        span: Span,
        known: &[Arc<Dialect>],
        report: &mut Report<'_>,
    ) -> Option<(Arc<Dialect>, Option<Arc<Dialect>>)> {
        match self {
            Self::Named(name) => {
                let found = known.iter().find(|d| d.name == *name);
                if found.is_none() {
                    report.add(unknown_dialect(span, name, known));
                }
                found.map(|dialect| (Arc::clone(dialect), None))
            }
            Self::Like(node) => {
                let before = report.count();
                let (dialect, base) = variant::read(node, Place::Scenario, known, report)?;
                check(&dialect, node, before, report);
                Some((Arc::new(dialect), Some(base)))
            }
        }
    }
}

/// A dialect as a scenario has it that is like `base`.
pub(crate) fn written(dialect: &Dialect, base: &Dialect) -> Yaml {
    variant::written(dialect, base).map()
}
