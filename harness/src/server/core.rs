//! The server of one process: requests, timers and disasters in, ordered outputs out. How answers are worded is in the
//! dialect, who is let in is in `admit`, what tools do is in `child`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stalemate_wire::{Headers, Method, Request, Revision, header, sse};

use super::admit::{Asked, Found, Post, Verdict, admit, is_request, no_session};
use super::answer::{Escape, HeaderList, Then, fill};
use super::child::{self, Reply};
use super::dialect::{Dialect, Exit, Situation};
use super::life::{Due, Turn};
use super::session::{StreamKind, Table};
use super::{Input, Key, Options, Output, Store, TimerId};
use crate::journal::SessionEnd;

/// The server of one process. A restart is a new core with the same [`Store`].
pub struct ServerCore {
    pub(super) dialect: Arc<Dialect>,
    pub(super) options: Options,
    store: Store,
    pub(super) table: Table,
    pub(super) timers: BTreeMap<TimerId, Due>,
    pub(super) next_timer: u64,
    /// The process is told to stop, or died: nothing happens any more.
    pub(super) over: bool,
}

impl ServerCore {
    /// A server that has just started: no session of an earlier process is known to it.
    #[must_use]
    pub fn new(dialect: Arc<Dialect>, options: Options, store: Store) -> Self {
        Self {
            dialect,
            options,
            store,
            table: Table::default(),
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
            Input::ChildDied { session } => self.child_died(t, &session),
        }
        turn.out
    }

    /// The ids of the sessions that are live now, in the order of opening. Whoever ends the process ends them with
    /// [`SessionEnd::ProcessEnded`].
    #[must_use]
    pub fn live_sessions(&self) -> Vec<String> {
        self.table.ids()
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
        let found = self.find(id);
        let live = id.filter(|_| matches!(found, Found::Live { .. }));
        let dialect = Arc::clone(&self.dialect);
        match admit(&dialect, &asked, request, found) {
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
                    if let Some(situation) = no_session(&asked, found) {
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
                listening: self.table.listener(id).is_some(),
            },
            Some(id) if poisoned(id) => Found::Poisoned,
            Some(_) => Found::Unknown,
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
        let minted = (answer.then == Some(Then::MintSession)).then(|| self.open_session(t));
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
            self.note(&session, message);
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
        let (headers, revision) = if post.initialize {
            let wanted = messages[0].pointer("/params/protocolVersion");
            (
                &dialect.sse.initialize_headers,
                wanted.and_then(Value::as_str),
            )
        } else {
            let sent = request.headers.get(header::PROTOCOL_VERSION);
            (&dialect.sse.post_headers, sent)
        };
        self.table
            .open_stream(key, &session, StreamKind::Post, owed);
        self.head(t, key, &session, headers, revision);
        for message in messages.iter().filter(|m| is_request(m)) {
            self.ask(t, key, &session, message);
            if self.over {
                return;
            }
        }
    }

    /// Acts on a notification. A cancelled call is answered nothing, ever (CAN-02), and its stream stays open: the
    /// gateway waits for what the SDK behind it no longer sends.
    fn note(&mut self, session: &str, message: &Value) {
        if message["method"] != "notifications/cancelled" {
            return;
        }
        let cancelled = &message["params"]["requestId"];
        let table = &mut self.table;
        self.timers.retain(|_, due| match due {
            Due::Answer { key, id, .. } => {
                let here = table.stream_mut(*key).is_some_and(|s| s.session == session);
                !(here && id == cancelled)
            }
            _ => true,
        });
    }

    /// Carries out one request, and answers it now or later.
    fn ask(&mut self, t: &mut Turn, key: Key, session: &str, message: &Value) {
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
                self.notify(t, session);
            }
            match told.reply {
                Reply::Result { after_ms, result } => (after_ms, self.result(id, &result)),
                Reply::Error { code, message } => (0, self.error(id, code, &message)),
            }
        };
        if after_ms == 0 {
            self.deliver(t, key, id, text);
        } else {
            let due = Due::Answer {
                key,
                id: id.clone(),
                message: text,
            };
            self.arm(t, after_ms, due);
        }
    }

    /// Tells a client that subscribed of the changed graph, on its GET stream; without one nobody hears it.
    fn notify(&mut self, t: &mut Turn, session: &str) {
        let subscribed = self.table.get(session).is_some_and(|s| s.subscribed);
        if let Some(key) = self.table.listener(session).filter(|_| subscribed) {
            self.event(t, key, child::graph_changed());
        }
    }

    /// Opens a GET stream on a live session.
    fn listen(&mut self, t: &mut Turn, key: Key, request: &Request, session: &str) {
        let dialect = Arc::clone(&self.dialect);
        self.table
            .open_stream(key, session, StreamKind::Get, Vec::new());
        let revision = request.headers.get(header::PROTOCOL_VERSION);
        self.head(t, key, session, &dialect.sse.get_headers, revision);
    }

    /// Sends the head of a stream that was just opened, and its priming event, for a peer of that revision.
    fn head(
        &mut self,
        t: &mut Turn,
        key: Key,
        session: &str,
        own: &HeaderList,
        revision: Option<&str>,
    ) {
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
        if let Some(priming) = &dialect.sse.priming {
            // Revisions are dates: they compare as text.
            let revision = revision.unwrap_or(Revision::ASSUMED.as_str());
            if priming.since.as_deref().is_none_or(|s| revision >= s) {
                let event = sse::Event {
                    data: Some(String::new()),
                    id: self.event_id(key),
                    retry_ms: priming.retry_ms,
                    ..sse::Event::default()
                };
                t.out.push(Output::Event { key, event });
            }
        }
        if let Some(keepalive) = &dialect.sse.keepalive {
            self.arm(t, keepalive.every_ms, Due::Keepalive { key });
        }
    }

    /// The id of the stream's next event, which is counted here.
    fn event_id(&mut self, key: Key) -> Option<String> {
        let stream = self.table.stream_mut(key)?;
        let event = stream.events.to_string();
        stream.events += 1;
        let template = match stream.kind {
            StreamKind::Post => self.dialect.sse.post_event_id.as_deref(),
            StreamKind::Get => self.dialect.sse.get_event_id.as_deref(),
        };
        let ordinal = stream.ordinal.to_string();
        let vars = [
            ("session", stream.session.as_str()),
            ("stream", &ordinal),
            ("event", &event),
        ];
        template.map(|t| fill(t, &vars, Escape::None))
    }

    /// Sends a message on an open stream.
    pub(super) fn event(&mut self, t: &mut Turn, key: Key, data: String) {
        let event = sse::Event {
            event: self.dialect.sse.event.clone(),
            data: Some(data),
            id: self.event_id(key),
            ..sse::Event::default()
        };
        t.out.push(Output::Event { key, event });
    }

    /// Sends an answer on the stream of its request, and ends the stream after its last one (POST-10).
    pub(super) fn deliver(&mut self, t: &mut Turn, key: Key, id: &Value, message: String) {
        let Some(stream) = self.table.stream_mut(key) else {
            return;
        };
        stream.owed.retain(|owed| owed != id);
        let abandoned = stream.abandoned;
        if abandoned {
            if let Some(exit) = self.dialect.hazards.abandoned_post.clone() {
                return self.exit(t, &exit, id);
            }
        } else {
            self.event(t, key, message);
        }
        if let Some(stream) = self.table.drop_finished(key)
            && !abandoned
        {
            self.finish(t, key, &stream);
        }
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
}
