//! What a request in a session leads to: its calls are carried out, and answered on a stream or as JSON. Who is let in is in
//! `admit`, what tools do in `child`, how streams go on in `stream`.

use std::sync::Arc;

use serde_json::{Value, json};
use stalemate_wire::{Request, header};

use super::admit::{Post, is_request};
use super::answer::{Escape, fill};
use super::child::{self, Progress, Reply};
use super::dialect::{Cancelled, Dialect, JsonAnswers, Offers, Situation};
use super::session::{Json, StreamId, StreamKind};
use super::state::{Due, ServerCore, Turn};
use super::{Key, Output};
use crate::journal::token_name;

/// A POST whose answers are to go out.
struct Asking<'a> {
    key: Key,
    session: &'a str,
    /// Whether it opened the session.
    opens: bool,
    /// The revision that it wants, if it is an `initialize`.
    wanted: Option<&'a str>,
    /// The requests in it.
    requests: Vec<&'a Value>,
}

impl Asking<'_> {
    fn owed(&self) -> Vec<Value> {
        self.requests.iter().map(|m| m["id"].clone()).collect()
    }
}

impl ServerCore {
    /// Serves a POST that was let in: into its live session, or as the `initialize` that opens one.
    pub(super) fn post(
        &mut self,
        t: &mut Turn,
        key: Key,
        request: &Request,
        post: &Post,
        live: Option<&str>,
    ) {
        let given = self.dialect.has_sessions();
        let session = match live {
            Some(id) => id.to_owned(),
            None if !given => self.open_anonymous(t),
            None if self.is_full() => {
                return self.answer(t, key, Situation::TooManySessions, request, None);
            }
            None => self.open_session(t),
        };
        if live.is_none()
            && let Some(s) = self.table.get_mut(&session)
        {
            let authorization = request.headers.get(header::AUTHORIZATION);
            s.token = authorization.and_then(token_name);
        }
        let messages = post.messages.as_deref().unwrap_or_default();
        for message in messages {
            self.note(t, &session, message);
        }
        let requests: Vec<&Value> = messages.iter().filter(|m| is_request(m)).collect();
        if requests.is_empty() {
            let named = given.then_some(session.as_str());
            self.answer(t, key, taken(messages), request, named);
            return self.tidy(&session);
        }
        let wanted = messages[0].pointer("/params/protocolVersion");
        let wanted = wanted.and_then(Value::as_str).unwrap_or_default();
        let asking = Asking {
            key,
            session: &session,
            opens: live.is_none(),
            wanted: post.initialize.then_some(wanted),
            requests,
        };
        if let (Some(wanted), Some(s)) = (asking.wanted, self.table.get_mut(&session)) {
            s.revision = offered(&self.dialect, wanted);
        }
        let as_json = self.dialect.json_answers.as_ref();
        let stream = if as_json.is_some_and(|json| is_for(json, &asking.requests)) {
            self.collect_answers(t, &asking)
        } else {
            self.stream_answers(t, &asking, request)
        };
        for message in asking.requests {
            self.ask(t, stream, &session, message);
            if self.over {
                return;
            }
        }
    }

    /// Opens what the answers are collected in that go out as JSON.
    fn collect_answers(&mut self, t: &mut Turn, asking: &Asking<'_>) -> StreamId {
        let (session, key) = (asking.session, Some(asking.key));
        let kind = StreamKind::Post;
        let id = self.table.open_stream(session, kind, key, asking.owed());
        if let Some(stream) = self.table.stream_mut(id) {
            stream.json = Some(Json {
                answers: Vec::new(),
                opens: asking.opens,
            });
        }
        self.used(t, session);
        id
    }

    /// Opens the stream that the answers go out on.
    fn stream_answers(&mut self, t: &mut Turn, asking: &Asking<'_>, request: &Request) -> StreamId {
        let dialect = Arc::clone(&self.dialect);
        let priming = dialect.sse.priming.as_ref();
        let headers = match asking.opens {
            true => &dialect.sse.initialize_headers,
            false => &dialect.sse.post_headers,
        };
        let version = request.headers.get(header::PROTOCOL_VERSION);
        let revision = asking.wanted.or(version);
        let apart = asking.opens && priming.is_some_and(|p| p.opening_id.is_some());
        let kind = if apart {
            StreamKind::Opening
        } else {
            StreamKind::Post
        };
        let (session, key) = (asking.session, asking.key);
        let stream = self
            .table
            .open_stream(session, kind, Some(key), asking.owed());
        self.head(t, key, session, headers);
        let primed = self.prime(t, stream, revision);
        if primed && asking.wanted.is_none() && priming.is_some_and(|p| p.closes) {
            self.let_poll(t, stream);
        }
        stream
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
            let told = child::ask(&self.store, self.options.tools, method, params);
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

    /// The result of an `initialize`, in the revision that the dialect offers.
    fn initialized(&self, params: Option<&Value>) -> String {
        let wanted = params.and_then(|p| p["protocolVersion"].as_str());
        let offered = offered(&self.dialect, wanted.unwrap_or_default());
        let vars = [("revision", offered.as_deref().unwrap_or_default())];
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

/// Whether the answers to those requests go out as JSON.
fn is_for(json: &JsonAnswers, requests: &[&Value]) -> bool {
    json.to.as_ref().is_none_or(|methods| {
        let named = |method: &str| methods.iter().any(|m| m == method);
        requests
            .iter()
            .all(|m| m["method"].as_str().is_some_and(named))
    })
}

/// The revision that an `initialize` which wants `wanted` is answered with.
fn offered(dialect: &Dialect, wanted: &str) -> Option<String> {
    let revisions = &dialect.revisions;
    let preferred = revisions.first().cloned();
    match dialect.offers {
        Offers::Preferred => preferred,
        Offers::Echo => Some(wanted.to_owned()),
        Offers::Wanted => {
            let taken = revisions.iter().any(|r| r == wanted);
            taken.then(|| wanted.to_owned()).or(preferred)
        }
    }
}

/// The situation of a POST without a request.
fn taken(messages: &[Value]) -> Situation {
    let initialized = |m: &Value| m["method"] == "notifications/initialized";
    if messages.iter().all(|m| m.get("method").is_none()) {
        Situation::AcceptedResponse
    } else if messages.iter().any(initialized) {
        Situation::AcceptedInitialized
    } else {
        Situation::Accepted
    }
}
