//! Exchanges put together from their messages, in one pass over the journal: every process's, those that it sent and those
//! that it received.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::invariant::seen::{Over, Relayed, Seen, entry_after};
use crate::journal::{
    Cast, ConnId, Delivery, Entry, Event, Exchange, Fate, Message, ProcessName, ResponseSummary,
    ServerName, Side,
};

/// Every exchange of a run, as each process that took part in it saw it.
pub(super) struct Exchanges {
    seen: Vec<Seen>,
    /// Where an exchange is among them, for each process that took part.
    index: BTreeMap<Exchange, Vec<usize>>,
    /// Those of each connection.
    by_conn: BTreeMap<ConnId, Vec<usize>>,
    /// The connections that had ended for whoever dialled them.
    ended: BTreeSet<ConnId>,
    /// Those on which a request was sent twice.
    doubled: BTreeSet<ConnId>,
}

impl Exchanges {
    /// The exchanges of a journal.
    pub(super) fn of(cast: &Cast, entries: &[Entry]) -> Self {
        let mut exchanges = Self {
            seen: Vec::new(),
            index: BTreeMap::new(),
            by_conn: BTreeMap::new(),
            ended: BTreeSet::new(),
            doubled: BTreeSet::new(),
        };
        for (at, entry) in entries.iter().enumerate() {
            match &entry.event {
                Event::Http { message, .. } => exchanges.message(cast, entries, at, message),
                Event::ConnEnded { conn, from, to, .. } => {
                    exchanges.conn_ended(at, *conn, from, to)
                }
                _ => {}
            }
        }
        exchanges
    }

    fn message(&mut self, cast: &Cast, entries: &[Entry], at: usize, message: &Message) {
        let Event::Http {
            exchange,
            at: here,
            side,
            object,
            server,
            ..
        } = &entries[at].event
        else {
            return;
        };
        if let Message::Request(request) = message {
            let is_lost = matches!(entries[at].fate.delivery(), Delivery::Never);
            if self.doubled.contains(&exchange.conn) && *side == Side::Received && is_lost {
                return;
            }
            let n = self.seen.len();
            let counted = self.counted(here, *side, *exchange);
            self.index.entry(counted).or_default().push(n);
            self.by_conn.entry(exchange.conn).or_default().push(n);
            if entries[at].fate == Fate::Duplicate {
                self.doubled.insert(exchange.conn);
            }
            // It was written before its sender knew that nobody reads there any more.
            let is_late = *side == Side::Sent && self.ended.contains(&exchange.conn);
            self.seen.push(Seen {
                exchange: counted,
                process: here.clone(),
                server: server.clone(),
                side: *side,
                object: *object,
                at,
                request: Arc::clone(request),
                response: None,
                broken_status: None,
                failed: is_late.then_some(at),
                events: Vec::new(),
                cut_short: None,
                over: None,
            });
            return;
        }
        let Some(seen) = self.find(*exchange, here) else {
            return;
        };
        match message {
            Message::Response(response) => {
                let is_server = cast.server_of(here).is_some();
                if let Some(received) = received(entries, at, response, seen.side, is_server) {
                    seen.response.get_or_insert(received);
                }
            }
            // What follows a head that did not come is nothing that could be read.
            Message::Sse(_) if seen.response.is_none() && seen.side == Side::Sent => {}
            Message::Sse(event) => match came(entries, at, seen.side) {
                Some(at) => seen.events.push((at, Arc::clone(event))),
                None => seen.cut_short = event.id.clone(),
            },
            Message::End { clean, status } => {
                let how = if *clean { Over::Clean } else { Over::Broken };
                seen.over.get_or_insert((at, how));
                seen.broken_status = *status;
            }
            Message::Request(_) => {}
        }
    }

    /// How a process counts a request on a connection of HTTP/1.1, and with it the answer: as the nth that it sent itself,
    /// however often the network sent one, or as the nth that reached it.
    fn counted(&self, here: &ProcessName, side: Side, tapped: Exchange) -> Exchange {
        if !self.doubled.contains(&tapped.conn) {
            return tapped;
        }
        let before = self.by_conn.get(&tapped.conn).into_iter().flatten();
        let before = before.map(|n| &self.seen[*n]);
        let own = before.filter(|s| s.process == *here && s.side == side);
        let ordinal = u32::try_from(own.count()).unwrap_or(u32::MAX);
        Exchange { ordinal, ..tapped }
    }

    /// The newest of that exchange at that process: a request that was sent twice is two.
    fn find(&mut self, exchange: Exchange, here: &ProcessName) -> Option<&mut Seen> {
        let among = self.index.get(&exchange)?;
        let n = among
            .iter()
            .rev()
            .find(|n| self.seen[**n].process == *here)?;
        Some(&mut self.seen[*n])
    }

    fn conn_ended(&mut self, at: usize, conn: ConnId, from: &ProcessName, to: &ProcessName) {
        self.ended.insert(conn);
        for n in self.by_conn.get(&conn).into_iter().flatten() {
            let seen = &mut self.seen[*n];
            // What was held back beyond the end of its connection never came.
            if seen.process == *from {
                seen.events.retain(|(n, _)| *n <= at);
                seen.response.take_if(|(head, _)| *head > at);
            }
            match &seen.response {
                None if seen.process == *from => {
                    seen.failed.get_or_insert(at);
                }
                Some((head, response))
                    if *head < at
                        && response.stream
                        && (seen.process == *from || seen.process == *to) =>
                {
                    seen.over.get_or_insert((at, Over::Closed));
                }
                _ => {}
            }
        }
    }

    /// What processes sent, in order of the requests.
    pub(super) fn sent_by(&self, is_sender: impl Fn(&str) -> bool) -> Vec<Seen> {
        let sent = self.seen.iter().filter(|s| s.side == Side::Sent);
        sent.filter(|s| is_sender(&s.process)).cloned().collect()
    }

    /// What each server's processes received, in order of the requests.
    pub(super) fn servers(&self, cast: &Cast) -> BTreeMap<ServerName, Vec<Seen>> {
        let mut servers: BTreeMap<ServerName, Vec<Seen>> = cast
            .servers()
            .into_iter()
            .map(|server| (server.clone(), Vec::new()))
            .collect();
        for seen in self.seen.iter().filter(|s| s.side == Side::Received) {
            let server = cast.server_of(&seen.process);
            if let Some(received) = server.and_then(|server| servers.get_mut(server)) {
                received.push(seen.clone());
            }
        }
        servers
    }

    /// What each hop passed on. A hop that passed on nothing is not among them.
    pub(super) fn hops(&self, entries: &[Entry]) -> BTreeMap<ProcessName, Vec<Relayed>> {
        let mut children: BTreeMap<&ProcessName, BTreeMap<Exchange, Exchange>> = BTreeMap::new();
        for entry in entries {
            if let Event::Forwarded { at, parent, child } = &entry.event {
                children.entry(at).or_default().insert(*parent, *child);
            }
        }
        let at_hop = |exchange: &Exchange, hop: &ProcessName| {
            let mut among = self.index.get(exchange)?.iter().map(|n| &self.seen[*n]);
            among.find(|s| s.process == *hop && s.side == Side::Sent)
        };
        let of_hop = |(hop, children): (&ProcessName, BTreeMap<Exchange, Exchange>)| {
            let received = self
                .seen
                .iter()
                .filter(|s| s.side == Side::Received && s.process == *hop);
            let relayed = received.filter_map(|outer| {
                Some(Relayed {
                    outer: outer.clone(),
                    inner: at_hop(children.get(&outer.exchange)?, hop)?.clone(),
                })
            });
            (hop.clone(), relayed.collect())
        };
        children.into_iter().map(of_hop).collect()
    }
}

/// What became of a message for the process that observed it. That another one dies of it keeps nothing from this one.
fn delivery(entry: &Entry) -> Delivery<'_> {
    match (&entry.fate, &entry.event) {
        (Fate::Halt(process), Event::Http { at, .. }) if process != at => Delivery::AsObserved,
        (fate, _) => fate.delivery(),
    }
}

/// When what was observed came to whom it was for, whole: at the requester's end it may be held back or broken off before.
fn came(entries: &[Entry], at: usize, side: Side) -> Option<usize> {
    let delivery = match side {
        Side::Sent => delivery(&entries[at]),
        Side::Received => Delivery::AsObserved,
    };
    match delivery {
        Delivery::AsObserved => Some(at),
        Delivery::After(ms) => entry_after(entries, at, ms),
        Delivery::Replaced(_) | Delivery::Never => None,
    }
}

/// A response as the requester got it. What is observed at its end may be held back or changed before it gets there;
/// at the other end a responder is judged by what it wanted to send. A server whose response the scenario replaces is one
/// that answers so.
fn received(
    entries: &[Entry],
    at: usize,
    response: &Arc<ResponseSummary>,
    side: Side,
    is_server: bool,
) -> Option<(usize, Arc<ResponseSummary>)> {
    let delivery = match (side, delivery(&entries[at])) {
        (Side::Sent, delivery) => delivery,
        (Side::Received, replaced @ Delivery::Replaced(_)) if is_server => replaced,
        (Side::Received, _) => Delivery::AsObserved,
    };
    match delivery {
        Delivery::AsObserved => Some((at, Arc::clone(response))),
        Delivery::After(ms) => Some((entry_after(entries, at, ms)?, Arc::clone(response))),
        Delivery::Replaced(replacement) => {
            let replaced = ResponseSummary {
                call: None,
                status: replacement.status,
                session: replacement.header("mcp-session-id").map(str::to_owned),
                content_type: Some(replacement.content_type().to_owned()),
                stream: false,
                bytes: replacement.body.len() as u64,
                rpc: stalemate_wire::summarize(replacement.body.as_bytes()),
            };
            Some((at, Arc::new(replaced)))
        }
        Delivery::Never => None,
    }
}
