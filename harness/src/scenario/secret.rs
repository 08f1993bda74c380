//! Session ids in a file. They are credentials (SES-04): nothing shows one whole.

use std::collections::BTreeMap;
use std::fmt;

use schemars::json_schema;
use stalemate_wire::SessionId;

use crate::yaml::collection::{List, first_of};
use crate::yaml::decode::{At, Decode};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{Text, inline_schema};
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::words::quote;

/// The first eight characters, and a sign that there are more.
pub(super) fn shortened(id: &str) -> String {
    match id.char_indices().nth(8) {
        Some((at, _)) => format!("{}…", &id[..at]),
        None => id.to_owned(),
    }
}

/// A text that messages do not repeat: a session id is a credential (SES-04).
pub(super) struct Secret(String);

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
                Mistake::new(node.span, title, "this must be a text").help("put it in quotes"),
            );
            return None;
        }
        Text::decode(node, report).map(Self)
    }
}

inline_schema!([] Secret, json_schema!({"type": "string", "pattern": "^[!-~]+$"}));

/// The ids of a server: each fit for a header (SES-03), and none given to two sessions (SES-02).
pub(super) fn session_ids<'f>(
    list: Option<&'f At<List<At<Secret>>>>,
    seen: &mut BTreeMap<&'f str, Span>,
    report: &mut Report<'_>,
) -> Vec<String> {
    let items = list.map_or(&[][..], |list| &list.value.items);
    for item in items {
        let id = item.value.0.as_str();
        let shown = shortened(id);
        if let Err(error) = SessionId::new(id) {
            let title = format!("{} is no session id", quote(&shown));
            report.add(
                Mistake::new(item.span, title, "a character that an id cannot have")
                    .help(error.to_string()),
            );
        }
        first_of(seen, id, item.span, &shown, report);
    }
    items.iter().map(|item| item.value.0.clone()).collect()
}
