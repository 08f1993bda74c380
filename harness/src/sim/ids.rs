//! The ids of a server's sessions.

use std::collections::VecDeque;

use crate::scenario::Server;
use crate::server::IdShape;
use crate::sim::seed::Generator;

/// The ids of a server's sessions: first those that the scenario names, then drawn ones.
pub(super) struct Ids {
    named: VecDeque<String>,
    drawn: Generator,
    hex: bool,
}

impl Ids {
    /// The ids of that server under that seed.
    pub(super) fn new(server: &Server, seed: u64) -> Self {
        let dialect = server.kind.dialect();
        let hex = dialect.is_some_and(|d| d.sessions.id == IdShape::Hex32);
        Self {
            named: server.session_ids.iter().cloned().collect(),
            drawn: Generator::new(seed, &format!("session ids of {}", server.name)),
            hex,
        }
    }

    /// The next session's id.
    pub(super) fn next(&mut self) -> String {
        self.named.pop_front().unwrap_or_else(|| {
            let uuid = self.drawn.uuid();
            if self.hex {
                uuid.replace('-', "")
            } else {
                uuid
            }
        })
    }
}
