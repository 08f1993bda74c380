//! How answers go out: on the stream of their request, which ends behind the last one, or together as JSON.

use serde_json::Value;
use stalemate_wire::{Headers, Response, sse};

use super::dialect::{Finished, Flaw};
use super::session::{Json, Stream, StreamId, StreamKind, Table};
use super::state::{ServerCore, Turn};
use super::{Key, Output};

impl ServerCore {
    /// Sends an answer on the stream of its request, and ends the stream after its last one (POST-10).
    pub(super) fn deliver(&mut self, t: &mut Turn, id: StreamId, rpc_id: &Value, message: String) {
        let Some(message) = self.misdirected(t, id, rpc_id, message) else {
            return;
        };
        let resumable = self.is_resumable(id);
        let Some(stream) = self.table.stream_mut(id) else {
            if let Some(session) = self.reviving.remove(&id)
                && self.table.get(&session).is_none()
            {
                self.table.add(session, false, t.now_ms);
            }
            return;
        };
        stream.owed.retain(|owed| owed != rpc_id);
        let connected = stream.connection.is_some();
        if let Some(json) = stream.json.as_mut().filter(|_| connected) {
            json.answers.push(message);
        } else if connected || resumable {
            self.event(t, id, message);
        } else if let Some(exit) = self.dialect.hazards.abandoned_post.clone() {
            return self.exit(t, &exit, rpc_id);
        }
        self.finish(t, id);
    }

    /// Sends an answer where a broken server sends it; returns it if that is its own stream.
    fn misdirected(
        &mut self,
        t: &mut Turn,
        id: StreamId,
        rpc_id: &Value,
        message: String,
    ) -> Option<String> {
        let flaws = &self.dialect.flaws;
        let (on_get, newest) = (
            flaws.contains(&Flaw::AnswersOnGet),
            flaws.contains(&Flaw::NewestGetsAll),
        );
        let Some(session) = self.table.stream(id).map(|s| s.session.clone()) else {
            return Some(message);
        };
        let open_get = |table: &Table, session: &str| {
            let gets = table.of_kind(session, StreamKind::Get);
            gets.into_iter().rev().find(|(_, connected)| *connected)
        };
        if on_get && let Some((get, _)) = open_get(&self.table, &session) {
            self.event(t, get, message);
            if let Some(stream) = self.table.stream_mut(id) {
                stream.owed.retain(|owed| owed != rpc_id);
            }
            self.finish(t, id);
            return None;
        }
        let last = self
            .table
            .ids()
            .pop()
            .filter(|last| newest && *last != session);
        let Some(last) = last else {
            return Some(message);
        };
        let same = |(_, s): &(StreamId, Stream)| s.owed.contains(rpc_id);
        if let Some((call, _)) = self.table.connected(&last).into_iter().find(same) {
            self.deliver(t, call, rpc_id, message);
        } else if let Some((get, _)) = open_get(&self.table, &last) {
            self.event(t, get, message);
        }
        None
    }

    /// Sends the answers to a POST as one JSON value.
    pub(super) fn respond_json(&self, t: &mut Turn, key: Key, session: &str, json: &Json) {
        let Some(as_json) = &self.dialect.json_answers else {
            return;
        };
        let own = match json.opens {
            true => &as_json.initialize_headers,
            false => &as_json.headers,
        };
        let mut headers = Headers::new();
        let vars = [("session", self.shown(session))];
        self.dialect.every_answer.fill_into(&mut headers, &vars);
        own.fill_into(&mut headers, &vars);
        let body = match &json.answers[..] {
            [only] => only.clone(),
            several => format!("[{}]", several.join(",")),
        };
        let response = Response {
            status: 200,
            headers,
            body: body.into_bytes(),
        };
        t.out.push(Output::Respond {
            key,
            response,
            framing: as_json.framing,
        });
    }

    /// The id of a session as headers have it: nothing where there are no sessions.
    pub(super) fn shown<'a>(&self, session: &'a str) -> &'a str {
        match self.dialect.has_sessions() {
            true => session,
            false => "",
        }
    }

    /// Sends a message on a connection whose stream is there no more.
    pub(super) fn last_words(&self, t: &mut Turn, key: Key, data: String) {
        let event = sse::Event {
            event: self.dialect.sse.event.clone(),
            data: Some(data),
            ..sse::Event::default()
        };
        self.push(t, key, event);
    }

    /// Whether the stream outlives its connection.
    pub(super) fn is_resumable(&self, id: StreamId) -> bool {
        let sse = &self.dialect.sse;
        let stream = self.table.stream(id).filter(|s| s.json.is_none());
        let ids = match stream.map(|s| s.kind) {
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
        let json = stream.json.take();
        stream.finished = true;
        if !remembered {
            self.table.drop_stream(id);
        }
        if let Some(key) = connection {
            match json {
                // Nothing was asked for any more: no answer can be made of nothing.
                Some(json) if json.answers.is_empty() => {
                    t.out.push(Output::Close { key, clean: false });
                }
                Some(json) => self.respond_json(t, key, &session, &json),
                None => t.out.push(Output::Close { key, clean: true }),
            }
            self.rest(t, &session);
        }
        self.tidy(&session);
    }
}
