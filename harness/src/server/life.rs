//! How sessions, streams and the process begin to rest, expire and end: the half of the core that no request asks for.

use std::sync::Arc;

use serde_json::Value;

use super::answer::{Escape, fill};
use super::dialect::{Beyond, EndedCall, Exit, Flaw, IdleClock, StreamEnd};
use super::session::{Stream, StreamId, StreamKind};
use super::state::{Due, ServerCore, Turn};
use super::{Output, TimerId, Tools};
use crate::journal::SessionEnd;

impl ServerCore {
    /// Opens a session under the next id drawn. Where there are as many as there may be, another ends for it.
    pub(super) fn open_session(&mut self, t: &mut Turn) -> String {
        let id = self.add_session(t);
        t.out.push(Output::OpenSession {
            session: id.clone(),
        });
        self.asked(t, &id);
        id
    }

    /// The same, and nobody is told of it yet.
    pub(super) fn add_session(&mut self, t: &mut Turn) -> String {
        while let Some(victim) = self.victim() {
            self.end_session(t, &victim, SessionEnd::Evicted);
        }
        let id = (self.options.ids)();
        self.table.add(id.clone(), false, t.now_ms);
        self.opened = true;
        id
    }

    /// Opens what stands for one request of a server without sessions.
    pub(super) fn open_anonymous(&mut self, t: &mut Turn) -> String {
        let id = format!("#{}", self.anonymous);
        self.anonymous += 1;
        self.table.add(id.clone(), true, t.now_ms);
        id
    }

    /// Forgets what stood for one request, once that is over.
    pub(super) fn tidy(&mut self, id: &str) {
        let over = !self.table.in_use(id, |_| true) && !self.table.owes(id);
        if over && self.table.get(id).is_some_and(|s| s.anonymous) {
            self.table.take_streams(id);
            self.table.remove(id);
        }
    }

    /// Whether a further session is refused.
    pub(super) fn is_full(&self) -> bool {
        let cap = self.dialect.sessions.cap.as_ref();
        cap.is_some_and(|cap| cap.then == Beyond::Refuse && self.table.ids().len() >= cap.most)
    }

    /// The session that ends for another one.
    fn victim(&self) -> Option<String> {
        let cap = self.dialect.sessions.cap.as_ref()?;
        let live = self.table.all().iter().filter(|s| !s.anonymous);
        if live.clone().count() < cap.most {
            return None;
        }
        let victim = match cap.then {
            Beyond::Refuse => None,
            Beyond::EvictOldest => live.min_by_key(|s| s.born_ms),
            Beyond::EvictIdlest => {
                live.min_by_key(|s| (s.held || self.table.in_use(&s.id, |_| true), s.used_ms))
            }
        };
        victim.map(|s| s.id.clone())
    }

    /// Ends a session: its streams end, then it is gone.
    pub(super) fn end_session(&mut self, t: &mut Turn, id: &str, cause: SessionEnd) {
        let streams = self.table.take_streams(id);
        if cause == SessionEnd::Deleted && self.dialect.flaws.contains(&Flaw::Revives) {
            let run = streams.iter().filter(|(_, s)| !s.owed.is_empty());
            let run = run.map(|(stream, _)| (*stream, id.to_owned()));
            self.reviving.extend(run);
        }
        self.end_streams(t, streams);
        self.forget_session(t, id, cause);
    }

    /// Ends a session as a refusal does: it is gone at once; what goes out next is the refusal, and then its streams
    /// end, because only the death of its child ends them. The caller sends the refusal.
    pub(super) fn kill_session(&mut self, t: &mut Turn, id: &str, refusal: Output) {
        let streams = self.table.take_streams(id);
        self.forget_session(t, id, SessionEnd::RefusalKilledIt);
        t.out.push(refusal);
        self.end_streams(t, streams);
    }

    /// Ends the connections of streams that are there no more, and says what becomes of the calls on them.
    fn end_streams(&self, t: &mut Turn, streams: Vec<(StreamId, Stream)>) {
        let dialect = Arc::clone(&self.dialect);
        for (_, stream) in streams {
            let Some(key) = stream.connection else {
                continue;
            };
            let is_json = stream.json.is_some();
            let clean = match &dialect.hazards.ended_call {
                _ if stream.owed.is_empty() => true,
                EndedCall::End => !is_json,
                EndedCall::Cut => false,
                EndedCall::Silence => continue,
                EndedCall::Error(fault) => {
                    let owed = stream.owed.iter();
                    let errors = owed.map(|id| self.error(id, fault.code, &fault.message));
                    let errors: Vec<String> = errors.collect();
                    if let Some(mut json) = stream.json {
                        json.answers.extend(errors);
                        self.respond_json(t, key, &stream.session, &json);
                        continue;
                    }
                    for error in errors {
                        self.last_words(t, key, error);
                    }
                    true
                }
            };
            t.out.push(Output::Close { key, clean });
        }
    }

    fn forget_session(&mut self, t: &mut Turn, id: &str, cause: SessionEnd) {
        if self.table.remove(id) {
            t.out.push(Output::EndSession {
                session: id.to_owned(),
                cause,
            });
        }
    }

    /// Whether somebody waits on one of its streams, as far as that keeps a session.
    fn is_kept(&self, id: &str) -> bool {
        let clock = self.dialect.sessions.idle_clock;
        let counts = |kind| match clock {
            IdleClock::Streams => true,
            IdleClock::Calls => matches!(kind, StreamKind::Post | StreamKind::Opening),
            IdleClock::Messages | IdleClock::Requests => false,
        };
        self.table.in_use(id, counts)
    }

    /// A stream of the session lost its peer: its idle clock starts, unless somebody waits on another one.
    pub(super) fn rest(&mut self, t: &mut Turn, id: &str) {
        match self.dialect.sessions.idle_clock {
            IdleClock::Streams if !self.is_kept(id) => self.start_clock(t, id),
            IdleClock::Calls if !self.is_kept(id) && !self.is_resting(id) => {
                self.start_clock(t, id);
            }
            _ => {}
        }
    }

    fn is_resting(&self, id: &str) -> bool {
        self.table.get(id).is_some_and(|s| s.idle.is_some())
    }

    /// A request names that session, or opens it.
    pub(super) fn asked(&mut self, t: &mut Turn, id: &str) {
        let sessions = &self.dialect.sessions;
        let (clock, lifetime) = (sessions.idle_clock, sessions.lifetime_ms);
        let Some(session) = self.table.get_mut(id) else {
            return;
        };
        session.used_ms = t.now_ms;
        if let Some(lifetime) = lifetime {
            let left = session.born_ms.saturating_add(lifetime);
            let left = left.saturating_sub(t.now_ms);
            // The timer of an earlier process is gone with it.
            let doomed = std::mem::replace(&mut session.doomed, true);
            if left == 0 {
                return self.end_session(t, id, SessionEnd::LifetimeOver);
            }
            if !doomed {
                let session = id.to_owned();
                self.arm(t, left, Due::Lifetime { session });
            }
        }
        match clock {
            IdleClock::Requests => self.start_clock(t, id),
            IdleClock::Calls => {
                if let Some(session) = self.table.get_mut(id) {
                    session.idle = None;
                }
            }
            IdleClock::Streams | IdleClock::Messages => {}
        }
    }

    /// A stream of the session has a peer now, or a message of it came or went.
    pub(super) fn used(&mut self, t: &mut Turn, id: &str) {
        if let Some(session) = self.table.get_mut(id) {
            session.used_ms = t.now_ms;
        }
        match self.dialect.sessions.idle_clock {
            IdleClock::Messages => self.start_clock(t, id),
            IdleClock::Streams | IdleClock::Calls if self.is_kept(id) => {
                if let Some(session) = self.table.get_mut(id) {
                    session.idle = None;
                }
            }
            IdleClock::Calls if !self.is_resting(id) => self.start_clock(t, id),
            _ => {}
        }
    }

    fn start_clock(&mut self, t: &mut Turn, id: &str) {
        let timeout = self
            .options
            .session_timeout_ms
            .unwrap_or(self.dialect.sessions.idle_timeout_ms);
        let Some(timeout_ms) = timeout else { return };
        if self.over || self.table.get(id).is_none_or(|s| s.anonymous || s.held) {
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
            Some(Due::Lifetime { session }) if self.table.get(&session).is_some() => {
                self.end_session(t, &session, SessionEnd::LifetimeOver);
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
            Some(Due::Idle { .. } | Due::Lifetime { .. }) | None => {}
        }
    }

    pub(super) fn terminate(&mut self, t: &mut Turn) {
        let clean = self.dialect.hazards.stop == StreamEnd::Clean;
        t.close(self.table.disconnect_all(), clean);
        self.over = true;
    }

    pub(super) fn child_died(&mut self, t: &mut Turn, session: &str) {
        if let Some(fault) = self.dialect.hazards.child_death.clone() {
            for (stream, Stream { owed, json, .. }) in self.table.connected(session) {
                for id in &owed {
                    let message = self.error(id, fault.code, &fault.message);
                    match json {
                        Some(_) => self.deliver(t, stream, id, message),
                        None => self.event(t, stream, message),
                    }
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

    /// The server has other tools from here on; calls that run go on.
    pub(super) fn offer(&mut self, t: &mut Turn, tools: Tools) {
        if self.options.tools != tools {
            self.options.tools = tools;
            t.out.push(Output::ToolsChanged(tools));
        }
    }

    /// Every client is told that the list of tools changed.
    pub(super) fn tell_all(&mut self, t: &mut Turn) {
        let message = self.notification("notifications/tools/list_changed", None);
        let all: Vec<String> = self.table.all().iter().map(|s| s.id.clone()).collect();
        for session in all {
            self.tell(t, &session, &message);
        }
    }
}
