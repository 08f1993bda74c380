//! One exchange as judgements want it, and what can be asked of it alone.

use std::ops::RangeInclusive;
use std::sync::Arc;

use stalemate_wire::{Method, Rpc, RpcKind};

use crate::journal::{
    CallId, Entry, Exchange, ObjectId, ProcessName, RequestSummary, ResponseSummary, ServerName,
    Side, SseSummary,
};

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

/// One exchange as one process took part in it, as the sender or as the receiver of its request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which exchange.
    pub exchange: Exchange,
    /// The process that took part in it.
    pub process: ProcessName,
    /// The server that it leads to.
    pub server: ServerName,
    /// Whether the process sent the request or received it.
    pub side: Side,
    /// The client object whose own connection it is on.
    pub object: Option<ObjectId>,
    /// The entry of its request.
    pub at: usize,
    /// The request.
    pub request: Arc<RequestSummary>,
    /// The entry and the summary of its response, or of the head of its stream; of the client's own exchanges, as a fault
    /// at the client's end let it through.
    pub response: Option<(usize, Arc<ResponseSummary>)>,
    /// The status of a response of which no more than the head came.
    pub broken_status: Option<u16>,
    /// The entry at which its connection failed before a response came.
    pub failed: Option<usize>,
    /// The events of its stream that came whole, each with its entry.
    pub events: Vec<(usize, Arc<SseSummary>)>,
    /// The id of an event that did not, as far as the record tells: where its connection was cut within it, all of it may
    /// have been there.
    pub cut_short: Option<String>,
    /// The entry at which its stream was over, and how.
    pub over: Option<(usize, Over)>,
}

impl Seen {
    /// The response's status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|(_, r)| r.status)
    }

    /// The id that the request carries. An empty header carries none.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.request.session.as_deref().filter(|id| !id.is_empty())
    }

    /// Whether the request only ends its session, which is no use of it (SES-09).
    #[must_use]
    pub fn ends_session(&self) -> bool {
        self.request.method == Method::Delete
    }

    /// The id that the response to an `initialize` gave, with its entry. Who asked has it once the result came too.
    #[must_use]
    pub fn given(&self) -> Option<(usize, &str)> {
        let (at, response) = self.response.as_ref()?;
        let failed = response.rpc.iter().any(|r| r.kind == RpcKind::Error);
        let is_whole = self.side == Side::Received || !response.stream || self.has_result();
        let good = self.request.asks("initialize") && response.status < 300 && !failed && is_whole;
        Some((*at, response.session.as_deref().filter(|_| good)?))
    }

    fn has_result(&self) -> bool {
        self.answers()
            .any(|(_, rpc, _)| rpc.kind == RpcKind::Result)
    }

    /// What a reader calls the request: its JSON-RPC method, or the HTTP method.
    #[must_use]
    pub fn what(&self) -> &str {
        let rpc = self.request.rpc.first().and_then(|r| r.method.as_deref());
        rpc.unwrap_or(self.request.method.as_str())
    }

    /// Whether the answer says that the session is lost (SES-07b). A 404 to a GET that is no JSON-RPC error does not where the
    /// same client object opened the session, and had no stream in it yet: it may be the page of a framework that knows no
    /// GET. `among` is what the same process sent, or received.
    #[must_use]
    pub fn says_lost(&self, among: &[Self]) -> bool {
        let Some((at, response)) = self.response.as_ref().filter(|(_, r)| r.status == 404) else {
            return false;
        };
        let before = |n: &usize| n < at;
        let mut opened_here = among.iter().filter(|s| s.object == self.object);
        let is_own = opened_here.any(|s| {
            let given = s.given().filter(|(n, _)| before(n));
            given.is_some_and(|(_, id)| Some(id) == self.session())
        });
        let mut gets = among
            .iter()
            .filter(|s| s.is_get() && s.session() == self.session());
        let mut was_open = || {
            gets.any(|s| {
                s.response
                    .as_ref()
                    .is_some_and(|(n, r)| before(n) && r.stream)
            })
        };
        let may_be_page = self.is_get() && response.rpc.is_empty() && is_own;
        !may_be_page || was_open()
    }

    /// Whether the answer is an error of the revision that has no sessions: who asked speaks an earlier one (VER-04).
    #[must_use]
    pub fn says_next_era(&self) -> bool {
        let answer = self.response.iter();
        let mut errors = answer
            .flat_map(|(_, r)| &r.rpc)
            .filter_map(|r| r.error.as_ref());
        errors.any(|e| NEXT_ERA.contains(&e.code))
    }

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

    /// The status of the response that had come before an entry.
    #[must_use]
    pub fn status_before(&self, at: usize) -> Option<u16> {
        let response = self.response.as_ref().filter(|(n, _)| *n < at);
        response.map(|(_, r)| r.status)
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

/// The JSON-RPC errors that came with the revision of 2026-07-28: a header that is missing or does not match, a capability
/// that is, and a revision that is not taken.
const NEXT_ERA: RangeInclusive<i64> = -32_022..=-32_020;

/// A request that a hop received, and what it sent on for it.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// The exchange with the hop's client.
    pub outer: Seen,
    /// The exchange with the upstream; the last one, if a pooled connection had died.
    pub inner: Seen,
}

/// The first entry that is so many milliseconds later than another.
pub(super) fn entry_after(entries: &[Entry], at: usize, ms: u64) -> Option<usize> {
    let due_ms = entries[at].at_ms + ms;
    let later = entries[at..].partition_point(|e| e.at_ms < due_ms);
    (at + later < entries.len()).then_some(at + later)
}
