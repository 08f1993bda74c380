//! More of what judgements ask of exchanges: the streams in them, what hops made of them, handshakes, and who was up. It
//! holds no opinion.

use std::collections::BTreeMap;

use stalemate_wire::{Method, Revision, Rpc, RpcKind};

use crate::invariant::view::{Seen, View, collect};
use crate::journal::{
    CallId, Entry, Event, Exchange, Message, ObjectId, ProcessName, ServerName, Side, outage,
};
use crate::world::CLIENT;

/// How a stream came to its end, as one process saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// As its framing promised.
    Clean,
    /// The peer or the network broke it.
    Broken,
    /// This end closed its connection, or the sender learned that its connection was gone.
    Closed,
}

/// What a client object learned from a successful `initialize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// The object.
    pub object: Option<ObjectId>,
    /// The server.
    pub server: &'a ServerName,
    /// The entry at which the response, or the head of its stream, came.
    pub answered: usize,
    /// The id, if one was given (SES-01).
    pub id: Option<&'a str>,
    /// The revision that was settled on; `None` if it is none with sessions, or the result was lost.
    pub revision: Option<Revision>,
}

/// A request that a hop received, and what it sent on for it.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// The exchange with the hop's client.
    pub outer: Seen,
    /// The exchange with the upstream; the last one, if a pooled connection had died.
    pub inner: Seen,
}

impl Seen {
    /// Whether it is a GET.
    #[must_use]
    pub fn is_get(&self) -> bool {
        self.request.method == Method::Get
    }

    /// The JSON-RPC messages that came back, in the body or on the stream, with their entries and the call that a result
    /// speaks of.
    pub fn messages(&self) -> impl Iterator<Item = (usize, &Rpc, Option<CallId>)> {
        let body = self.response.iter();
        let body = body.flat_map(|(at, r)| r.rpc.iter().map(move |rpc| (*at, rpc, r.call)));
        let events = self.events.iter();
        body.chain(events.flat_map(|(at, e)| e.rpc.iter().map(move |rpc| (*at, rpc, e.call))))
    }

    /// The responses among the messages that carry an id.
    pub fn answers(&self) -> impl Iterator<Item = (usize, &Rpc, Option<CallId>)> {
        self.messages().filter(|(_, rpc, _)| {
            matches!(rpc.kind, RpcKind::Result | RpcKind::Error)
                && rpc.id.as_ref().is_some_and(|id| !id.is_null())
        })
    }

    /// Whether the request's body has a JSON-RPC request with the id of that response.
    #[must_use]
    pub fn asked_for(&self, answer: &Rpc) -> bool {
        let mut asked = self.request.rpc.iter();
        asked.any(|r| r.kind == RpcKind::Request && r.id == answer.id)
    }

    /// Whether the exchange is a stream that is open just before an entry.
    #[must_use]
    pub fn is_open_stream(&self, at: usize) -> bool {
        let head = self.response.as_ref();
        head.is_some_and(|(n, r)| *n < at && r.stream && r.status < 300)
            && self.over.is_none_or(|(n, _)| n >= at)
    }

    /// The last event id that had come just before an entry.
    #[must_use]
    pub fn cursor(&self, at: usize) -> Option<&str> {
        let mut before = self.events.iter().rev().filter(|(n, _)| *n < at);
        before.find_map(|(_, e)| e.id.as_deref().filter(|id| !id.is_empty()))
    }
}

impl View<'_> {
    /// When an entry was made, in milliseconds.
    #[must_use]
    pub fn ms(&self, at: usize) -> u64 {
        self.entries[at].at_ms
    }

    /// The client's successful handshakes, in order of their requests.
    pub fn handshakes(&self) -> impl DoubleEndedIterator<Item = Handshake<'_>> {
        self.client.iter().filter_map(|seen| {
            let (answered, response) = seen.response.as_ref()?;
            let succeeded = seen.request.asks("initialize") && response.status < 300;
            let settled = || seen.messages().find_map(|(_, r, _)| r.revision.as_deref());
            succeeded.then(|| Handshake {
                object: seen.object,
                server: &seen.server,
                answered: *answered,
                id: response.session.as_deref(),
                revision: settled().and_then(Revision::parse),
            })
        })
    }

    /// The revision of the session with that id.
    #[must_use]
    pub fn revision_of(&self, id: &str) -> Option<Revision> {
        self.handshakes().find(|h| h.id == Some(id))?.revision
    }

    /// Whether any process or link is out just before an entry.
    #[must_use]
    pub fn is_out(&self, at: usize) -> bool {
        let before = &self.entries[..at];
        let mut processes: Vec<ProcessName> = vec![ProcessName::from(CLIENT)];
        processes.extend(before.iter().filter_map(|e| match &e.event {
            Event::ProcessUp { process } | Event::ProcessDown { process, .. } => {
                Some(process.clone())
            }
            _ => None,
        }));
        outage::is_out(before, &processes)
    }

    /// How long before an entry something last broke, healed, went down or came up, in milliseconds; since the beginning
    /// if nothing did.
    #[must_use]
    pub fn quiet_ms(&self, at: usize) -> u64 {
        let is_change = |e: &&Entry| {
            matches!(
                e.event,
                Event::FaultBegan { .. }
                    | Event::FaultHealed { .. }
                    | Event::ProcessUp { .. }
                    | Event::ProcessDown { .. }
            )
        };
        let last = self.entries[..at].iter().rfind(is_change);
        self.ms(at) - last.map_or(0, |e| e.at_ms)
    }

    /// Whether a server's session had ended by an entry. Of a real server it is known that its process ended, which may
    /// be less.
    #[must_use]
    pub fn is_ended(&self, server: &ServerName, id: &str, by: usize) -> bool {
        let mut last = self.entries[..by].iter().rev();
        last.find_map(|e| match &e.event {
            Event::SessionOpened {
                server: s, session, ..
            } if s == server && session == id => Some(false),
            Event::SessionEnded {
                server: s, session, ..
            } if s == server && session == id => Some(true),
            Event::ProcessDown { process, .. } if process == server => Some(true),
            _ => None,
        })
        .unwrap_or(false)
    }
}

/// Adds to a process's exchanges what came on their streams, and how those ended.
pub(super) fn add(entries: &[Entry], seen: &mut [Seen]) {
    let index: BTreeMap<Exchange, usize> =
        (seen.iter().enumerate().map(|(n, s)| (s.exchange, n))).collect();
    for (at, entry) in entries.iter().enumerate() {
        match &entry.event {
            Event::Http {
                exchange,
                at: here,
                message,
                ..
            } => {
                let Some(seen) = index.get(exchange).map(|n| &mut seen[*n]) else {
                    continue;
                };
                if seen.process != *here {
                    continue;
                }
                match message {
                    Message::Sse(event) => seen.events.push((at, event.clone())),
                    Message::End { clean } => {
                        let how = if *clean { Over::Clean } else { Over::Broken };
                        seen.over.get_or_insert((at, how));
                    }
                    Message::Request(_) | Message::Response(_) => {}
                }
            }
            Event::ConnEnded { conn, from, to, .. } => {
                let open = seen.iter_mut().filter(|s| {
                    s.exchange.conn == *conn && (s.process == *from || s.process == *to)
                });
                for seen in open {
                    let head = seen.response.as_ref();
                    if head.is_some_and(|(n, r)| *n < at && r.stream) {
                        seen.over.get_or_insert((at, Over::Closed));
                    }
                }
            }
            _ => {}
        }
    }
}

/// What each hop passed on. A hop that passed on nothing is not among them.
pub(super) fn relayed(entries: &[Entry]) -> BTreeMap<ProcessName, Vec<Relayed>> {
    let mut children: BTreeMap<&ProcessName, BTreeMap<Exchange, Exchange>> = BTreeMap::new();
    for entry in entries {
        if let Event::Forwarded { at, parent, child } = &entry.event {
            children.entry(at).or_default().insert(*parent, *child);
        }
    }
    let of_hop = |(hop, children): (&ProcessName, BTreeMap<Exchange, Exchange>)| {
        let sent = collect(entries, |at, _| at == &**hop, Side::Sent);
        let inner = |outer: &Seen| {
            let child = children.get(&outer.exchange)?;
            sent.iter().find(|s| s.exchange == *child).cloned()
        };
        let relayed = collect(entries, |at, _| at == &**hop, Side::Received)
            .into_iter()
            .filter_map(|outer| {
                let inner = inner(&outer)?;
                Some(Relayed { outer, inner })
            });
        (hop.clone(), relayed.collect())
    };
    children.into_iter().map(of_hop).collect()
}
