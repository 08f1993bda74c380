//! The server of one process: requests, timers and disasters in, ordered outputs out. How answers are worded is in the
//! dialect, who is let in is in `admit`, what tools do is in `child`, what goes out on streams in `stream`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stalemate_wire::{Method, Request, header};

use super::admit::{Asked, Cursor, Found, Post, Scene, Verdict, admit, is_request, no_session};
use super::answer::{Escape, Then, fill};
use super::child::{self, Progress, Reply};
use super::dialect::{Cancelled, Dialect, Exit, Flaw, Situation};
use super::session::{StreamId, StreamKind, Table};
use super::state::{Due, ServerCore, Turn};
use super::stream::cursor;
use super::{Durable, Input, Key, Options, Output, Store};
use crate::journal::SessionEnd;

impl ServerCore {
    /// A server that has just started. No session of an earlier process is known to it, unless [`Options::durable`] says
    /// otherwise; the idle clock of one that is starts with its next request.
    #[must_use]
    pub fn new(dialect: Arc<Dialect>, options: Options, store: Store) -> Self {
        let table = match options.durable {
            Durable::Nothing => Table::default(),
            Durable::Sessions | Durable::Streams => store.table(),
        };
        Self {
            dialect,
            options,
            store,
            opened: !table.ids().is_empty(),
            table,
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
            Input::Notify => self.tell_all(t),
            Input::Demand(demand) => self.demand(t, demand),
            Input::ChildDied { session } => self.child_died(t, &session),
        }
        match self.options.durable {
            Durable::Nothing => {}
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
            Durable::Nothing => self.table.ids(),
            Durable::Sessions | Durable::Streams => Vec::new(),
        }
    }

    fn request(&mut self, t: &mut Turn, key: Key, request: &Request) {
        let bare_path = request.path.split('?').next().unwrap_or_default();
        if bare_path != self.options.path {
            return self.answer(t, key, Situation::OtherPath, request, None);
        }
        let Some(asked) = Asked::read(request) else {
            let situation = match &request.method {
                Method::Other(name) if name == "OPTIONS" => Situation::Options,
                _ => Situation::MethodNotAllowed,
            };
            return self.answer(t, key, situation, request, None);
        };
        let id = request.session_id().filter(|id| !id.is_empty());
        let raised = id.filter(|_| self.dialect.flaws.contains(&Flaw::Resurrects));
        if let Some(id) = raised.filter(|id| self.table.get(id).is_none()) {
            self.table.add(id.to_owned());
        }
        let found = self.find(id);
        let scene = Scene {
            found,
            cursor: self.cursor(id, request),
            opened: self.opened,
            any_live: !self.table.ids().is_empty(),
        };
        let live = id.filter(|_| matches!(found, Found::Live { .. }));
        let dialect = Arc::clone(&self.dialect);
        match admit(&dialect, &asked, request, scene) {
            Verdict::Refused(situation) => self.answer(t, key, situation, request, live),
            Verdict::Poisoned => {
                if let Some(poison) = &dialect.hazards.poisoned_ids {
                    self.exit(t, &poison.exit, &Value::Null);
                }
            }
            Verdict::Admitted => match (&asked, live) {
                (Asked::Post(post), live) if live.is_some() || post.initialize => {
                    self.post(t, key, request, post, live);
                }
                (Asked::Get, Some(session)) => self.listen(t, key, request, session),
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

    fn find(&self, id: Option<&str>) -> Found {
        let poisoned = |id| {
            let poison = self.dialect.hazards.poisoned_ids.as_ref();
            poison.is_some_and(|p| p.ids.iter().any(|bad| bad == id))
        };
        match id {
            None => Found::None,
            Some(id) if self.table.get(id).is_some() => Found::Live {
                listening: self.table.is_listening(id),
            },
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
    fn answer(
        &mut self,
        t: &mut Turn,
        key: Key,
        situation: Situation,
        request: &Request,
        live: Option<&str>,
    ) {
        let dialect = Arc::clone(&self.dialect);
        let Some(answer) = dialect.answers.get(&situation) else {
            // `Dialect::parse` leaves no situation without an answer unless it is accepted, and then it is not asked for.
            return;
        };
        let mints = matches!(answer.then, Some(Then::MintSession | Then::MintDeadSession));
        let minted = mints.then(|| self.open_session(t));
        if let Some(id) = minted
            .as_deref()
            .filter(|_| answer.then == Some(Then::MintDeadSession))
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
                ("versions", &dialect.revisions.join(", ")),
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

    /// Serves a POST that was let in: into its live session, or as the `initialize` that opens one.
    fn post(&mut self, t: &mut Turn, key: Key, request: &Request, post: &Post, live: Option<&str>) {
        let session = match live {
            Some(id) => id.to_owned(),
            None => self.open_session(t),
        };
        let messages = post.messages.as_deref().unwrap_or_default();
        for message in messages {
            self.note(t, &session, message);
        }
        let owed: Vec<Value> = messages
            .iter()
            .filter(|m| is_request(m))
            .map(|m| m["id"].clone())
            .collect();
        if owed.is_empty() {
            return self.answer(t, key, Situation::Accepted, request, Some(&session));
        }
        let dialect = Arc::clone(&self.dialect);
        let priming = dialect.sse.priming.as_ref();
        let headers = match live {
            None => &dialect.sse.initialize_headers,
            Some(_) => &dialect.sse.post_headers,
        };
        let revision = if post.initialize {
            let wanted = messages[0].pointer("/params/protocolVersion");
            wanted.and_then(Value::as_str)
        } else {
            request.headers.get(header::PROTOCOL_VERSION)
        };
        let apart = live.is_none() && priming.is_some_and(|p| p.opening_id.is_some());
        let kind = if apart {
            StreamKind::Opening
        } else {
            StreamKind::Post
        };
        let stream = self.table.open_stream(&session, kind, Some(key), owed);
        self.head(t, key, &session, headers);
        let primed = self.prime(t, stream, revision);
        if primed && !post.initialize && priming.is_some_and(|p| p.closes) {
            self.let_poll(t, stream);
        }
        for message in messages.iter().filter(|m| is_request(m)) {
            self.ask(t, stream, &session, message);
            if self.over {
                return;
            }
        }
    }

    /// Acts on a notification: a cancelled call is not answered any more, or with an error, as the dialect says.
    fn note(&mut self, t: &mut Turn, session: &str, message: &Value) {
        if message["method"] != "notifications/cancelled" {
            return;
        }
        let cancelled = &message["params"]["requestId"];
        let table = &self.table;
        let mut streams = Vec::new();
        self.timers.retain(|_, due| {
            let (Due::Answer { stream, id, .. } | Due::Progress { stream, id, .. }) = due else {
                return true;
            };
            let here = table.stream(*stream).is_some_and(|s| s.session == session);
            if here && id == cancelled {
                streams.push(*stream);
                return false;
            }
            true
        });
        // Its answer and its next progress were both on the way.
        let Some(stream) = streams.first().copied() else {
            return;
        };
        match self.dialect.hazards.cancelled_call.clone() {
            Cancelled::Silence => {}
            Cancelled::End => {
                if let Some(stream) = self.table.stream_mut(stream) {
                    stream.owed.retain(|owed| owed != cancelled);
                }
                self.finish(t, stream);
            }
            Cancelled::Error(fault) => {
                let error = self.error(cancelled, fault.code, &fault.message);
                self.deliver(t, stream, cancelled, error);
            }
        }
    }

    /// Carries out one request, and answers it now or later.
    fn ask(&mut self, t: &mut Turn, stream: StreamId, session: &str, message: &Value) {
        let id = &message["id"];
        let method = message["method"].as_str().unwrap_or_default();
        let params = message.get("params");
        let (after_ms, text) = if child::is_initialize(message) {
            (0, self.result(id, &self.initialized(params)))
        } else {
            let told = child::ask(&self.store, method, params);
            if let (Some(wanted), Some(s)) = (told.subscribed, self.table.get_mut(session)) {
                s.subscribed = wanted;
            }
            if let Some((tool, arguments)) = told.effect {
                t.out.push(Output::Effect { tool, arguments });
                if self.table.get(session).is_some_and(|s| s.subscribed) {
                    let (method, params) = child::graph_changed();
                    let message = self.notification(method, Some(&params));
                    self.tell(t, session, &message);
                }
            }
            if let Some(progress) = told.progress {
                self.arm_progress(t, stream, id.clone(), progress);
            }
            match told.reply {
                Reply::Result { after_ms, result } => (after_ms, self.result(id, &result)),
                Reply::Error { code, message } => (0, self.error(id, code, &message)),
            }
        };
        if after_ms == 0 {
            self.deliver(t, stream, id, text);
        } else {
            let due = Due::Answer {
                stream,
                id: id.clone(),
                message: text,
            };
            self.arm(t, after_ms, due);
        }
    }

    fn arm_progress(&mut self, t: &mut Turn, stream: StreamId, id: Value, progress: Progress) {
        if progress.is_before_the_end() {
            let due = Due::Progress {
                stream,
                id,
                progress,
            };
            self.arm(t, Progress::EVERY_MS, due);
        }
    }

    /// Tells the client how far its request is, on that request's stream.
    pub(super) fn progress(
        &mut self,
        t: &mut Turn,
        stream: StreamId,
        id: Value,
        progress: Progress,
    ) {
        // The session may have ended meanwhile, and the stream with it.
        if self.table.stream(stream).is_none() {
            return;
        }
        let message = self.notification("notifications/progress", Some(&progress.params()));
        self.event(t, stream, message);
        self.arm_progress(t, stream, id, progress.next());
    }

    /// The result of an `initialize`, in the revision that it wants or else the preferred one (LIFE-07).
    fn initialized(&self, params: Option<&Value>) -> String {
        let wanted = params
            .and_then(|p| p["protocolVersion"].as_str())
            .unwrap_or_default();
        let revisions = &self.dialect.revisions;
        let agreed = revisions
            .iter()
            .find(|r| *r == wanted)
            .or(revisions.first());
        let vars = [("revision", agreed.map_or("", String::as_str))];
        fill(&self.dialect.messages.initialize, &vars, Escape::None)
    }

    fn result(&self, id: &Value, result: &str) -> String {
        let vars = [("result", result), ("id", &id.to_string())];
        fill(&self.dialect.messages.result, &vars, Escape::None)
    }

    /// A JSON-RPC error in the dialect's member order.
    pub(super) fn error(&self, id: &Value, code: i64, message: &str) -> String {
        let vars = [
            ("code", &*code.to_string()),
            ("message", &json!(message).to_string()),
            ("id", &id.to_string()),
        ];
        fill(&self.dialect.messages.error, &vars, Escape::None)
    }

    /// A notification in the dialect's member order.
    pub(super) fn notification(&self, method: &str, params: Option<&str>) -> String {
        let params = params.map_or_else(String::new, |p| format!(r#","params":{p}"#));
        let vars = [
            ("method", &*json!(method).to_string()),
            ("params", params.as_str()),
        ];
        fill(&self.dialect.messages.notification, &vars, Escape::None)
    }
}
