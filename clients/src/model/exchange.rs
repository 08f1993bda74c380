//! One POST and its answer: JSON or an event stream (POST-06, POST-07), a refusal, or nothing. Also the handshake and the
//! answers to what the server asks. Whether to try again is decided by the callers.

use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::Response;
use hyper::body::Incoming;
use serde_json::Value;
use stalemate_wire::marks::took;
use stalemate_wire::{RpcKind, header, summarize};

use super::failure::Failure;
use super::http::{Conn, Events, Head, Next, header_of, is_event_stream, whole};
use super::knobs::{Answerless, Fault, Reinit};
use super::reinit::OF;
use super::session::Core;
use super::stream::Place;
use crate::Health;

/// How long the rest of a stream may take after the response (POST-10); then its connection is closed.
const DRAIN: Duration = Duration::from_secs(5);

/// What a successful exchange brought.
pub(super) struct Answer {
    /// The status of the response.
    pub(super) status: u16,
    /// The result; null where none was asked for.
    pub(super) result: Value,
    /// The session id header of the response, as it stands.
    pub(super) session_id: Option<String>,
}

impl Core {
    /// As [`exchange`](Self::exchange), once; `None` if the token was refused and there is another one, unless it is the last
    /// attempt.
    pub(super) async fn exchange_once(
        self: &Rc<Self>,
        mut conn: Conn,
        head: &Head,
        body: Vec<u8>,
        expected: Option<u64>,
        is_last: bool,
    ) -> Result<Option<Answer>, Failure> {
        let token = self.http.token(self.policy.token_renewal);
        let head = &Head {
            token: token.clone(),
            ..head.clone()
        };
        let accept = [
            (header::ACCEPT, "application/json, text/event-stream"),
            (header::CONTENT_TYPE, "application/json"),
        ];
        let request = self.http.request("POST", &accept, head, body)?;
        let response = match conn.send(request).await {
            Ok(response) => response,
            Err(failure) => {
                // A pooled connection that was closed while idle says nothing of the server.
                if !(conn.is_reused() && matches!(failure, Failure::Unsent(_))) {
                    self.broken();
                    self.met(match failure {
                        Failure::Silent => Fault::Silence,
                        _ => Fault::Reset,
                    });
                }
                return Err(failure);
            }
        };
        let status = response.status().as_u16();
        let is_success = response.status().is_success();
        let session_id = header_of(&response, header::SESSION_ID).map(str::to_owned);
        if let Some(id) = &session_id {
            self.hear_id(id, is_success);
        }
        if status == 401 && !is_last && self.renews(token.as_deref()) {
            if whole(response.into_body(), self.policy.silence)
                .await
                .is_some()
            {
                self.http.release(conn);
            }
            return Ok(None);
        }
        if is_success {
            self.token_served();
        } else {
            return Err(self.refusal(conn, response, status, expected).await);
        }
        let events =
            |response: Response<Incoming>| Events::new(response.into_body(), self.policy.silence);
        let result = match expected {
            None => {
                self.finish(conn, events(response)).await;
                Ok(Value::Null)
            }
            Some(id) if is_event_stream(&response) => {
                self.from_events(conn, head, events(response), id).await
            }
            Some(id) => self.from_json(conn, response, id).await,
        };
        match result {
            Ok(_) | Err(Failure::Answered { lost: false, .. }) => self.set_health(Health::Working),
            Err(_) => self.broken(),
        }
        Ok(Some(Answer {
            status,
            result: result?,
            session_id,
        }))
    }

    /// The connection failed under a request: the idle ones go too.
    fn broken(&self) {
        self.disturbed();
        self.http.drop_idle();
    }

    /// Reads a refusal. Its JSON-RPC error counts as the answer whatever id it carries: a server that refuses a request in
    /// its HTTP layer often has not read the id (POST-05, F6).
    async fn refusal(
        &self,
        conn: Conn,
        response: Response<Incoming>,
        status: u16,
        expected: Option<u64>,
    ) -> Failure {
        let body = whole(response.into_body(), self.policy.silence).await;
        if body.is_some() {
            self.http.release(conn);
        }
        let body = body.unwrap_or_default();
        let error = summarize(&body)
            .into_iter()
            .find(|rpc| rpc.kind == RpcKind::Error);
        let id = error.as_ref().and_then(|e| e.id.as_ref()?.as_u64());
        if self.policy.ignore_unattributed && expected.is_some() && id != expected {
            took(OF, "a refusal without the id of its request is waited past");
            std::future::pending::<()>().await;
        }
        let error = error.and_then(|e| e.error);
        let code = error.as_ref().map(|e| e.code);
        let lost = self
            .policy
            .means_lost(status, code, &String::from_utf8_lossy(&body));
        if lost || status >= 500 {
            self.disturbed();
        } else {
            self.set_health(Health::Failing);
        }
        if status != 404 {
            self.met(Fault::OtherStatus);
        }
        Failure::Refused {
            status,
            message: error.map(|e| e.message),
            lost,
        }
    }

    /// The response from a JSON body.
    async fn from_json(
        self: &Rc<Self>,
        conn: Conn,
        response: Response<Incoming>,
        id: u64,
    ) -> Result<Value, Failure> {
        let Some(body) = whole(response.into_body(), self.policy.silence).await else {
            self.met(Fault::CutJson);
            return self
                .without_answer(self.policy.cut_json, "response cut short")
                .await;
        };
        self.http.release(conn);
        let message = serde_json::from_slice::<Value>(&body).ok();
        match message.and_then(|m| self.take_in(m, Some(id))) {
            Some(result) => result,
            None if self.policy.ignore_unattributed => std::future::pending().await,
            None => Err(Failure::Unknown("no response")),
        }
    }

    /// The response from an event stream. A stream that ends without it has lost it (F7), unless it can be resumed.
    async fn from_events(
        self: &Rc<Self>,
        mut conn: Conn,
        head: &Head,
        mut events: Events,
        id: u64,
    ) -> Result<Value, Failure> {
        let mut place = Place::default();
        loop {
            let clean = match events.next().await {
                Next::Event(event) => {
                    place.pass(&event);
                    let message = event.data.and_then(|d| serde_json::from_str(&d).ok());
                    if let Some(result) = message.and_then(|m| self.take_in(m, Some(id))) {
                        self.finish(conn, events).await;
                        return result;
                    }
                    continue;
                }
                Next::End => true,
                Next::Cut => false,
            };
            match self.resume_stream(head, &place).await {
                Some(resumed) => (conn, events) = resumed,
                None if clean => {
                    self.http.release(conn);
                    return self
                        .without_answer(self.policy.answerless, "response lost")
                        .await;
                }
                None => {
                    drop((conn, events));
                    return self
                        .without_answer(self.policy.answerless, "connection lost")
                        .await;
                }
            }
        }
    }

    /// What comes of a call whose answer will not come.
    async fn without_answer(&self, means: Answerless, why: &'static str) -> Result<Value, Failure> {
        match means {
            Answerless::Fails => {
                took(OF, "a request whose answer will not come fails");
                Err(Failure::Unknown(why))
            }
            Answerless::Waits => {
                took(OF, "an answer that will not come is waited for");
                std::future::pending().await
            }
            Answerless::WaitsForEver => {
                took(
                    OF,
                    "an answer that will not come is waited for without limit",
                );
                Err(Failure::Awaited)
            }
        }
    }

    /// Takes in a message from any stream. Returns the result if it is the response with the expected id; passes on
    /// notifications, answers requests, and ignores responses that nobody waits for (CAN-04).
    pub(super) fn take_in(
        self: &Rc<Self>,
        message: Value,
        expected: Option<u64>,
    ) -> Option<Result<Value, Failure>> {
        if let Value::Array(batch) = message {
            // Batches exist in 2025-03-26 only, where they may mix responses and notifications.
            let taken = batch.into_iter().map(|m| self.take_in(m, expected));
            return taken.fold(None, Option::or);
        }
        if let Some(method) = message.get("method").and_then(Value::as_str) {
            match message.get("id") {
                Some(_) if self.policy.ignore_server_requests => {
                    took(OF, "a request of the server is left unanswered");
                }
                Some(id) => {
                    took(OF, "a request of the server is answered");
                    self.answer_server(method, id);
                }
                None => {
                    (self.sink)(method);
                    if method == "notifications/tools/list_changed" && self.policy.list_again {
                        self.list_again();
                    }
                }
            }
            return None;
        }
        let id = message.get("id").filter(|id| !id.is_null());
        let mine = expected.is_some() && id.and_then(Value::as_u64) == expected;
        if let Some(error) = message.get("error") {
            let unattributed =
                expected.is_some() && id.is_none() && !self.policy.ignore_unattributed;
            let text = error.get("message").and_then(Value::as_str);
            let text = text.unwrap_or("error").to_owned();
            let code = error.get("code").and_then(Value::as_i64);
            let lost = self.policy.means_lost(200, code, &text);
            return (mine || unattributed).then_some(Err(Failure::Answered { text, lost }));
        }
        mine.then(|| match message.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(Failure::Protocol("invalid response")),
        })
    }

    /// Answers a request of the server in a POST of its own: `ping` with an empty result (PING-01), anything else as
    /// unknown, since no capability was declared.
    fn answer_server(self: &Rc<Self>, method: &str, id: &Value) {
        let body = if method == "ping" {
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
        } else {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"Method not found"}}}}"#
            )
        };
        let Some(generation) = self.current().map(|s| s.generation) else {
            return;
        };
        let core = Rc::clone(self);
        self.spawn(async move {
            let post = async {
                loop {
                    let conn = core.http.acquire().await?;
                    let reused = conn.is_reused();
                    // Not with the id of a session that was lost meanwhile.
                    let Some(session) = core.current_of(generation) else {
                        core.http.release(conn);
                        return Ok(());
                    };
                    let head = core.head(&session);
                    let body = body.clone().into_bytes();
                    match core.exchange(conn, &head, body, None).await {
                        Err(Failure::Unsent(_)) if reused => {}
                        other => return other.map(drop),
                    }
                }
            };
            if let Err(failure) = core.limited(post).await {
                core.refused_aside(generation, &failure);
            }
        });
    }

    /// A request that no call waits for was refused: if that means a lost session, the usual follows.
    fn refused_aside(self: &Rc<Self>, generation: u64, failure: &Failure) {
        if !self.means_lost(failure) {
            return;
        }
        self.stream_was_right(generation);
        let carried = self.current_of(generation).is_some_and(|s| s.id.is_some());
        if carried && self.lose(generation) {
            self.start_reinit();
        }
    }

    /// Reads what follows the response, so that the connection can serve the next request. Mostly that is only the end of
    /// the body, which stands in the same segment: letting the connection's task run first saves a second connection.
    async fn finish(self: &Rc<Self>, conn: Conn, mut events: Events) {
        for _ in 0..3 {
            match events.next().now_or_never() {
                Some(Next::Event(event)) => self.take_in_event(event),
                Some(Next::End) => return self.http.release(conn),
                Some(Next::Cut) => return,
                None => tokio::task::yield_now().await,
            }
        }
        let core = Rc::clone(self);
        self.spawn(async move {
            let rest = async {
                loop {
                    match events.next().await {
                        Next::Event(event) => core.take_in_event(event),
                        Next::End => return core.http.release(conn),
                        Next::Cut => return,
                    }
                }
            };
            // A stream that does not end is closed with its connection.
            let _ = tokio::time::timeout(DRAIN, rest).await;
        });
    }

    /// Takes in an event that carries no response.
    pub(super) fn take_in_event(self: &Rc<Self>, event: stalemate_wire::sse::Event) {
        if let Some(message) = event.data.and_then(|d| serde_json::from_str(&d).ok()) {
            self.take_in(message, None);
        }
    }

    /// A connection for a POST. That none can be opened is a failed exchange.
    pub(super) async fn connection(&self) -> Result<Conn, Failure> {
        let conn = self.http.acquire().await;
        if conn.is_err() {
            self.broken();
            self.met(Fault::Refused);
        }
        conn
    }

    /// Whether a failure means that the session which the request carried is lost, and something is to be done about it.
    pub(super) fn means_lost(&self, failure: &Failure) -> bool {
        self.policy.reinit != Reinit::Never && failure.is_of_lost()
    }
}
