//! Other users of a server. They have no client, no connection and no call in a run: what is known of them is that they have
//! sessions, which the server counts, keeps and ends like any other.

use super::Output;
use super::session::Session;
use super::state::{ServerCore, Turn};
use crate::journal::SessionEnd;

/// What other users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// So many of them open a session each and work with it: it never rests.
    Hold(usize),
    /// So many open a session each and go away at once, without ending it.
    Leak(usize),
    /// Those that work with a session end it, with DELETE.
    Leave,
}

impl ServerCore {
    /// Carries out what other users do. Who finds the server full is refused like anybody, and does not try again.
    pub(super) fn others(&mut self, t: &mut Turn, others: Others) {
        let (many, held) = match others {
            Others::Hold(many) => (many, true),
            Others::Leak(many) => (many, false),
            Others::Leave => {
                let is_held = |s: &&Session| s.held;
                let held = self.table.all().iter().filter(is_held);
                let ids: Vec<String> = held.map(|s| s.id.clone()).collect();
                for id in ids {
                    self.end_session(t, &id, SessionEnd::Deleted);
                }
                return;
            }
        };
        for _ in 0..many {
            let taken = self.dialect.sessions.single && self.opened;
            if !self.dialect.has_sessions() || taken || self.is_full() {
                return;
            }
            let id = self.add_session(t);
            if let Some(session) = self.table.get_mut(&id) {
                session.held = held;
            }
            t.out.push(Output::OpenForOthers {
                session: id.clone(),
                held,
            });
            self.asked(t, &id);
            // What opened it came, and is over.
            self.used(t, &id);
            self.rest(t, &id);
        }
    }
}
