//! A journal in the making, for tests that put one together by hand: a handful of events each. What stands here is seen from
//! the client; servers and hops are in `served`. A process's other end is left out, because no judgement looks there.

mod served;

use std::sync::Arc;

use stalemate::invariant::{self, Party, Told, Verdict, View};
use stalemate::journal::{
    Action, CallId, CallOutcome, Cast, ConnEnd, ConnId, Drawn, Entry, Event, Evidence, Exchange,
    Member, Message, ObjectId, Phase, Profile, Record, RequestSummary, ResponseSummary, Role, Rung,
    ServerName, Side,
};
use stalemate_wire::{Method, summarize};

pub(crate) use served::{call, changed, result};

pub(crate) const SERVER: &str = "memory";
const CLIENT: &str = "client";
const HOP: &str = "nginx";

/// A journal in the making. Every event is one millisecond after the last, and later after a wait.
#[derive(Clone, Default)]
pub(crate) struct Made {
    pub(crate) entries: Vec<Entry>,
    waited_ms: u64,
    conns: u32,
    /// The server that later requests go to.
    pub(crate) server: Option<&'static str>,
    /// The object that later requests are from.
    pub(crate) object: u32,
    /// Whether the client only passes on what a host asks.
    pub(crate) passes_on: bool,
    /// Who takes part beside the usual ones, or otherwise than they do.
    others: Vec<Member>,
}

impl Made {
    /// One in which somebody takes part beside the usual ones, or otherwise than they do.
    pub(crate) fn with(other: Member) -> Self {
        Self {
            others: vec![other],
            ..Self::default()
        }
    }

    pub(crate) fn note(&mut self, event: Event) -> usize {
        let at_ms = self.entries.last().map_or(0, |e| e.at_ms + 1);
        let at_ms = at_ms + std::mem::take(&mut self.waited_ms);
        self.entries.push(Entry::new(at_ms, event));
        self.entries.len() - 1
    }

    /// Lets time pass before the next event.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.waited_ms += ms;
    }

    pub(crate) fn server(&self) -> ServerName {
        Arc::from(self.server.unwrap_or(SERVER))
    }

    /// An exchange on a connection of its own.
    fn new_exchange(&mut self) -> Exchange {
        self.conns += 1;
        let conn = ConnId(self.conns);
        Exchange { conn, ordinal: 0 }
    }

    fn http(&mut self, exchange: Exchange, at: &str, side: Side, message: Message) -> usize {
        let (server, object) = (self.server(), ObjectId(self.object));
        self.note(Event::Http {
            exchange,
            at: Arc::from(at),
            peer: Arc::from("elsewhere"),
            side,
            object: (at == CLIENT).then_some(object),
            server,
            message,
        })
    }

    fn request(&mut self, exchange: Exchange, at: &str, side: Side, request: RequestSummary) {
        self.http(exchange, at, side, Message::Request(Arc::new(request)));
    }

    fn response(
        &mut self,
        exchange: Exchange,
        at: &str,
        side: Side,
        response: ResponseSummary,
    ) -> usize {
        self.http(exchange, at, side, Message::Response(Arc::new(response)))
    }

    /// A request of the client with that id. `what` is GET, DELETE or a JSON-RPC method.
    pub(crate) fn asks(&mut self, what: &str, id: Option<&str>) -> Exchange {
        self.asks_for(what, id, None)
    }

    pub(crate) fn asks_for(&mut self, what: &str, id: Option<&str>, call: Option<u32>) -> Exchange {
        let exchange = self.new_exchange();
        let mut request = named(what, id);
        request.call = call.map(CallId);
        self.request(exchange, CLIENT, Side::Sent, request);
        exchange
    }

    /// A request of the client on the connection of an exchange, behind it.
    pub(crate) fn asks_on(&mut self, before: Exchange, what: &str) -> Exchange {
        let exchange = Exchange {
            ordinal: before.ordinal + 1,
            ..before
        };
        self.request(exchange, CLIENT, Side::Sent, named(what, None));
        exchange
    }

    /// The client sees that the connection of an exchange has ended.
    pub(crate) fn closed(&mut self, exchange: Exchange) {
        self.note(Event::ConnEnded {
            conn: exchange.conn,
            from: Arc::from(CLIENT),
            to: Arc::from(HOP),
            how: ConnEnd::Closed,
        });
    }

    /// A request of the client as that exchange.
    pub(crate) fn asks_at(&mut self, exchange: Exchange, request: RequestSummary) {
        self.request(exchange, CLIENT, Side::Sent, request);
    }

    pub(crate) fn answered(&mut self, exchange: Exchange, status: u16, id: Option<&str>) -> usize {
        self.answers(exchange, response(status, id, b""))
    }

    /// The client is answered, whole.
    pub(crate) fn answers(&mut self, exchange: Exchange, response: ResponseSummary) -> usize {
        self.response(exchange, CLIENT, Side::Received, response)
    }

    /// A request and its answer, which gives no id.
    pub(crate) fn exchange(&mut self, what: &str, id: Option<&str>, status: u16) {
        let exchange = self.asks(what, id);
        self.answered(exchange, status, None);
    }

    /// The handshake that opens a session.
    pub(crate) fn opens(&mut self, id: &str) {
        let exchange = self.asks("initialize", None);
        self.answered(exchange, 200, Some(id));
        self.exchange("notifications/initialized", Some(id), 202);
    }

    /// The handshake of a session, with its result.
    pub(crate) fn settles(&mut self, id: &str) {
        self.gets(named("initialize", None), settled(id));
        self.exchange("notifications/initialized", Some(id), 202);
    }

    /// The newest entry came so many milliseconds after the one before.
    pub(crate) fn comes_after(&mut self, ms: u64) {
        let newest = self.last();
        self.entries[newest].at_ms = self.entries[newest - 1].at_ms + ms;
    }

    /// The user calls a tool.
    pub(crate) fn begins_call(&mut self, number: u32) {
        self.begins_request(number, "tools/call");
    }

    /// The user asks for something by that method.
    pub(crate) fn begins_request(&mut self, number: u32, method: &str) {
        let (server, call) = (self.server(), CallId(number));
        self.note(Event::CallBegan {
            call,
            server,
            method: method.to_owned(),
            tool: "search_nodes".to_owned(),
            nonce: format!("n-{number}"),
            during_outage: false,
            nth: 1,
        });
    }

    /// What the user called, or asked for, ends.
    pub(crate) fn ends_call(&mut self, number: u32, outcome: CallOutcome) {
        let call = CallId(number);
        self.note(Event::CallEnded { call, outcome });
    }

    pub(crate) fn begins(&mut self, action: Action) {
        let server = of_connector(action).then(|| self.server());
        let profile = Profile::Normal;
        self.note(Event::UserActed {
            action,
            server,
            profile,
        });
    }

    pub(crate) fn ends(&mut self, action: Action) {
        let (server, error) = (of_connector(action).then(|| self.server()), None);
        self.note(Event::UserActionEnded {
            action,
            server,
            error,
        });
    }

    pub(crate) fn acts(&mut self, action: Action) {
        self.begins(action);
        self.ends(action);
    }

    pub(crate) fn draws(&mut self, shown: Drawn) {
        let (server, profile) = (self.server(), Profile::Normal);
        self.note(Event::Drawn {
            server,
            profile,
            shown,
        });
    }

    /// Of that climb, counted from 0, no client could have made anything.
    pub(crate) fn no_progress(&mut self, climb: usize) {
        let server = self.server();
        self.note(Event::NoProgress {
            climb,
            server,
            blamed: Vec::new(),
            violating: Vec::new(),
            full: Vec::new(),
        });
    }

    pub(crate) fn climbed(&mut self, rung: Rung) {
        let server = self.server();
        self.note(Event::Phase(Phase::Climbed { server, rung }));
    }

    pub(crate) fn verdict(&self, id: &str) -> Verdict {
        self.verdict_without(id, &[])
    }

    /// The verdict on a record that does not tell those things.
    pub(crate) fn verdict_without(&self, id: &str, lacks: &[Evidence]) -> Verdict {
        let invariant = invariant::get(id).expect("in the registry");
        let record = self.record(lacks);
        let judgements = invariant.judge(&View::new(&Told::of(&record)));
        let party = match invariant.party {
            Party::Server => SERVER,
            Party::Hop => HOP,
            _ => return judgements[0].verdict.clone(),
        };
        let mut judgements = judgements.into_iter();
        let judged = judgements.find(|j| &*j.party == party);
        judged.expect("judged").verdict
    }

    /// The record, but for what it does not tell.
    pub(crate) fn record(&self, lacks: &[Evidence]) -> Record {
        let evidence = Evidence::ALL.iter().filter(|e| !lacks.contains(e));
        let mut usual = (*cast()).clone();
        let is_other = |m: &Member| self.others.iter().any(|o| o.process == m.process);
        usual.members.retain(|m| !is_other(m));
        usual.members.extend(self.others.iter().cloned());
        let cast = Cast {
            relays: self.passes_on,
            evidence: evidence.copied().collect(),
            ..usual
        };
        Record {
            cast: Arc::new(cast),
            entries: self.entries.clone(),
        }
    }

    /// That it holds, and was put to the test.
    pub(crate) fn holds(&self, id: &str) {
        assert_eq!(self.verdict(id), Verdict::Held, "{id}");
    }

    /// That it is violated, by the newest entry or at the entry that is given.
    pub(crate) fn breaks(&self, id: &str, entry: usize) {
        let verdict = self.verdict(id);
        let Verdict::Violated { at, why } = &verdict else {
            panic!("{id}: {verdict:?}");
        };
        assert_eq!(*at, entry, "{id}: {why}");
    }

    /// That it is violated, wherever that shows.
    pub(crate) fn is_violated(&self, id: &str) {
        let verdict = self.verdict(id);
        assert!(
            matches!(verdict, Verdict::Violated { .. }),
            "{id}: {verdict:?}"
        );
    }

    pub(crate) fn last(&self) -> usize {
        self.entries.len() - 1
    }
}

fn of_connector(action: Action) -> bool {
    matches!(
        action,
        Action::Add | Action::Connect | Action::Disconnect | Action::Delete
    )
}

/// A request that is told by its JSON-RPC method, or by GET or DELETE.
pub(crate) fn named(what: &str, id: Option<&str>) -> RequestSummary {
    let (method, body) = match what {
        "GET" => (Method::Get, Vec::new()),
        "DELETE" => (Method::Delete, Vec::new()),
        _ if what.starts_with("notifications/") => {
            (Method::Post, stalemate_wire::notification(what))
        }
        _ => (Method::Post, stalemate_wire::request(1, what, None)),
    };
    request(method, id, &body)
}

fn request(method: Method, session: Option<&str>, body: &[u8]) -> RequestSummary {
    RequestSummary {
        method,
        path: "/mcp".to_owned(),
        session: session.map(str::to_owned),
        token: None,
        version: None,
        cursor: None,
        accept: None,
        bytes: body.len() as u64,
        rpc: summarize(body),
        call: None,
    }
}

pub(crate) fn response(status: u16, session: Option<&str>, body: &[u8]) -> ResponseSummary {
    ResponseSummary {
        call: None,
        status,
        session: session.map(str::to_owned),
        content_type: None,
        stream: false,
        bytes: body.len() as u64,
        rpc: summarize(body),
    }
}

/// The answer to a handshake, with its result, which settles on the newest revision with sessions.
pub(crate) fn settled(id: &str) -> ResponseSummary {
    let result = br#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#;
    response(200, Some(id), result)
}

pub(crate) fn member(process: &str, role: Role, server: Option<&str>) -> Member {
    Member {
        process: Arc::from(process),
        role,
        server: server.map(Arc::from),
        leads_to: Vec::new(),
        owns_sessions: false,
    }
}

/// A cast in which everybody is that a journal of these tests speaks of.
fn cast() -> Arc<Cast> {
    Arc::new(Cast {
        scenario: "a test".to_owned(),
        summary: String::new(),
        client: CLIENT.to_owned(),
        seed: 1,
        application: true,
        relays: false,
        latency_ms: 1,
        evidence: Evidence::ALL.to_vec(),
        members: vec![
            member(CLIENT, Role::Client, None),
            member(HOP, Role::Hop, None),
            member(SERVER, Role::Server, Some(SERVER)),
            member("bluesky", Role::Server, Some("bluesky")),
        ],
    })
}
