//! More of what judgements ask of exchanges: the streams in them, what hops made of them, handshakes, and who was up. It
//! holds no opinion.

use stalemate_wire::{Method, Revision, Rpc, RpcKind};

use crate::invariant::view::{Seen, View};
use crate::journal::{CallId, Event, ObjectId, ServerName};

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
        let requests = self.initializes.iter().map(|n| &self.client[*n]);
        requests.filter_map(|seen| {
            let (answered, response) = seen.response.as_ref()?;
            let settled = || seen.messages().find_map(|(_, r, _)| r.revision.as_deref());
            (response.status < 300).then(|| Handshake {
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
        self.outages.was_out(at)
    }

    /// How long before an entry something last broke, healed, went down or came up, in milliseconds; since the beginning
    /// if nothing did.
    #[must_use]
    pub fn quiet_ms(&self, at: usize) -> u64 {
        let before = self.changes.partition_point(|n| *n < at);
        let last = self.changes[..before].last();
        self.ms(at) - last.map_or(0, |n| self.ms(*n))
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
            Event::ProcessDown { process, .. } if self.lives_in(process, server, id) => Some(true),
            _ => None,
        })
        .unwrap_or(false)
    }

    /// Whether a process gave that id of a server's session; of an id that none gave, whether it is one of the server's.
    fn lives_in(&self, process: &str, server: &ServerName, id: &str) -> bool {
        let received = self.servers.get(server).into_iter().flatten();
        let mut gave = received.filter(|s| s.given().is_some_and(|(_, given)| given == id));
        match gave.next() {
            Some(first) => *first.process == *process || gave.any(|s| *s.process == *process),
            None => self.cast.is_process_of(process, server),
        }
    }
}
