//! What the settings page shows of a connector.

use std::sync::Arc;

use stalemate_clients::Health;

use super::Application;
use crate::app::policy::Status;
use crate::journal::{Drawn, Event, Profile, ServerName};

impl Application {
    /// Every connector is drawn again, as it is.
    pub(super) fn reload(&self) {
        let profile = self.profile();
        self.state
            .borrow_mut()
            .drawn_disconnected
            .retain(|(p, _)| *p != profile);
        let servers: Vec<_> = self.state.borrow().connectors.keys().cloned().collect();
        servers.iter().for_each(|server| self.draw(server));
    }

    /// Draws the settings page's row for a connector.
    pub(super) fn draw(&self, server: &ServerName) {
        let profile = self.profile();
        let shown = self.status(server, profile);
        self.journal.note(Event::Drawn {
            server: Arc::clone(server),
            profile,
            shown,
        });
    }

    fn status(&self, server: &ServerName, profile: Profile) -> Drawn {
        let key = self.key(server);
        let state = self.state.borrow();
        let Some(connector) = state.connectors.get(server) else {
            return Drawn::Absent;
        };
        if state
            .drawn_disconnected
            .iter()
            .any(|(p, s)| *p == profile && s == server)
        {
            return Drawn::Disconnected;
        }
        match self.policy.status {
            Status::Stored if state.stored.get(&key).is_some_and(|s| s.session.is_some()) => {
                Drawn::Connected
            }
            Status::Stored => Drawn::Disconnected,
            Status::LastExchange if !connector.connected => Drawn::Disconnected,
            Status::LastExchange => {
                let mut of_server = state.clients.iter().filter(|((s, _), _)| s == server);
                if of_server.any(|(_, live)| live.client.health() == Health::Failing) {
                    Drawn::Failing
                } else {
                    Drawn::Connected
                }
            }
        }
    }
}
