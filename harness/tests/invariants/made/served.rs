//! What a server receives and sends, event by event, and what a hop makes of it.

use std::sync::Arc;

use serde_json::{Value, json};
use stalemate::journal::{
    CallId, Event, Exchange, Message, RequestSummary, ResponseSummary, SessionEnd, Side, SseSummary,
};
use stalemate_wire::{Method, summarize};

use super::{CLIENT, HOP, Made, named, request, response};

/// A `tools/call` with that id.
pub(crate) fn call(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "create_entities"}})
}

/// The result of the request with that id.
pub(crate) fn result(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {}})
}

/// A notification.
pub(crate) fn changed() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/resources/updated"})
}

fn bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    }
}

fn event(id: &str, data: &Value) -> SseSummary {
    let text = bytes(data);
    SseSummary {
        id: Some(id.to_owned()),
        retry_ms: None,
        bytes: text.len() as u64,
        comment: false,
        rpc: summarize(&text),
        call: None,
        digest: data.get("method").map(|_| data.to_string()),
    }
}

impl Made {
    /// What the server receives and answers.
    pub(crate) fn served(
        &mut self,
        what: &str,
        id: Option<&str>,
        status: u16,
        gives: Option<&str>,
    ) {
        let (exchange, at) = (self.new_exchange(), self.server());
        self.request(exchange, &at, Side::Received, named(what, id));
        self.response(exchange, &at, Side::Sent, response(status, gives, b""));
    }

    /// What the server receives and answers, whole.
    pub(crate) fn serves(&mut self, asked: RequestSummary, answered: ResponseSummary) {
        let (exchange, at) = (self.new_exchange(), self.server());
        self.request(exchange, &at, Side::Received, asked);
        self.response(exchange, &at, Side::Sent, answered);
    }

    /// What the client asks for and is answered, whole.
    pub(crate) fn gets(&mut self, asked: RequestSummary, answered: ResponseSummary) {
        let exchange = self.new_exchange();
        self.request(exchange, CLIENT, Side::Sent, asked);
        self.response(exchange, CLIENT, Side::Received, answered);
    }

    /// The client opened the stream of a session.
    pub(crate) fn listens(&mut self, id: &str) -> Exchange {
        self.listens_to(named("GET", Some(id)))
    }

    /// The client opened a stream by that request.
    pub(crate) fn listens_to(&mut self, asked: RequestSummary) -> Exchange {
        let exchange = self.new_exchange();
        self.request(exchange, CLIENT, Side::Sent, asked);
        let mut head = response(200, None, b"");
        head.stream = true;
        self.response(exchange, CLIENT, Side::Received, head);
        exchange
    }

    /// A message came to the client on a stream.
    pub(crate) fn hears(&mut self, exchange: Exchange, data: &Value) {
        let message = Message::Sse(Arc::new(event("1", data)));
        self.http(exchange, CLIENT, Side::Received, message);
    }

    /// An event without a message came to the client on a stream, with an id and how long to wait after the stream's end.
    pub(crate) fn hears_of(&mut self, exchange: Exchange, id: &str, retry_ms: u64) {
        let event = SseSummary {
            retry_ms: Some(retry_ms),
            ..event(id, &Value::Null)
        };
        self.http(
            exchange,
            CLIENT,
            Side::Received,
            Message::Sse(Arc::new(event)),
        );
    }

    /// The client saw a stream end, whole or cut off.
    pub(crate) fn heard_all(&mut self, exchange: Exchange, is_whole: bool) {
        self.http(exchange, CLIENT, Side::Received, Message::end(is_whole));
    }

    /// The client sent that message in a session, and it was taken.
    pub(crate) fn tells(&mut self, id: &str, data: &Value) {
        let asked = request(Method::Post, Some(id), &bytes(data));
        self.gets(asked, response(202, None, b""));
    }

    /// The hop received a request, sent one on for it, was answered, and answered.
    /// Returns the exchange with the client and the one behind it.
    pub(crate) fn relays(
        &mut self,
        asked: [RequestSummary; 2],
        answered: [ResponseSummary; 2],
    ) -> (Exchange, Exchange) {
        let (parent, child) = (self.new_exchange(), self.new_exchange());
        let ([came, went], [theirs, ours]) = (asked, answered);
        self.request(parent, HOP, Side::Received, came);
        let at = Arc::from(HOP);
        self.note(Event::Forwarded { at, parent, child });
        self.request(child, HOP, Side::Sent, went);
        self.response(child, HOP, Side::Received, theirs);
        self.response(parent, HOP, Side::Sent, ours);
        (parent, child)
    }

    /// An event with a message is seen at the hop.
    pub(crate) fn hop_sees(&mut self, exchange: Exchange, side: Side, data: &Value) -> usize {
        let message = Message::Sse(Arc::new(event("1", data)));
        self.http(exchange, HOP, side, message)
    }

    /// The server received a POST.
    pub(crate) fn post(&mut self, session: &str, body: &Value, call: Option<u32>) -> Exchange {
        let (exchange, at) = (self.new_exchange(), self.server());
        let mut request = request(Method::Post, Some(session), &bytes(body));
        request.call = call.map(CallId);
        self.request(exchange, &at, Side::Received, request);
        exchange
    }

    /// The server received a GET, and answered with a stream.
    pub(crate) fn get(&mut self, session: &str, cursor: Option<&str>) -> Exchange {
        let (exchange, at) = (self.new_exchange(), self.server());
        let mut request = request(Method::Get, Some(session), b"");
        request.cursor = cursor.map(str::to_owned);
        self.request(exchange, &at, Side::Received, request);
        self.head(exchange);
        exchange
    }

    /// The server answered with a whole response.
    pub(crate) fn answer(
        &mut self,
        exchange: Exchange,
        status: u16,
        body: &Value,
        call: Option<u32>,
    ) {
        let mut response = response(status, None, &bytes(body));
        response.call = call.map(CallId);
        self.response(exchange, &self.server(), Side::Sent, response);
    }

    /// The server answered with the head of a stream.
    pub(crate) fn head(&mut self, exchange: Exchange) {
        let mut response = response(200, None, b"");
        response.stream = true;
        self.response(exchange, &self.server(), Side::Sent, response);
    }

    /// The server sent an event.
    pub(crate) fn event(&mut self, exchange: Exchange, id: &str, data: &Value) {
        let message = Message::Sse(Arc::new(event(id, data)));
        self.http(exchange, &self.server(), Side::Sent, message);
    }

    /// The server's stream was over.
    pub(crate) fn end(&mut self, exchange: Exchange) {
        let end = Message::end(true);
        self.http(exchange, &self.server(), Side::Sent, end);
    }

    /// The server said that it has opened a session, or how it has ended one.
    pub(crate) fn session(&mut self, session: &str, ended: Option<SessionEnd>) {
        let (server, at, session) = (self.server(), self.server(), session.to_owned());
        self.note(match ended {
            None => Event::SessionOpened {
                at,
                server,
                session,
                for_others: false,
                left: false,
            },
            Some(cause) => Event::SessionEnded {
                at,
                server,
                session,
                cause,
            },
        });
    }

    /// A process ended, and came up again.
    pub(crate) fn restarts(&mut self, process: &str) {
        let (process, cause) = (Arc::from(process), "stopped".to_owned());
        let again = Arc::clone(&process);
        self.note(Event::ProcessDown { process, cause });
        self.note(Event::ProcessUp { process: again });
    }

    /// The hop received a request, sent it on, was answered, and answered: statuses, bodies and session id headers.
    pub(crate) fn relay(
        &mut self,
        upstream: (u16, &str, Option<&str>),
        client: (u16, &str, Option<&str>),
    ) {
        let asked = || named("tools/call", Some("S"));
        let answered = [upstream, client].map(|(status, body, session)| {
            let body = json!(body).to_string();
            response(status, session, body.as_bytes())
        });
        self.relays([asked(), asked()], answered);
    }
}
