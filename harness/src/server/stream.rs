//! Event streams: what goes out on them, and how they are given up. How a GET opens one is in `listen`, how answers go out
//! in `deliver`.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stalemate_wire::{Headers, Revision, sse};
use uuid::Builder;

use super::answer::{Escape, HeaderList, fill};
use super::dialect::{Flaw, GetStreams};
use super::session::{Stream, StreamId, StreamKind};
use super::state::{Due, ServerCore, Turn};
use super::{Key, Output};

impl ServerCore {
    /// Sends the head of a stream.
    pub(super) fn head(&mut self, t: &mut Turn, key: Key, session: &str, own: &HeaderList) {
        let dialect = Arc::clone(&self.dialect);
        let mut headers = Headers::new();
        let vars = [("session", self.shown(session))];
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

    pub(super) fn push(&self, t: &mut Turn, key: Key, event: sse::Event) {
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
        // There is no place for it among answers that go out as JSON.
        if self.table.stream(id).is_none_or(|s| s.json.is_some()) {
            return;
        }
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
        let one = !matches!(sse.get_streams, GetStreams::Each | GetStreams::None);
        (waits && one).then(|| {
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
        self.tidy(&session);
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
