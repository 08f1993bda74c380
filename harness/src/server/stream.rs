//! Event streams: how they open, what goes out on them, how they are resumed (RES-04 to RES-06) and how they end. Who may
//! open one is in `admit`, what the answers are in `core`.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use stalemate_wire::{Headers, Request, Revision, header, sse};
use uuid::Builder;

use super::answer::{Escape, HeaderList, fill};
use super::dialect::{Finished, Flaw, GetStreams, Resume, Scope};
use super::session::{Stream, StreamId, StreamKind};
use super::state::{Due, ServerCore, Turn};
use super::{Key, Output};

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
                Some(Place::Beginning) => primed = false,
                None if resume.unknown_is_silent => {
                    self.silent(session, key);
                    return self.head(t, key, session, &dialect.sse.get_headers);
                }
                None => {}
            }
        }
        let gets = self.table.of_kind(session, StreamKind::Get);
        let one = dialect.sse.get_streams == GetStreams::One;
        let stream = match gets.last() {
            // Somebody is there already, and stays the one who is told.
            Some((_, true)) if one => self.silent(session, key),
            Some((stream, false)) if one => {
                self.connect(*stream, key);
                *stream
            }
            _ => {
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
        let one = dialect.sse.get_streams == GetStreams::One;
        if is_get && one && resume.continues && self.is_in_use(session, place) {
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
            // Whoever was on it is on a dead connection, or will learn now that somebody else is.
            if let Some(former) = self.connect(stream, key) {
                t.out.push(Output::Close {
                    key: former,
                    clean: true,
                });
            }
        } else {
            self.silent(session, key);
        }
        self.head(t, key, session, &dialect.sse.get_headers);
        for kept in kept.into_iter().filter(|k| k.order >= after) {
            self.push(t, key, kept.event);
        }
        if finished && resume.continues && resume.finished == Finished::Ends {
            if let Some(silent) = self.table.stream_on(key) {
                self.table.drop_stream(silent);
            }
            t.out.push(Output::Close { key, clean: true });
            self.rest(t, session);
        }
    }

    /// Sends the head of a stream.
    pub(super) fn head(&mut self, t: &mut Turn, key: Key, session: &str, own: &HeaderList) {
        let dialect = Arc::clone(&self.dialect);
        let mut headers = Headers::new();
        let vars = [("session", session)];
        dialect.every_answer.fill_into(&mut headers, &vars);
        own.fill_into(&mut headers, &vars);
        t.out.push(Output::Head {
            key,
            status: 200,
            headers,
        });
        if let Some(keepalive) = &dialect.sse.keepalive {
            self.arm(t, keepalive.every_ms, Due::Keepalive { key });
        }
        self.used(t, session);
    }

    /// Sends the priming event of a stream that was just opened, if a peer of that revision gets one. Returns whether it
    /// does.
    pub(super) fn prime(&mut self, t: &mut Turn, id: StreamId, revision: Option<&str>) -> bool {
        let dialect = Arc::clone(&self.dialect);
        let Some(priming) = &dialect.sse.priming else {
            return false;
        };
        // Revisions are dates: they compare as text.
        let revision = revision.unwrap_or(Revision::ASSUMED.as_str());
        let due = priming.since.as_deref().is_none_or(|s| revision >= s);
        let Some(stream) = self.table.stream(id).filter(|_| due).cloned() else {
            return false;
        };
        if matches!(stream.kind, StreamKind::Get | StreamKind::Silent) && !priming.get {
            return false;
        }
        let fixed = match stream.kind {
            StreamKind::Opening => priming.opening_id.clone(),
            StreamKind::Post => None,
            StreamKind::Get | StreamKind::Silent => priming.get_id.clone(),
        };
        let keep = fixed.is_none();
        let event = sse::Event {
            data: Some(String::new()),
            id: fixed.or_else(|| self.event_id(id)),
            retry_ms: priming.retry_ms,
            ..sse::Event::default()
        };
        let replayed = match &priming.replayed_data {
            Some(data) => sse::Event {
                event: dialect.sse.event.clone(),
                data: Some(data.clone()),
                id: event.id.clone(),
                ..sse::Event::default()
            },
            None => event.clone(),
        };
        if keep {
            self.keep(id, replayed);
        }
        if let Some(key) = stream.connection {
            self.push(t, key, event);
        }
        true
    }

    /// Closes the connection of a stream that goes on without it (POLL-02).
    pub(super) fn let_poll(&mut self, t: &mut Turn, id: StreamId) {
        let Some(stream) = self.table.stream_mut(id) else {
            return;
        };
        let session = stream.session.clone();
        if let Some(key) = stream.connection.take() {
            t.out.push(Output::Close { key, clean: true });
            self.rest(t, &session);
        }
    }

    /// The id of the stream's next event, which is counted here.
    fn event_id(&mut self, id: StreamId) -> Option<String> {
        let stream = self.table.stream_mut(id)?;
        let event = stream.events.to_string();
        stream.events += 1;
        let sse = &self.dialect.sse;
        let (kind, template) = match stream.kind {
            StreamKind::Opening => return None,
            StreamKind::Post => ("post", sse.post_event_id.as_deref()?),
            StreamKind::Get | StreamKind::Silent => ("get", sse.get_event_id.as_deref()?),
        };
        let ordinal = stream.ordinal.to_string();
        let vars = [
            ("session", stream.session.as_str()),
            ("stream", &ordinal),
            ("event", &event),
            ("stream-uuid", &*uuid(&[&stream.session, kind, &ordinal])),
            (
                "event-uuid",
                &*uuid(&[&stream.session, kind, &ordinal, &event]),
            ),
        ];
        Some(fill(template, &vars, Escape::None))
    }

    fn keep(&mut self, id: StreamId, event: sse::Event) {
        if let Some(resume) = &self.dialect.sse.resume
            && event.id.is_some()
        {
            self.table.keep(id, event, resume.keeps);
        }
    }

    fn push(&self, t: &mut Turn, key: Key, event: sse::Event) {
        let style = self.dialect.sse.style;
        t.out.push(Output::Event { key, event, style });
    }

    /// Sends a comment on an open stream.
    pub(super) fn comment(&self, t: &mut Turn, key: Key, comment: String) {
        let event = sse::Event {
            comments: vec![comment],
            ..sse::Event::default()
        };
        self.push(t, key, event);
    }

    /// Sends a message on a stream, and keeps it for whoever resumes it.
    pub(super) fn event(&mut self, t: &mut Turn, id: StreamId, data: String) {
        let event = sse::Event {
            event: self.dialect.sse.event.clone(),
            data: Some(data),
            id: self.event_id(id),
            ..sse::Event::default()
        };
        self.keep(id, event.clone());
        let Some(stream) = self.table.stream(id) else {
            return;
        };
        let session = stream.session.clone();
        if let Some(key) = stream.connection {
            self.push(t, key, event);
        }
        self.used(t, &session);
    }

    /// Sends an answer on the stream of its request, and ends the stream after its last one (POST-10).
    pub(super) fn deliver(&mut self, t: &mut Turn, id: StreamId, rpc_id: &Value, message: String) {
        let resumable = self.is_resumable(id);
        let Some(stream) = self.table.stream_mut(id) else {
            return;
        };
        stream.owed.retain(|owed| owed != rpc_id);
        if stream.connection.is_some() || resumable {
            self.event(t, id, message);
        } else if let Some(exit) = self.dialect.hazards.abandoned_post.clone() {
            return self.exit(t, &exit, rpc_id);
        }
        self.finish(t, id);
    }

    /// Whether the stream outlives its connection.
    pub(super) fn is_resumable(&self, id: StreamId) -> bool {
        let sse = &self.dialect.sse;
        let ids = match self.table.stream(id).map(|s| s.kind) {
            Some(StreamKind::Post) => &sse.post_event_id,
            Some(StreamKind::Get) => &sse.get_event_id,
            Some(StreamKind::Opening | StreamKind::Silent) | None => &None,
        };
        sse.resume.is_some() && ids.is_some()
    }

    /// Ends a POST stream that owes no answer any more.
    pub(super) fn finish(&mut self, t: &mut Turn, id: StreamId) {
        let resume = self.dialect.sse.resume.as_ref();
        let remembered = resume.is_some_and(|r| r.finished != Finished::Forgotten);
        let remembered = remembered && self.is_resumable(id);
        let Some(stream) = self.table.stream_mut(id).filter(|s| s.owed.is_empty()) else {
            return;
        };
        let (session, connection) = (stream.session.clone(), stream.connection.take());
        stream.finished = true;
        if !remembered {
            self.table.drop_stream(id);
        }
        if let Some(key) = connection {
            t.out.push(Output::Close { key, clean: true });
            self.rest(t, &session);
        }
    }

    /// Sends a message that is no answer to a session's client, on the one stream that is for that (MULTI-02).
    pub(super) fn tell(&mut self, t: &mut Turn, session: &str, message: &str) {
        let mut targets = Vec::new();
        if self.dialect.flaws.contains(&Flaw::Broadcasts) {
            let open = self.table.connected(session).into_iter();
            targets.extend(open.map(|(id, _)| id));
        } else {
            targets.extend(self.listener(session));
        }
        if self.dialect.flaws.contains(&Flaw::Leaks) {
            let others = self.table.ids().into_iter().filter(|id| id != session);
            let heard: Vec<StreamId> = others.filter_map(|id| self.listener(&id)).collect();
            targets.extend(heard);
        }
        for stream in targets {
            self.event(t, stream, message.to_owned());
        }
    }

    /// The stream that carries what the session's client did not ask for. Without one nobody hears it, unless it is kept
    /// for the stream that the client will open.
    fn listener(&mut self, session: &str) -> Option<StreamId> {
        let gets = self.table.of_kind(session, StreamKind::Get);
        let open = gets.iter().rev().find(|(_, connected)| *connected);
        if let Some((stream, _)) = open.or(gets.last()) {
            return Some(*stream);
        }
        let sse = &self.dialect.sse;
        let waits = sse.resume.is_some() && sse.get_event_id.is_some();
        (waits && sse.get_streams == GetStreams::One).then(|| {
            self.table
                .open_stream(session, StreamKind::Get, None, Vec::new())
        })
    }

    /// The peer of an exchange went away.
    pub(super) fn aborted(&mut self, t: &mut Turn, key: Key) {
        let Some(id) = self.table.stream_on(key) else {
            return;
        };
        let resumable = self.is_resumable(id);
        let Some(Stream { session, kind, .. }) = self.table.stream(id).cloned() else {
            return;
        };
        // The child works on: a disconnect is no cancellation (POST-12).
        if resumable || matches!(kind, StreamKind::Post | StreamKind::Opening) {
            if let Some(stream) = self.table.stream_mut(id) {
                stream.connection = None;
            }
        } else {
            self.table.drop_stream(id);
        }
        self.rest(t, &session);
    }
}

/// A UUID that hides what it is made of, and is the same each time. Not for secrets.
fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // Each part is closed by a byte that no text has.
        hash.update(part);
        hash.update([0xFF]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn a_uuid_has_its_shape_and_depends_on_every_part() {
        let one = uuid(&["s", "post", "1", "2"]);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]), "{one}");
        assert_eq!(one, uuid(&["s", "post", "1", "2"]));
        for other in [
            ["s", "post", "12", ""],
            ["s", "get", "1", "2"],
            ["t", "post", "1", "2"],
        ] {
            assert_ne!(one, uuid(&other));
        }
    }
}
