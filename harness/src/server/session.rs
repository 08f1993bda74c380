//! The sessions of a process and the streams open on them. A session is in use while a stream of it is open and its peer
//! is there; when it began to rest is the core's business.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Key, TimerId};

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Session {
    pub(super) id: String,
    /// The timer that ends it if it is still resting then.
    pub(super) idle: Option<TimerId>,
    /// Whether the client wants to hear of changes to the graph.
    pub(super) subscribed: bool,
    /// How many streams its POSTs have opened.
    pub(super) posts: u64,
}

/// What opened a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Post,
    Get,
}

/// One open event stream, or a POST whose peer left before its answers were ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    pub(super) session: String,
    pub(super) kind: StreamKind,
    /// Its ordinal among the session's POST streams, from 0; 0 for a GET.
    pub(super) ordinal: u64,
    /// How many events it has carried.
    pub(super) events: u64,
    /// The ids of the requests that it still owes an answer.
    pub(super) owed: Vec<Value>,
    /// Whether the peer went away.
    pub(super) abandoned: bool,
}

/// Sessions in the order of opening, streams in the order of their keys.
#[derive(Debug, Default)]
pub(super) struct Table {
    sessions: Vec<Session>,
    streams: BTreeMap<Key, Stream>,
}

impl Table {
    pub(super) fn ids(&self) -> Vec<String> {
        self.sessions.iter().map(|s| s.id.clone()).collect()
    }

    pub(super) fn add(&mut self, id: String) {
        self.sessions.push(Session {
            id,
            idle: None,
            subscribed: false,
            posts: 0,
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

    /// Adds a stream to a live session, which is in use from here on.
    pub(super) fn open_stream(
        &mut self,
        key: Key,
        session: &str,
        kind: StreamKind,
        owed: Vec<Value>,
    ) {
        let mut ordinal = 0;
        if let Some(s) = self.get_mut(session) {
            s.idle = None;
            if kind == StreamKind::Post {
                ordinal = s.posts;
                s.posts += 1;
            }
        }
        let stream = Stream {
            session: session.to_owned(),
            kind,
            ordinal,
            events: 0,
            owed,
            abandoned: false,
        };
        self.streams.insert(key, stream);
    }

    pub(super) fn stream_mut(&mut self, key: Key) -> Option<&mut Stream> {
        self.streams.get_mut(&key)
    }

    pub(super) fn drop_stream(&mut self, key: Key) -> Option<Stream> {
        self.streams.remove(&key)
    }

    /// Forgets and returns a stream that owes no answer any more.
    pub(super) fn drop_finished(&mut self, key: Key) -> Option<Stream> {
        let finished = self.streams.get(&key).is_some_and(|s| s.owed.is_empty());
        if finished {
            self.drop_stream(key)
        } else {
            None
        }
    }

    /// The session's GET stream, if one is open.
    pub(super) fn listener(&self, session: &str) -> Option<Key> {
        self.streams
            .iter()
            .find(|(_, s)| s.session == session && s.kind == StreamKind::Get)
            .map(|(key, _)| *key)
    }

    /// Whether a peer waits on a stream of the session.
    pub(super) fn in_use(&self, session: &str) -> bool {
        self.streams
            .values()
            .any(|s| s.session == session && !s.abandoned)
    }

    /// The session's streams whose peers are still there.
    pub(super) fn streams_of(&self, session: &str) -> Vec<(Key, Stream)> {
        self.streams
            .iter()
            .filter(|(_, s)| s.session == session && !s.abandoned)
            .map(|(key, s)| (*key, s.clone()))
            .collect()
    }

    /// Forgets the session's streams, and returns those whose peers are still there.
    pub(super) fn take_streams(&mut self, session: &str) -> Vec<(Key, Stream)> {
        let taken = self.streams_of(session);
        self.streams.retain(|_, s| s.session != session);
        taken
    }

    /// Forgets every stream, and returns those whose peers are still there.
    pub(super) fn take_all_streams(&mut self) -> Vec<Key> {
        let streams = std::mem::take(&mut self.streams);
        streams
            .into_iter()
            .filter(|(_, s)| !s.abandoned)
            .map(|(key, _)| key)
            .collect()
    }
}
