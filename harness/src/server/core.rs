//! The server of one process: requests, timers and disasters in, ordered outputs out. How answers are worded is in the
//! dialect, who is let in is in `admit`, what a request leads to in `call`, what tools do in `child`, what goes out on
//! streams in `stream`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use stalemate_wire::marks::took;
use stalemate_wire::{Method, Request, header};

use super::admit::{Admission, Asked, Cursor, Found, Scene, admit, no_session};
use super::answer::{Answer, Then};
use super::dialect::{Check, Dialect, Exit, Flaw, SessionOf, Situation};
use super::listen::cursor;
use super::session::Table;
use super::state::{ServerCore, Turn};
use super::{Durable, Input, Key, Options, Output, Store};
use crate::journal::{SessionEnd, token, token_name};

impl ServerCore {
    /// A server that has just started. No session of an earlier process is known to it, unless [`Options::durable`] says
    /// otherwise; the idle clock of one that is starts with its next request.
    #[must_use]
    pub fn new(dialect: Arc<Dialect>, options: Options, store: Store) -> Self {
        let durable = options.durable.of(&dialect);
        let options = Options { durable, ..options };
        let (table, ghosts) = match durable {
            Durable::Nothing => (Table::default(), BTreeSet::new()),
            Durable::Table => (Table::default(), store.ids()),
            Durable::Sessions | Durable::Streams => (store.table(), BTreeSet::new()),
        };
        Self {
            dialect,
            options,
            store,
            opened: !table.ids().is_empty(),
            table,
            ghosts,
            reviving: BTreeMap::new(),
            anonymous: 0,
            timers: BTreeMap::new(),
            next_timer: 0,
            over: false,
        }
    }

    /// What happens on `input` at `now_ms`, in order. The clock is the caller's, in milliseconds, and never goes back.
    /// After [`Output::Exit`] or [`Input::Terminate`] nothing happens any more.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Output> {
        let mut turn = Turn {
            now_ms,
            out: Vec::new(),
        };
        let t = &mut turn;
        if self.over {
            return turn.out;
        }
        match input {
            Input::Request { key, request } => self.request(t, key, &request),
            Input::Aborted { key } => self.aborted(t, key),
            Input::Timer(id) => self.timer(t, id),
            Input::Terminate => self.terminate(t),
            Input::ExpireAll => self.expire_all(t),
            Input::Offer(tools) => self.offer(t, tools),
            Input::Notify => self.tell_all(t),
            Input::Others(others) => self.others(t, others),
            Input::Demand(demand) => self.demand(t, demand),
            Input::ChildDied { session } => self.child_died(t, &session),
        }
        match self.options.durable {
            Durable::Nothing => {}
            Durable::Table => {
                let live = self.table.ids().into_iter();
                let ids = live.chain(self.ghosts.iter().cloned()).collect();
                self.store.keep_ids(ids);
            }
            kept => self
                .store
                .keep_table(self.table.durable(kept == Durable::Streams)),
        }
        turn.out
    }

    /// The ids of the sessions that are live now, in the order of opening.
    #[must_use]
    pub fn live_sessions(&self) -> Vec<String> {
        self.table.ids()
    }

    /// The ids of those of them that the process's end ends. Whoever ends it notes that, with
    /// [`SessionEnd::ProcessEnded`].
    #[must_use]
    pub fn mortal_sessions(&self) -> Vec<String> {
        match self.options.durable {
            Durable::Nothing | Durable::Table => self.table.ids(),
            Durable::Sessions | Durable::Streams => Vec::new(),
        }
    }

    /// How long a connection is kept on which nothing is asked, in milliseconds; `None` is for ever.
    #[must_use]
    pub fn connection_idle_ms(&self) -> Option<u64> {
        self.dialect.connection_idle_ms
    }

    fn request(&mut self, t: &mut Turn, key: Key, request: &Request) {
        let bare_path = request.path.split('?').next().unwrap_or_default();
        if bare_path != self.options.path {
            return self.answer(t, key, Situation::OtherPath, request, None);
        }
        let Some(asked) = Asked::read(request) else {
            let situation = self.other_method(request);
            return self.answer(t, key, situation, request, None);
        };
        let authorization = request
            .headers
            .get(header::AUTHORIZATION)
            .unwrap_or_default();
        if self.dialect.tokens.is_some() && !token::is_good(authorization, t.now_ms) {
            return self.answer(t, key, Situation::Unauthorized, request, None);
        }
        let id = request.session_id().filter(|id| !id.is_empty());
        let id = id.filter(|_| self.dialect.has_sessions());
        let raised = id.filter(|_| self.dialect.flaws.contains(&Flaw::Resurrects));
        if let Some(id) = raised.filter(|id| self.table.get(id).is_none()) {
            self.table.add(id.to_owned(), false, t.now_ms);
        }
        if let Some(id) = id {
            self.asked(t, id);
        }
        let found = self.find(id);
        let live = id.filter(|_| matches!(found, Found::Live { .. }));
        if let Some(id) = live.filter(|id| self.is_foreign(id, authorization)) {
            return self.answer(t, key, Situation::ForeignSession, request, Some(id));
        }
        let dialect = Arc::clone(&self.dialect);
        if let Some(situation) = unserved(&dialect, &asked, request) {
            return self.answer(t, key, situation, request, live);
        }
        let scene = Scene {
            found,
            revision: live.and_then(|id| self.table.get(id)?.revision.as_deref()),
            cursor: self.cursor(id, request),
            opened: self.opened,
            any_live: !self.table.ids().is_empty(),
        };
        match admit(&dialect, &asked, request, scene) {
            Admission::Refused(situation) => self.answer(t, key, situation, request, live),
            Admission::Poisoned => {
                if let Some(poison) = &dialect.hazards.poisoned_ids {
                    self.exit(t, &poison.exit, &Value::Null);
                }
            }
            Admission::Admitted => match (&asked, live) {
                (Asked::Post(post), live)
                    if live.is_some() || post.initialize || !dialect.has_sessions() =>
                {
                    self.post(t, key, request, post, live);
                }
                (Asked::Get, Some(session)) => self.listen(t, key, request, session),
                (Asked::Get, None) if !dialect.has_sessions() => {
                    let session = self.open_anonymous(t);
                    self.listen(t, key, request, &session);
                }
                (Asked::Delete, Some(_)) => {
                    self.answer(t, key, Situation::DeleteOk, request, live);
                }
                // A dialect without the session check still has no session to serve this in.
                _ => {
                    if let Some(situation) = no_session(&dialect, &asked, scene) {
                        self.answer(t, key, situation, request, live);
                    }
                }
            },
        }
    }

    /// The situation of a request of another method. Where the table of sessions is looked at before the method, the id counts
    /// first.
    fn other_method(&self, request: &Request) -> Situation {
        let id = request.session_id().filter(|id| !id.is_empty());
        let dead = matches!(self.find(id), Found::Unknown | Found::Ghost);
        let dead = dead && self.dialect.has_sessions();
        let closed = self.dialect.sessions.single && self.opened && self.table.ids().is_empty();
        let checks = &self.dialect.checks;
        let before = checks.iter().position(|check| *check == Check::Method);
        for check in &checks[..before.unwrap_or(0)] {
            match check {
                Check::Closed if closed => return Situation::Closed,
                Check::SessionKnown if dead => return Situation::PostUnknownSession,
                _ => {}
            }
        }
        match &request.method {
            Method::Other(name) if name == "OPTIONS" => Situation::Options,
            _ => Situation::MethodNotAllowed,
        }
    }

    /// Whether a live session belongs to another token than the one in that header.
    fn is_foreign(&self, id: &str, authorization: &str) -> bool {
        let tokens = self.dialect.tokens.as_ref();
        let own = self.table.get(id).and_then(|s| s.token.as_ref());
        tokens.is_some_and(|tokens| tokens.session_of == SessionOf::Token)
            && own.is_some_and(|own| token_name(authorization).as_ref() != Some(own))
    }

    fn find(&self, id: Option<&str>) -> Found {
        let poisoned = |id| {
            let poison = self.dialect.hazards.poisoned_ids.as_ref();
            poison.is_some_and(|p| p.ids.iter().any(|bad| bad == id))
        };
        match id {
            None => Found::None,
            Some(id) if self.table.get(id).is_some() => Found::Live {
                listening: self.is_listened_to(id),
            },
            Some(id) if self.ghosts.contains(id) => Found::Ghost,
            Some(id) if poisoned(id) => Found::Poisoned,
            Some(_) => Found::Unknown,
        }
    }

    fn cursor(&self, session: Option<&str>, request: &Request) -> Cursor {
        let Some((session, cursor)) = session.zip(cursor(request)) else {
            return Cursor::None;
        };
        match self.find_cursor(session, cursor) {
            None => Cursor::Unknown,
            Some(place) if self.is_in_use(session, place) => Cursor::InUse,
            Some(_) => Cursor::Free,
        }
    }

    /// Gives the dialect's answer to a situation; `live` is the live session that the request named.
    pub(super) fn answer(
        &mut self,
        t: &mut Turn,
        key: Key,
        situation: Situation,
        request: &Request,
        live: Option<&str>,
    ) {
        took("server answers", situation.as_str());
        let dialect = Arc::clone(&self.dialect);
        let Some(answer) = dialect.answer_to(situation) else {
            // `Dialect::parse` leaves no situation without an answer unless it is accepted, and then it is not asked for.
            return;
        };
        let then = answer.then.or_else(|| minting(&dialect, answer, request));
        let mints = matches!(then, Some(Then::MintSession | Then::MintDeadSession));
        let minted = mints.then(|| self.open_session(t));
        if let Some(id) = minted
            .as_deref()
            .filter(|_| then == Some(Then::MintDeadSession))
        {
            self.end_session(t, id, SessionEnd::RefusalKilledIt);
        }
        let session = minted.as_deref().or(live).or(request.session_id());
        let rpc_id = serde_json::from_slice::<Value>(&request.body)
            .ok()
            .and_then(|body| body.get("id").cloned())
            .unwrap_or(Value::Null);
        let response = answer.response(
            &dialect.every_answer,
            &[
                ("method", request.method.as_str()),
                ("path", request.path.split('?').next().unwrap_or_default()),
                (
                    "version",
                    request
                        .headers
                        .get(header::PROTOCOL_VERSION)
                        .unwrap_or_default(),
                ),
                ("versions", &dialect.header_revisions().join(", ")),
                ("session", session.unwrap_or_default()),
                ("id", &rpc_id.to_string()),
            ],
        );
        let respond = Output::Respond {
            key,
            response,
            framing: answer.framing,
        };
        match (answer.then, live) {
            (Some(Then::KillSession), Some(id)) => self.kill_session(t, id, respond),
            (Some(Then::EndSession), Some(id)) => {
                self.end_session(t, id, SessionEnd::Deleted);
                t.out.push(respond);
            }
            (then, _) => {
                t.out.push(respond);
                if then == Some(Then::ExitProcess) {
                    let why = format!("died of {}", situation.as_str());
                    self.exit(t, &Exit { code: 1, why }, &rpc_id);
                }
                for id in minted.as_deref().into_iter().chain(live) {
                    self.used(t, id);
                    self.rest(t, id);
                }
            }
        }
    }
}

/// What opens a session for a request without an id does so before it looks at the rest of the request: whatever that is
/// refused for, the refusal names the session too.
fn minting(dialect: &Dialect, answer: &Answer, request: &Request) -> Option<Then> {
    if !dialect.has_sessions() || request.session_id().is_some_and(|id| !id.is_empty()) {
        return None;
    }
    let mut values = answer.headers.0.iter().map(|(_, value)| value);
    let names = values.any(|value| value.contains("${session}"));
    let without = dialect.answers.get(&Situation::PostWithoutSession)?;
    let mints = matches!(
        without.then,
        Some(Then::MintSession | Then::MintDeadSession)
    );
    without.then.filter(|_| names && mints)
}

/// The situation of a request that is not served, whoever sends it.
fn unserved(dialect: &Dialect, asked: &Asked, request: &Request) -> Option<Situation> {
    match asked {
        Asked::Post(post) => {
            if dialect
                .body_limit
                .is_some_and(|most| request.body.len() > most)
            {
                return Some(Situation::BodyTooLarge);
            }
            (post.initialize && !dialect.has_handshake()).then_some(Situation::InitializeUnserved)
        }
        Asked::Get => (!dialect.serves_gets()).then_some(Situation::GetUnserved),
        Asked::Delete => (!dialect.has_sessions()).then_some(Situation::DeleteUnserved),
    }
}
