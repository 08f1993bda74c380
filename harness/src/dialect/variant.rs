//! Dialects that are written as another one and what differs. Maps are laid over each other key by key; lists, headers and
//! single answers stand whole; `none` takes an optional part away.

use std::sync::Arc;

use super::plain::Shape;
use crate::server::{Dialect, Situation};
use crate::yaml::decode::{At, unknown};
use crate::yaml::fields::Fields;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::words::list;
use crate::yaml::write::{Entries, Yaml};

/// The key that names the other dialect.
pub(super) const LIKE: &str = "like";

/// How a dialect is called in messages that is written so.
const WHAT: &str = "a dialect that is like another";

/// The value under a key of a map.
pub(super) fn below<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Kind::Map(entries) = &node.kind else {
        return None;
    };
    let found = entries.iter().find(|(k, _)| text(k) == Some(key));
    found.map(|(_, value)| value)
}

/// The text that a node is.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// Where a dialect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file, where it has a name and a summary of its own.
    File,
    /// In a scenario, where it may have the other's.
    Scenario,
}

/// The dialect that the map says, and the one that it is like. `known` are those that it can be like.
pub(super) fn read(
    node: &Node,
    place: Place,
    known: &[Arc<Dialect>],
    report: &mut Report<'_>,
) -> Option<(Dialect, Arc<Dialect>)> {
    let keys: Vec<&'static str> = [LIKE]
        .into_iter()
        .chain(Dialect::KEYS.iter().copied())
        .collect();
    let fields = Fields::of(node, WHAT, &keys, report)?;
    let like = fields.optional::<At<Text>>(LIKE, report);
    if below(node, LIKE).is_none() {
        let finding = Mistake::new(
            node.span,
            "nothing says which dialect it is like",
            "`like` is missing here",
        );
        report.add(finding.help(format!("add `like:` with one of {}", list(&listed(known)))));
    }
    if place == Place::File {
        // They are read again below; whether they are there is asked here.
        for key in ["name", "summary"] {
            fields.demand::<Text>(key, report);
        }
    }
    let base = like.as_ref().and_then(|like| {
        let base = known.iter().find(|d| d.name == like.value);
        if base.is_none() {
            report.add(unknown_dialect(like.span, &like.value, known));
        }
        base
    });
    // Without the one that is meant, the mistakes in the rest are found all the same.
    let mut dialect = Dialect::clone(base.or(known.first())?);
    dialect.lay(&fields, report);
    settle(&mut dialect, node);
    base.map(|base| (dialect, Arc::clone(base)))
}

/// The names that a scenario or a dialect's file may use.
fn listed(known: &[Arc<Dialect>]) -> Vec<&str> {
    let listed = known.iter().filter(|d| d.is_listed());
    listed.map(|d| d.name.as_str()).collect()
}

/// The error for a dialect that nobody knows. It may stand in a file that the command was not told of.
pub(super) fn unknown_dialect(span: Span, name: &str, known: &[Arc<Dialect>]) -> Mistake {
    unknown(span, "dialects", name, &listed(known))
        .help("`--dialects DIR` adds those of the files in a directory")
}

/// A situation is where it is named last: under `answers` or `accepts`. What the other one says of situations that this one
/// cannot come into is no mistake here.
fn settle(dialect: &mut Dialect, node: &Node) {
    let names = |key: &str| -> Vec<&str> {
        let nodes: Vec<&Node> = match below(node, key).map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|(k, _)| k).collect(),
            Some(Kind::List(items)) => items.iter().collect(),
            _ => Vec::new(),
        };
        nodes.into_iter().filter_map(text).collect()
    };
    let (answered, accepted) = (names("answers"), names("accepts"));
    for (situation, name) in Situation::ALL {
        let (answers, accepts) = (answered.contains(name), accepted.contains(name));
        let never = !dialect.knows(*situation);
        if (accepts || never) && !answers {
            dialect.answers.remove(situation);
        }
        if (answers || never) && !accepts {
            dialect.accepts.remove(situation);
        }
    }
}

/// What must be said of a dialect that is like `base`, the name of that included.
pub(super) fn written(dialect: &Dialect, base: &Dialect) -> Entries {
    let like = Entries::default().with(LIKE, Yaml::text(&base.name));
    like.and(dialect.differing(base))
}
