//! The sessions of a process and their streams. A stream is one thing and its connection another: where streams can be
//! resumed, a stream outlives its connections and keeps its events. When a session began to rest is the core's business.

use std::collections::BTreeMap;

use serde_json::Value;
use stalemate_wire::sse;

use super::{Key, TimerId};

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Session {
    pub(super) id: String,
    /// Whether it is none that anybody knows of: what stands for one request of a server without sessions.
    pub(super) anonymous: bool,
    /// The name of the token that it was opened with.
    pub(super) token: Option<String>,
    /// Whether another user works with it, so that it never rests.
    pub(super) held: bool,
    /// The revision that its `initialize` was answered with.
    pub(super) revision: Option<String>,
    /// When it was opened.
    pub(super) born_ms: u64,
    /// When something of it came or went last.
    pub(super) used_ms: u64,
    /// The timer that ends it if it is still resting then.
    pub(super) idle: Option<TimerId>,
    /// Whether a timer runs that ends it in any case.
    pub(super) doomed: bool,
    /// Whether the client wants to hear of changes to the graph.
    pub(super) subscribed: bool,
    /// How many streams its POSTs have opened.
    pub(super) posts: u64,
    /// How many streams its GETs have opened.
    pub(super) gets: u64,
    /// How many requests its client was sent.
    pub(super) asked: u64,
}

/// A stream of this process, or of an earlier one whose streams were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamId(u64);

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// The POST that opened the session, where its stream stands apart.
    Opening,
    /// The answers to a POST.
    Post,
    /// Messages that nobody asked for.
    Get,
    /// Nothing: it is open and stays silent.
    Silent,
}

/// An event that was sent, or would have been had there been a connection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// Its place among all events of the server.
    pub(super) order: u64,
    /// As it is to be replayed.
    pub(super) event: sse::Event,
}

/// One event stream, or a POST whose peer left before its answers were ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    pub(super) session: String,
    pub(super) kind: StreamKind,
    /// Its ordinal among the session's streams of its kind, from 0.
    pub(super) ordinal: u64,
    /// How many events it has carried.
    pub(super) events: u64,
    /// The ids of the requests that it still owes an answer.
    pub(super) owed: Vec<Value>,
    /// The exchange that it goes out on; `None` while nobody is there.
    pub(super) connection: Option<Key>,
    /// Whether its last answer was sent. It is there for cursors only.
    pub(super) finished: bool,
    /// Its events, oldest first, as far as they are still known.
    pub(super) kept: Vec<Kept>,
    /// The answers so far, where they go out as JSON and not on a stream.
    pub(super) json: Option<Json>,
}

/// Answers on their way to go out together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json {
    pub(super) answers: Vec<String>,
    /// Whether they answer the POST that opened the session.
    pub(super) opens: bool,
}

/// Sessions in the order of opening, streams in the order of theirs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    sessions: Vec<Session>,
    streams: BTreeMap<StreamId, Stream>,
    next_stream: u64,
    next_order: u64,
}

impl Table {
    /// The sessions that somebody knows of.
    pub(super) fn ids(&self) -> Vec<String> {
        let known = self.sessions.iter().filter(|s| !s.anonymous);
        known.map(|s| s.id.clone()).collect()
    }

    /// All of them, in the order of opening.
    pub(super) fn all(&self) -> &[Session] {
        &self.sessions
    }

    pub(super) fn add(&mut self, id: String, anonymous: bool, now_ms: u64) {
        self.sessions.push(Session {
            id,
            anonymous,
            token: None,
            held: false,
            revision: None,
            born_ms: now_ms,
            used_ms: now_ms,
            idle: None,
            doomed: false,
            subscribed: false,
            posts: 0,
            gets: 0,
            asked: 0,
        });
    }

    pub(super) fn get(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|s| s.id == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|s| s.id == id)
    }

    /// Forgets a session; says whether there was one.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|s| s.id != id);
        self.sessions.len() < before
    }

    /// Adds a stream to a live session.
    pub(super) fn open_stream(
        &mut self,
        session: &str,
        kind: StreamKind,
        connection: Option<Key>,
        owed: Vec<Value>,
    ) -> StreamId {
        let mut ordinal = 0;
        if let Some(s) = self.get_mut(session) {
            let count = match kind {
                StreamKind::Post => &mut s.posts,
                StreamKind::Get => &mut s.gets,
                StreamKind::Opening | StreamKind::Silent => &mut 0,
            };
            ordinal = *count;
            *count += 1;
        }
        let id = StreamId(self.next_stream);
        self.next_stream += 1;
        let stream = Stream {
            session: session.to_owned(),
            kind,
            ordinal,
            events: 0,
            owed,
            connection,
            finished: false,
            kept: Vec::new(),
            json: None,
        };
        self.streams.insert(id, stream);
        id
    }

    pub(super) fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(&id)
    }

    pub(super) fn stream_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.get_mut(&id)
    }

    /// The stream that goes out on that exchange.
    pub(super) fn stream_on(&self, key: Key) -> Option<StreamId> {
        let mut streams = self.streams.iter();
        streams
            .find(|(_, s)| s.connection == Some(key))
            .map(|(id, _)| *id)
    }

    pub(super) fn drop_stream(&mut self, id: StreamId) -> Option<Stream> {
        self.streams.remove(&id)
    }

    /// The session's unfinished streams of that kind, oldest first.
    pub(super) fn of_kind(&self, session: &str, kind: StreamKind) -> Vec<(StreamId, bool)> {
        let streams = self.streams.iter();
        streams
            .filter(|(_, s)| s.session == session && s.kind == kind && !s.finished)
            .map(|(id, s)| (*id, s.connection.is_some()))
            .collect()
    }

    /// Whether a GET stream of the session that carries messages is open.
    pub(super) fn is_listening(&self, session: &str) -> bool {
        let gets = self.of_kind(session, StreamKind::Get);
        gets.iter().any(|(_, connected)| *connected)
    }

    /// Whether a peer waits on a stream of the session that is of one of those kinds.
    pub(super) fn in_use(&self, session: &str, of: impl Fn(StreamKind) -> bool) -> bool {
        let mut streams = self.streams.values();
        streams.any(|s| s.session == session && s.connection.is_some() && of(s.kind))
    }

    /// Whether the session still owes an answer.
    pub(super) fn owes(&self, session: &str) -> bool {
        let mut streams = self.streams.values();
        streams.any(|s| s.session == session && !s.owed.is_empty())
    }

    /// The session's streams whose peers are there, oldest first.
    pub(super) fn connected(&self, session: &str) -> Vec<(StreamId, Stream)> {
        let streams = self.streams.iter();
        streams
            .filter(|(_, s)| s.session == session && s.connection.is_some())
            .map(|(id, s)| (*id, s.clone()))
            .collect()
    }

    /// Forgets the session's streams, and returns them.
    pub(super) fn take_streams(&mut self, session: &str) -> Vec<(StreamId, Stream)> {
        let of = |s: &Stream| s.session == session;
        let taken = self.streams.iter().filter(|(_, s)| of(s));
        let taken = taken.map(|(id, s)| (*id, s.clone())).collect();
        self.streams.retain(|_, s| !of(s));
        taken
    }

    /// Every open connection, which is gone after this.
    pub(super) fn disconnect_all(&mut self) -> Vec<Key> {
        let streams = self.streams.values_mut();
        streams.filter_map(|s| s.connection.take()).collect()
    }

    /// Keeps an event of the stream, and of its session no more than the `most` youngest ones.
    pub(super) fn keep(&mut self, id: StreamId, event: sse::Event, most: usize) {
        let order = self.next_order;
        self.next_order += 1;
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.kept.push(Kept { order, event });
        let session = stream.session.clone();
        let of = |s: &&mut Stream| s.session == session;
        let streams = self.streams.values_mut().filter(of);
        let mut orders: Vec<u64> = streams
            .flat_map(|s| s.kept.iter().map(|k| k.order))
            .collect();
        if let Some(too_many) = orders.len().checked_sub(most) {
            orders.sort_unstable();
            let forgotten = &orders[..too_many];
            for stream in self.streams.values_mut().filter(of) {
                stream.kept.retain(|k| !forgotten.contains(&k.order));
            }
            // A finished stream without events is nothing that a cursor could name.
            self.streams
                .retain(|_, s| !(s.finished && s.kept.is_empty()));
        }
    }

    /// The event that a cursor names, among the streams of a session or of all: its stream and its place.
    pub(super) fn find_event(
        &self,
        cursor: &str,
        session: Option<&str>,
    ) -> Option<(StreamId, u64)> {
        let streams = self.streams.iter();
        let mut within = streams.filter(|(_, s)| session.is_none_or(|id| s.session == id));
        within.find_map(|(id, stream)| {
            let mut kept = stream.kept.iter();
            let found = kept.find(|k| k.event.id.as_deref() == Some(cursor))?;
            Some((*id, found.order))
        })
    }

    /// The kept events of the streams that `of` selects, in the order of sending.
    pub(super) fn kept(&self, of: impl Fn(StreamId, &Stream) -> bool) -> Vec<Kept> {
        let streams = self.streams.iter().filter(|(id, s)| of(**id, s));
        let mut kept: Vec<Kept> = streams.flat_map(|(_, s)| s.kept.clone()).collect();
        kept.sort_by_key(|k| k.order);
        kept
    }

    /// What outlives the process: the sessions, and their streams if `streams`; no connection and no timer.
    pub(super) fn durable(&self, streams: bool) -> Self {
        let mut kept = self.clone();
        kept.disconnect_all();
        kept.sessions.retain(|s| !s.anonymous);
        for session in &mut kept.sessions {
            (session.idle, session.doomed) = (None, false);
        }
        if !streams {
            kept.streams.clear();
        }
        kept
    }
}
