//! A small builder of journals: what a server received and sent, and what a hop made of it.

use std::sync::Arc;

use serde_json::{Value, json};
use stalemate::invariant::{self, Verdict, View};
use stalemate::journal::{
    CallId, Cast, ConnId, Entry, Event, Evidence, Exchange, Member, Message, Record,
    RequestSummary, ResponseSummary, Role, SessionEnd, Side, SseSummary,
};
use stalemate_wire::{Method, summarize};

const SERVER: &str = "memory";
const HOP: &str = "nginx";

/// A journal in the making. Each message is 1 ms after the one before.
#[derive(Default)]
pub struct Tape {
    entries: Vec<Entry>,
    ms: u64,
    conns: u32,
}

/// A `tools/call` with that id.
pub fn call(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "create_entities"}})
}

/// The result of the request with that id.
pub fn result(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {}})
}

/// A notification.
pub fn changed() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/resources/updated"})
}

impl Tape {
    fn push(&mut self, event: Event) {
        self.ms += 1;
        self.entries.push(Entry::new(self.ms, event));
    }

    fn message(&mut self, at: &str, exchange: Exchange, side: Side, message: Message) {
        self.push(Event::Http {
            exchange,
            at: Arc::from(at),
            peer: Arc::from("peer"),
            side,
            object: None,
            server: Arc::from(SERVER),
            message,
        });
    }

    fn exchange(&mut self) -> Exchange {
        self.conns += 1;
        Exchange {
            conn: ConnId(self.conns),
            ordinal: 0,
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u64) {
        self.ms += ms;
    }

    /// The server received a POST.
    pub fn post(&mut self, session: &str, body: &Value, call: Option<u32>) -> Exchange {
        let exchange = self.exchange();
        let request = request(Method::Post, session, None, body, call);
        self.message(
            SERVER,
            exchange,
            Side::Received,
            Message::Request(Arc::new(request)),
        );
        exchange
    }

    /// The server received a GET, and answered with a stream.
    pub fn get(&mut self, session: &str, cursor: Option<&str>) -> Exchange {
        let exchange = self.exchange();
        let request = request(Method::Get, session, cursor, &Value::Null, None);
        self.message(
            SERVER,
            exchange,
            Side::Received,
            Message::Request(Arc::new(request)),
        );
        self.head(exchange);
        exchange
    }

    /// The server answered with a whole response.
    pub fn answer(&mut self, exchange: Exchange, status: u16, body: &Value, call: Option<u32>) {
        let mut response = response(status, body, None);
        response.call = call.map(CallId);
        self.message(
            SERVER,
            exchange,
            Side::Sent,
            Message::Response(Arc::new(response)),
        );
    }

    /// The server answered with the head of a stream.
    pub fn head(&mut self, exchange: Exchange) {
        let mut response = response(200, &Value::Null, None);
        response.stream = true;
        self.message(
            SERVER,
            exchange,
            Side::Sent,
            Message::Response(Arc::new(response)),
        );
    }

    /// The server sent an event.
    pub fn event(&mut self, exchange: Exchange, id: &str, data: &Value) {
        let event = SseSummary {
            id: Some(id.to_owned()),
            retry_ms: None,
            bytes: bytes(data),
            comment: false,
            rpc: summarize(data.to_string().as_bytes()),
            call: None,
            digest: data.get("method").map(|_| data.to_string()),
        };
        self.message(SERVER, exchange, Side::Sent, Message::Sse(Arc::new(event)));
    }

    /// The server's stream was over.
    pub fn end(&mut self, exchange: Exchange) {
        let end = Message::End { clean: true };
        self.message(SERVER, exchange, Side::Sent, end);
    }

    /// The server ended a session.
    pub fn session_ended(&mut self, session: &str) {
        self.push(Event::SessionEnded {
            server: Arc::from(SERVER),
            at: Arc::from(SERVER),
            session: session.to_owned(),
            cause: SessionEnd::Expired,
        });
    }

    /// The hop received a request, sent it on, was answered, and answered: statuses, bodies and session id headers.
    pub fn relay(
        &mut self,
        upstream: (u16, &str, Option<&str>),
        client: (u16, &str, Option<&str>),
    ) {
        let (parent, child) = (self.exchange(), self.exchange());
        let asked = || Message::Request(Arc::new(request(Method::Post, "S", None, &call(1), None)));
        self.message(HOP, parent, Side::Received, asked());
        self.push(Event::Forwarded {
            at: Arc::from(HOP),
            parent,
            child,
        });
        self.message(HOP, child, Side::Sent, asked());
        let [theirs, ours] = [upstream, client].map(|(status, body, session)| {
            Message::Response(Arc::new(response(status, &json!(body), session)))
        });
        self.message(HOP, child, Side::Received, theirs);
        self.message(HOP, parent, Side::Sent, ours);
    }

    /// The verdict of an invariant on the server or the hop.
    pub fn judge(&self, id: &str) -> Verdict {
        let record = Record {
            cast: cast(),
            entries: self.entries.clone(),
        };
        let view = View::new(&record);
        let invariant = invariant::get(id).expect("an invariant of that name");
        let judged = invariant.judge(&view).into_iter();
        let mut of = judged.filter(|j| [SERVER, HOP].contains(&&*j.party));
        of.next().expect("a judged party").verdict
    }
}

fn bytes(body: &Value) -> u64 {
    if body.is_null() {
        0
    } else {
        body.to_string().len() as u64
    }
}

fn request(
    method: Method,
    session: &str,
    cursor: Option<&str>,
    body: &Value,
    call: Option<u32>,
) -> RequestSummary {
    RequestSummary {
        method,
        path: "/mcp".to_owned(),
        session: Some(session.to_owned()),
        version: None,
        cursor: cursor.map(str::to_owned),
        accept: None,
        bytes: bytes(body),
        rpc: summarize(body.to_string().as_bytes()),
        call: call.map(CallId),
    }
}

fn response(status: u16, body: &Value, session: Option<&str>) -> ResponseSummary {
    ResponseSummary {
        status,
        session: session.map(str::to_owned),
        content_type: None,
        stream: false,
        bytes: bytes(body),
        rpc: summarize(body.to_string().as_bytes()),
        call: None,
    }
}

/// A cast in which everybody is that a journal of these tests speaks of.
pub(crate) fn cast() -> Arc<Cast> {
    let member = |process: &str, role, server: Option<&str>| Member {
        process: Arc::from(process),
        role,
        server: server.map(Arc::from),
    };
    Arc::new(Cast {
        scenario: "a test".to_owned(),
        summary: String::new(),
        client: "client".to_owned(),
        seed: 1,
        application: false,
        latency_ms: 1,
        evidence: Evidence::ALL.to_vec(),
        members: vec![
            member("client", Role::Client, None),
            member("nginx", Role::Hop, None),
            member("memory", Role::Server, Some("memory")),
        ],
    })
}
