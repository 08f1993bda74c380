//! The entries of maps, none twice and none without a value, and maps with a fixed set of keys. The macro that makes forms
//! of these is in `forms`.

use std::collections::BTreeMap;

use super::decode::{Decode, mismatch};
use super::report::{Mistake, Report};
use super::source::Span;
use super::tree::{Kind, Node};
use super::words::{list, nearest, quote};

/// Whether a key stood in the map before, which is reported.
pub(super) fn is_repeated<'n>(
    seen: &mut BTreeMap<&'n str, Span>,
    key: &'n str,
    span: Span,
    report: &mut Report<'_>,
) -> bool {
    !report.is_first(seen, key, span, || {
        let title = format!("the key {} is given twice", quote(key));
        (title, "a key stands once in a map; remove one of the two")
    })
}

/// The value, unless there is none, which is reported.
pub(super) fn valued<'n>(
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
    report.add(Mistake::new(
        key.span,
        format!("{name} has no value"),
        format!("{what} must follow"),
    ));
    None
}

/// The entries of a form's map.
pub(crate) struct Fields<'n> {
    what: &'static str,
    span: Span,
    found: BTreeMap<&'static str, (&'n Node, &'n Node)>,
    /// The keys that unknown ones come near to: they are misspelt, not missing.
    meant: Vec<&'n str>,
}

impl<'n> Fields<'n> {
    /// Sorts the entries by key; unknown and repeated ones are reported.
    pub(crate) fn of(
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
            if is_repeated(&mut seen, name, key.span, report) {
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
                        Mistake::new(
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
    pub(crate) fn given(&self) -> Vec<&'static str> {
        self.found.keys().copied().collect()
    }

    /// What stands under a key, if it is there and has a value; `what` is what it should be.
    pub(crate) fn node(
        &self,
        key: &'static str,
        what: &str,
        report: &mut Report<'_>,
    ) -> Option<&'n Node> {
        let (key, value) = self.found.get(key)?;
        valued(key, value, what, report)
    }

    /// The value of a key that need not be there.
    pub(crate) fn optional<T: Decode>(
        &self,
        key: &'static str,
        report: &mut Report<'_>,
    ) -> Option<T> {
        T::decode(self.node(key, T::WHAT, report)?, report)
    }

    /// Reports it if a key is not there that must be.
    pub(crate) fn demand<T: Decode>(&self, key: &'static str, report: &mut Report<'_>) {
        if !self.found.contains_key(key) && !self.meant.contains(&key) {
            report.add(
                Mistake::new(
                    self.span,
                    format!("{} has no {}", self.what, quote(key)),
                    format!("{} is missing here", quote(key)),
                )
                .help(format!("add `{key}:` with {}", T::hint())),
            );
        }
    }

    /// The value of a key that must be there.
    pub(crate) fn required<T: Decode>(
        &self,
        key: &'static str,
        report: &mut Report<'_>,
    ) -> Option<T> {
        self.demand::<T>(key, report);
        self.optional(key, report)
    }
}
