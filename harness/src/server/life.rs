//! How sessions, streams and the process begin to rest, expire and end: the half of the core that no request asks for.

use serde_json::Value;

use super::answer::{Escape, fill};
use super::dialect::{Exit, IdleClock, StreamEnd};
use super::session::Stream;
use super::state::{Due, ServerCore, Turn};
use super::{Output, TimerId};
use crate::journal::SessionEnd;

impl ServerCore {
    /// Opens a session under the next id drawn.
    pub(super) fn open_session(&mut self, t: &mut Turn) -> String {
        let id = (self.options.ids)();
        self.table.add(id.clone());
        self.opened = true;
        t.out.push(Output::OpenSession {
            session: id.clone(),
        });
        id
    }

    /// Ends a session: its streams end cleanly, then it is gone.
    pub(super) fn end_session(&mut self, t: &mut Turn, id: &str, cause: SessionEnd) {
        let streams = self.table.take_streams(id);
        t.close(streams, true);
        self.forget_session(t, id, cause);
    }

    /// Ends a session as a refusal does: it is gone at once; what goes out next is the refusal, and then its streams
    /// end, because only the death of its child ends them. The caller sends the refusal.
    pub(super) fn kill_session(&mut self, t: &mut Turn, id: &str, refusal: Output) {
        let streams = self.table.take_streams(id);
        self.forget_session(t, id, SessionEnd::RefusalKilledIt);
        t.out.push(refusal);
        t.close(streams, true);
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
        if self.dialect.sessions.idle_clock == IdleClock::Streams && !self.table.in_use(id) {
            self.start_clock(t, id);
        }
    }

    /// A stream of the session has a peer now, or a message of it came or went.
    pub(super) fn used(&mut self, t: &mut Turn, id: &str) {
        match self.dialect.sessions.idle_clock {
            IdleClock::Messages => self.start_clock(t, id),
            IdleClock::Streams if self.table.in_use(id) => {
                if let Some(session) = self.table.get_mut(id) {
                    session.idle = None;
                }
            }
            IdleClock::Streams => {}
        }
    }

    fn start_clock(&mut self, t: &mut Turn, id: &str) {
        let timeout = self
            .options
            .session_timeout_ms
            .unwrap_or(self.dialect.sessions.idle_timeout_ms);
        let Some(timeout_ms) = timeout else { return };
        if self.over || self.table.get(id).is_none() {
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

    pub(super) fn timer(&mut self, t: &mut Turn, id: TimerId) {
        match self.timers.remove(&id) {
            Some(Due::Idle { session })
                if self.table.get(&session).is_some_and(|s| s.idle == Some(id)) =>
            {
                self.end_session(t, &session, SessionEnd::Expired);
            }
            Some(Due::Keepalive { key }) => {
                let open = self.table.stream_on(key).is_some();
                let keepalive = self.dialect.sse.keepalive.clone();
                if let Some(keepalive) = keepalive.filter(|_| open) {
                    self.comment(t, key, keepalive.comment);
                    self.arm(t, keepalive.every_ms, Due::Keepalive { key });
                }
            }
            Some(Due::Answer {
                stream,
                id,
                message,
            }) => self.deliver(t, stream, &id, message),
            Some(Due::Progress {
                stream,
                id,
                progress,
            }) => self.progress(t, stream, id, progress),
            // The session is gone, or was used since.
            Some(Due::Idle { .. }) | None => {}
        }
    }

    pub(super) fn terminate(&mut self, t: &mut Turn) {
        let clean = self.dialect.hazards.stop == StreamEnd::Clean;
        t.close(self.table.disconnect_all(), clean);
        self.over = true;
    }

    pub(super) fn child_died(&mut self, t: &mut Turn, session: &str) {
        if let Some(fault) = self.dialect.hazards.child_death.clone() {
            for (stream, Stream { owed, .. }) in self.table.connected(session) {
                for id in &owed {
                    let message = self.error(id, fault.code, &fault.message);
                    self.event(t, stream, message);
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

    /// Every client is told that the list of tools changed.
    pub(super) fn tell_all(&mut self, t: &mut Turn) {
        let message = self.notification("notifications/tools/list_changed", None);
        for session in self.table.ids() {
            self.tell(t, &session, &message);
        }
    }
}
