//! How sessions, streams and the process begin to rest, expire and end: the half of the core that no request asks for.

use serde_json::Value;
use stalemate_wire::sse;

use super::answer::{Escape, fill};
use super::core::ServerCore;
use super::dialect::{Exit, StreamEnd};
use super::session::{Stream, StreamKind};
use super::{Key, Output, TimerId};
use crate::journal::SessionEnd;

/// What a timer is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Due {
    /// The session expires, if it still rests.
    Idle { session: String },
    /// A comment goes out, if the stream is still open.
    Keepalive { key: Key },
    /// The answer to a request is ready.
    Answer {
        key: Key,
        id: Value,
        message: String,
    },
}

/// The outputs of one input, and when it came.
pub(super) struct Turn {
    pub(super) now_ms: u64,
    pub(super) out: Vec<Output>,
}

impl Turn {
    fn close(&mut self, keys: impl IntoIterator<Item = Key>, clean: bool) {
        let closes = keys.into_iter().map(|key| Output::Close { key, clean });
        self.out.extend(closes);
    }
}

impl ServerCore {
    /// Opens a session under the next id drawn.
    pub(super) fn open_session(&mut self, t: &mut Turn) -> String {
        let id = (self.options.ids)();
        self.table.add(id.clone());
        t.out.push(Output::OpenSession {
            session: id.clone(),
        });
        id
    }

    /// Ends a session: its streams end cleanly, then it is gone.
    pub(super) fn end_session(&mut self, t: &mut Turn, id: &str, cause: SessionEnd) {
        let streams = self.table.take_streams(id);
        t.close(streams.into_iter().map(|(key, _)| key), true);
        self.forget_session(t, id, cause);
    }

    /// Ends a session as a refusal does: it is gone at once; what goes out next is the refusal, and then its streams
    /// end, because only the death of its child ends them. The caller sends the refusal.
    pub(super) fn kill_session(&mut self, t: &mut Turn, id: &str, refusal: Output) {
        let streams = self.table.take_streams(id);
        self.forget_session(t, id, SessionEnd::RefusalKilledIt);
        t.out.push(refusal);
        t.close(streams.into_iter().map(|(key, _)| key), true);
    }

    fn forget_session(&mut self, t: &mut Turn, id: &str, cause: SessionEnd) {
        if self.table.remove(id) {
            t.out.push(Output::EndSession {
                session: id.to_owned(),
                cause,
            });
        }
    }

    /// Starts the idle clock of a session anew, unless somebody waits on one of its streams.
    pub(super) fn rest(&mut self, t: &mut Turn, id: &str) {
        let timeout = self
            .options
            .session_timeout_ms
            .unwrap_or(self.dialect.sessions.idle_timeout_ms);
        let Some(timeout_ms) = timeout else { return };
        if self.over || self.table.in_use(id) || self.table.get(id).is_none() {
            return;
        }
        let due = Due::Idle {
            session: id.to_owned(),
        };
        let timer = self.arm(t, timeout_ms, due);
        if let Some(session) = self.table.get_mut(id) {
            session.idle = Some(timer);
        }
    }

    /// Asks for a timer, so many milliseconds from now.
    pub(super) fn arm(&mut self, t: &mut Turn, in_ms: u64, due: Due) -> TimerId {
        let id = TimerId(self.next_timer);
        self.next_timer += 1;
        self.timers.insert(id, due);
        t.out.push(Output::Timer {
            id,
            at_ms: t.now_ms.saturating_add(in_ms),
        });
        id
    }

    /// The process dies; `id` is the JSON-RPC id that its last words name.
    pub(super) fn exit(&mut self, t: &mut Turn, exit: &Exit, id: &Value) {
        let vars = [("id", &*id.to_string())];
        t.out.push(Output::Exit {
            code: exit.code,
            why: fill(&exit.why, &vars, Escape::None),
        });
        self.over = true;
    }

    pub(super) fn aborted(&mut self, t: &mut Turn, key: Key) {
        let Some(stream) = self.table.stream_mut(key) else {
            return;
        };
        let session = stream.session.clone();
        match stream.kind {
            // The child works on: a disconnect is no cancellation (POST-12).
            StreamKind::Post => stream.abandoned = true,
            StreamKind::Get => {
                self.table.drop_stream(key);
            }
        }
        self.rest(t, &session);
    }

    pub(super) fn timer(&mut self, t: &mut Turn, id: TimerId) {
        match self.timers.remove(&id) {
            Some(Due::Idle { session })
                if self.table.get(&session).is_some_and(|s| s.idle == Some(id)) =>
            {
                self.end_session(t, &session, SessionEnd::Expired);
            }
            Some(Due::Keepalive { key }) => {
                let open = self.table.stream_mut(key).is_some_and(|s| !s.abandoned);
                let keepalive = self.dialect.sse.keepalive.clone();
                if let Some(keepalive) = keepalive.filter(|_| open) {
                    let event = sse::Event {
                        comments: vec![keepalive.comment],
                        ..sse::Event::default()
                    };
                    t.out.push(Output::Event { key, event });
                    self.arm(t, keepalive.every_ms, Due::Keepalive { key });
                }
            }
            Some(Due::Answer { key, id, message }) => self.deliver(t, key, &id, message),
            // The session is gone, or was used since.
            Some(Due::Idle { .. }) | None => {}
        }
    }

    pub(super) fn terminate(&mut self, t: &mut Turn) {
        let clean = self.dialect.hazards.stop == StreamEnd::Clean;
        t.close(self.table.take_all_streams(), clean);
        self.over = true;
    }

    pub(super) fn child_died(&mut self, t: &mut Turn, session: &str) {
        if let Some(fault) = self.dialect.hazards.child_death.clone() {
            for (key, stream) in self.table.streams_of(session) {
                for id in &stream.owed {
                    let message = self.error(id, fault.code, &fault.message);
                    self.event(t, key, message);
                }
            }
        }
        self.end_session(t, session, SessionEnd::ChildEnded);
    }

    pub(super) fn expire_all(&mut self, t: &mut Turn) {
        for id in self.table.ids() {
            self.end_session(t, &id, SessionEnd::ExpiredByScenario);
        }
    }

    /// Ends a stream whose last answer is out (POST-10).
    pub(super) fn finish(&mut self, t: &mut Turn, key: Key, stream: &Stream) {
        t.close([key], true);
        self.rest(t, &stream.session);
    }
}
