//! The words that a scenario may use: what exists, gathered from where it is defined.

use crate::invariant::{self, Party};
use crate::registry::Registry;
use crate::scenario::{InvariantParty, Vocabulary};
use crate::server::Dialect;

/// The real servers that a scenario can name.
pub const REAL_SERVERS: &[&str] = &["rmcp"];

/// The vocabulary with those clients.
#[must_use]
pub fn of(registry: &Registry) -> Vocabulary {
    let party = |party| match party {
        Party::Client => InvariantParty::Client,
        Party::Application => InvariantParty::Application,
        Party::Server => InvariantParty::Server,
        Party::Hop => InvariantParty::Hop,
    };
    Vocabulary {
        clients: registry.iter().map(|(name, _)| name.to_owned()).collect(),
        dialects: Dialect::names().into_iter().map(str::to_owned).collect(),
        unlisted_dialects: Dialect::broken_names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        real_servers: REAL_SERVERS.iter().map(|s| (*s).to_owned()).collect(),
        invariants: invariant::ALL
            .iter()
            .map(|i| (i.id.to_owned(), party(i.party)))
            .collect(),
        clauses: crate::clause::ALL.iter().map(|c| c.id.to_owned()).collect(),
    }
}
