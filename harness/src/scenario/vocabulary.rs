//! What a scenario can name: it depends on the program that loads it, and comes from its registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::Model;
use crate::invariant::Party;
use crate::server::Dialect;
use crate::yaml::decode::unknown;
use crate::yaml::report::Mistake;
use crate::yaml::source::Span;

/// The names that a scenario can use, those of a user's own clients and dialects included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The clients, e.g. `connector/stale-cache`.
    pub clients: Vec<String>,
    /// Those of them that are models, which others can be like.
    pub models: BTreeMap<String, Model>,
    /// The dialects of the model server. Nobody is pointed to those that are not listed.
    pub dialects: Vec<Arc<Dialect>>,
    /// The real servers, e.g. `rmcp`.
    pub real_servers: Vec<String>,
    /// The invariants: id, and who can violate it.
    pub invariants: Vec<(String, Party)>,
    /// The ids of the clauses, e.g. `SES-08`.
    pub clauses: Vec<String>,
    /// Those on which an invariant rests: nothing can exercise the others.
    pub judged_clauses: Vec<String>,
    /// The failure modes, e.g. `F2`, with the invariants that catch each.
    pub modes: BTreeMap<String, Vec<String>>,
}

/// A client or server that nobody knows, with what would be right. It may be one that this build was to leave out.
pub(super) fn unknown_program(span: Span, what: &str, name: &str, known: &[String]) -> Mistake {
    let finding = unknown(span, what, name, known);
    if cfg!(not(feature = "rmcp")) && name == "rmcp" {
        return finding
            .help("this build is without it: turn on the feature `rmcp` of the crate `stalemate`");
    }
    finding
}

impl Vocabulary {
    /// The dialect of that name, listed or not.
    #[must_use]
    pub fn dialect(&self, name: &str) -> Option<&Arc<Dialect>> {
        self.dialects.iter().find(|dialect| dialect.name == name)
    }

    /// The names of the listed dialects.
    #[must_use]
    pub fn listed_dialects(&self) -> Vec<&str> {
        let listed = self.dialects.iter().filter(|dialect| dialect.is_listed());
        listed.map(|dialect| dialect.name.as_str()).collect()
    }
}
