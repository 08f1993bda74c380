//! The ids of a server's sessions.

use std::collections::VecDeque;

use crate::scenario::Server;
use crate::server::IdShape;
use crate::setup::seed::Generator;

/// The ids of a server's sessions: first those that the scenario names, then drawn ones.
pub struct Ids {
    named: VecDeque<String>,
    drawn: Generator,
}

impl Ids {
    /// The ids of that server under that seed.
    #[must_use]
    pub fn new(server: &Server, seed: u64) -> Self {
        Self {
            named: server.session_ids.iter().cloned().collect(),
            drawn: Generator::new(seed, &format!("session ids of {}", server.name)),
        }
    }

    /// The next session's id, where it is drawn in that shape.
    pub fn next(&mut self, shape: IdShape) -> String {
        self.named.pop_front().unwrap_or_else(|| {
            let uuid = self.drawn.uuid();
            if shape == IdShape::Hex32 {
                uuid.replace('-', "")
            } else {
                uuid
            }
        })
    }
}
