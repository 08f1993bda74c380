//! How a GET opens a stream or takes one up again (RES-04 to RES-06). Who may open one is in `admit`.

use std::sync::Arc;

use stalemate_wire::marks::took;
use stalemate_wire::{Request, header};

use super::dialect::{Finished, GetStreams, Resume, Scope};
use super::session::{StreamId, StreamKind};
use super::state::{ServerCore, Turn};
use super::{Key, Output};

/// Whose decisions are marked here.
const OF: &str = "server streams";

/// The cursor of a request (RES-04).
pub(super) fn cursor(request: &Request) -> Option<&str> {
    let cursor = request.headers.get(header::LAST_EVENT_ID);
    cursor.filter(|c| !c.is_empty())
}

/// Where a cursor leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To the beginning of what the session's client did not ask for, because that stream's priming names no event.
    Beginning,
    /// To an event of a stream.
    Event {
        /// The stream.
        stream: StreamId,
        /// The event's place among all.
        order: u64,
    },
}

impl ServerCore {
    /// Where a cursor of that session leads.
    pub(super) fn find_cursor(&self, session: &str, cursor: &str) -> Option<Place> {
        let sse = &self.dialect.sse;
        let resume = sse.resume.as_ref()?;
        if sse.priming.as_ref().and_then(|p| p.get_id.as_deref()) == Some(cursor) {
            return Some(Place::Beginning);
        }
        let within = (resume.scope != Scope::Server).then_some(session);
        let (stream, order) = self.table.find_event(cursor, within)?;
        Some(Place::Event { stream, order })
    }

    /// Whether a further GET of that session would be a second one.
    pub(super) fn is_listened_to(&self, session: &str) -> bool {
        match self.dialect.sse.get_streams {
            GetStreams::Once => self.table.get(session).is_some_and(|s| s.gets > 0),
            _ => self.table.is_listening(session),
        }
    }

    /// Whether a cursor leads to a stream that has a connection.
    pub(super) fn is_in_use(&self, session: &str, place: Place) -> bool {
        match place {
            Place::Beginning => self.table.is_listening(session),
            Place::Event { stream, .. } => {
                let stream = self.table.stream(stream);
                stream.is_some_and(|s| s.connection.is_some())
            }
        }
    }

    /// Opens the stream of an admitted GET, or resumes one.
    pub(super) fn listen(&mut self, t: &mut Turn, key: Key, request: &Request, session: &str) {
        let dialect = Arc::clone(&self.dialect);
        let cursor = cursor(request);
        let mut primed = true;
        if let (Some(resume), Some(cursor)) = (&dialect.sse.resume, cursor) {
            match self.find_cursor(session, cursor) {
                Some(Place::Event { stream, order }) => {
                    return self.resume(t, key, session, resume, (stream, order));
                }
                Some(Place::Beginning) => {
                    took(OF, "a cursor before the first event");
                    primed = false;
                }
                None if resume.unknown_is_silent => {
                    took(OF, "an unknown cursor opens a silent stream");
                    self.silent(session, key);
                    return self.head(t, key, session, &dialect.sse.get_headers);
                }
                None => took(OF, "an unknown cursor opens a new stream"),
            }
        }
        let gets = self.table.of_kind(session, StreamKind::Get);
        let one = dialect.sse.get_streams != GetStreams::Each;
        let stream = match gets.last() {
            Some((stream, true)) if dialect.sse.get_streams == GetStreams::Replace => {
                took(OF, "a second GET takes the stream over");
                if let Some(former) = self.connect(*stream, key) {
                    t.out.push(Output::Close {
                        key: former,
                        clean: true,
                    });
                }
                *stream
            }
            // Somebody is there already, and stays the one who is told.
            Some((_, true)) if one => {
                took(OF, "a second GET hears nothing");
                self.silent(session, key)
            }
            Some((stream, false)) if one => {
                took(OF, "a GET takes up the one stream again");
                self.connect(*stream, key);
                *stream
            }
            _ => {
                took(OF, "a GET opens a stream");
                let get = StreamKind::Get;
                self.table.open_stream(session, get, Some(key), Vec::new())
            }
        };
        self.head(t, key, session, &dialect.sse.get_headers);
        if primed {
            let revision = request.headers.get(header::PROTOCOL_VERSION);
            self.prime(t, stream, revision);
        }
        if dialect.sse.resume.as_ref().is_some_and(|r| r.fresh_get) {
            took(OF, "a GET without a cursor is told what was kept");
            let kept = self.table.kept(|id, _| id == stream);
            for kept in kept {
                self.push(t, key, kept.event);
            }
        }
    }

    /// A stream that carries nothing.
    fn silent(&mut self, session: &str, key: Key) -> StreamId {
        let silent = StreamKind::Silent;
        self.table
            .open_stream(session, silent, Some(key), Vec::new())
    }

    fn connect(&mut self, stream: StreamId, key: Key) -> Option<Key> {
        let stream = self.table.stream_mut(stream)?;
        stream.connection.replace(key)
    }

    /// Replays what came after the place of a cursor, and goes on with its stream.
    fn resume(
        &mut self,
        t: &mut Turn,
        key: Key,
        session: &str,
        resume: &Resume,
        (stream, order): (StreamId, u64),
    ) {
        let dialect = Arc::clone(&self.dialect);
        let place = Place::Event { stream, order };
        let is_get = self.table.stream(stream).map(|s| s.kind) == Some(StreamKind::Get);
        let one = matches!(dialect.sse.get_streams, GetStreams::One | GetStreams::Once);
        if is_get && one && resume.continues && self.is_in_use(session, place) {
            took(OF, "a stream in use is resumed in silence");
            self.silent(session, key);
            return self.head(t, key, session, &dialect.sse.get_headers);
        }
        let after = if resume.inclusive { order } else { order + 1 };
        let kept = self.table.kept(|id, s| match resume.scope {
            Scope::Stream => id == stream,
            Scope::Session => s.session == session,
            Scope::Server => true,
        });
        let finished = self.table.stream(stream).is_some_and(|s| s.finished);
        let own = self
            .table
            .stream(stream)
            .is_some_and(|s| s.session == session);
        let goes_on = resume.continues && !finished && own;
        if goes_on {
            took(OF, "a resumed stream goes on");
            // Whoever was on it is on a dead connection, or will learn now that somebody else is.
            if let Some(former) = self.connect(stream, key) {
                t.out.push(Output::Close {
                    key: former,
                    clean: true,
                });
            }
        } else {
            took(OF, "a resumed stream is only replayed");
            self.silent(session, key);
        }
        self.head(t, key, session, &dialect.sse.get_headers);
        for kept in kept.into_iter().filter(|k| k.order >= after) {
            self.push(t, key, kept.event);
        }
        if finished && resume.continues && resume.finished == Finished::Ends {
            took(OF, "a resumed stream that was over ends");
            if let Some(silent) = self.table.stream_on(key) {
                self.table.drop_stream(silent);
            }
            t.out.push(Output::Close { key, clean: true });
            self.rest(t, session);
        }
    }
}
