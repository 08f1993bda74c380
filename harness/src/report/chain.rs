//! How far a client's request got and who answered it: the exchanges that hops made of one another, followed from the
//! client outward.

use std::collections::BTreeMap;

use crate::journal::{Entry, Event, Exchange, Message, ProcessName, Side};

/// The exchanges of a run and what became of each.
pub(super) struct Chains {
    /// The exchange that a hop began for another, the last one where it tried again.
    child: BTreeMap<Exchange, Exchange>,
    /// Who received an exchange's request.
    received: BTreeMap<Exchange, ProcessName>,
    /// Who sent an exchange's response, and its status.
    answered: BTreeMap<Exchange, (ProcessName, u16)>,
}

impl Chains {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut chains = Self {
            child: BTreeMap::new(),
            received: BTreeMap::new(),
            answered: BTreeMap::new(),
        };
        for entry in entries {
            match &entry.event {
                Event::Forwarded { parent, child, .. } => {
                    chains.child.insert(*parent, *child);
                }
                Event::Http {
                    exchange,
                    at,
                    side: Side::Received,
                    message: Message::Request(_),
                    ..
                } => {
                    chains.received.insert(*exchange, at.clone());
                }
                Event::Http {
                    exchange,
                    at,
                    side: Side::Sent,
                    message: Message::Response(r),
                    ..
                } => {
                    chains.answered.insert(*exchange, (at.clone(), r.status));
                }
                _ => {}
            }
        }
        chains
    }

    /// The last process that the request reached; `None` if it never left its connection.
    pub(super) fn reached(&self, exchange: Exchange) -> Option<&ProcessName> {
        let onward = self
            .child
            .get(&exchange)
            .and_then(|child| self.reached(*child));
        onward.or_else(|| self.received.get(&exchange))
    }

    /// Who the response came from: the farthest process that sent this status, passed on unchanged by all before it.
    pub(super) fn answered_by(&self, exchange: Exchange) -> Option<&ProcessName> {
        let (process, status) = self.answered.get(&exchange)?;
        let child = self.child.get(&exchange);
        match child.and_then(|c| self.answered.get(c)) {
            Some((_, inner)) if inner == status => child.and_then(|c| self.answered_by(*c)),
            _ => Some(process),
        }
    }
}
