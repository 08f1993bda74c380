//! A journal in the making, for tests that put one together by hand: a handful of events each. A process's other end and
//! what hops see are left out, because no judgement looks there.

use std::sync::Arc;

use stalemate::invariant::{self, Party, Verdict, View};
use stalemate::journal::{
    Action, CallId, Cast, ConnId, Drawn, Entry, Event, Evidence, Exchange, Member, Message,
    ObjectId, Phase, Profile, Record, RequestSummary, ResponseSummary, Role, Rung, ServerName,
    SessionEnd, Side,
};
use stalemate_wire::{Method, summarize};

/// A journal in the making. Every event is one millisecond after the last.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) entries: Vec<Entry>,
    conns: u32,
    /// The server that later requests go to.
    pub(crate) server: Option<&'static str>,
    /// The object that later requests are from.
    pub(crate) object: u32,
}

impl Made {
    pub(crate) fn note(&mut self, event: Event) -> usize {
        let at_ms = self.entries.last().map_or(0, |e| e.at_ms + 1);
        self.entries.push(Entry::new(at_ms, event));
        self.entries.len() - 1
    }

    pub(crate) fn server(&self) -> ServerName {
        Arc::from(self.server.unwrap_or("memory"))
    }

    fn http(&mut self, conn: u32, at: &str, side: Side, message: Message) -> usize {
        let (server, object) = (self.server(), ObjectId(self.object));
        let conn = ConnId(conn);
        self.note(Event::Http {
            exchange: Exchange { conn, ordinal: 0 },
            at: Arc::from(at),
            peer: Arc::from("elsewhere"),
            side,
            object: (at == "client").then_some(object),
            server,
            message,
        })
    }

    /// A request of the client with that id, on a connection of its own. `what` is GET, DELETE or a JSON-RPC method.
    pub(crate) fn asks(&mut self, what: &str, id: Option<&str>) -> u32 {
        self.asks_for(what, id, None)
    }

    pub(crate) fn asks_for(&mut self, what: &str, id: Option<&str>, call: Option<u32>) -> u32 {
        self.conns += 1;
        let request = request(what, id, call);
        self.http(
            self.conns,
            "client",
            Side::Sent,
            Message::Request(Arc::new(request)),
        );
        self.conns
    }

    pub(crate) fn answered(&mut self, conn: u32, status: u16, id: Option<&str>) -> usize {
        let message = Message::Response(Arc::new(response(status, id)));
        self.http(conn, "client", Side::Received, message)
    }

    /// A request and its answer, which gives no id.
    pub(crate) fn exchange(&mut self, what: &str, id: Option<&str>, status: u16) {
        let conn = self.asks(what, id);
        self.answered(conn, status, None);
    }

    /// The handshake that opens a session.
    pub(crate) fn opens(&mut self, id: &str) {
        let conn = self.asks("initialize", None);
        self.answered(conn, 200, Some(id));
        self.exchange("notifications/initialized", Some(id), 202);
    }

    /// What the server receives and answers.
    pub(crate) fn served(
        &mut self,
        what: &str,
        id: Option<&str>,
        status: u16,
        gives: Option<&str>,
    ) {
        self.conns += 1;
        let (conn, at) = (self.conns, self.server());
        let asked = Message::Request(Arc::new(request(what, id, None)));
        self.http(conn, &at, Side::Received, asked);
        let answer = Message::Response(Arc::new(response(status, gives)));
        self.http(conn, &at, Side::Sent, answer);
    }

    fn begins(&mut self, action: Action) {
        let server = of_connector(action).then(|| self.server());
        let profile = Profile::Normal;
        self.note(Event::UserActed {
            action,
            server,
            profile,
        });
    }

    fn ends(&mut self, action: Action) {
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

    pub(crate) fn climbed(&mut self, rung: Option<Rung>) {
        let server = self.server();
        self.note(Event::Phase(Phase::Climbed { server, rung }));
    }

    pub(crate) fn session(&mut self, ended: Option<SessionEnd>) {
        let (server, session) = (self.server(), "S1".to_owned());
        self.note(match ended {
            None => Event::SessionOpened {
                at: server.clone(),
                server,
                session,
            },
            Some(cause) => Event::SessionEnded {
                at: server.clone(),
                server,
                session,
                cause,
            },
        });
    }

    pub(crate) fn verdict(&self, id: &str) -> Verdict {
        let invariant = invariant::get(id).expect("in the registry");
        let record = Record {
            cast: cast(),
            entries: self.entries.clone(),
        };
        let judgements = invariant.judge(&View::new(&record));
        if matches!(invariant.party, Party::Server | Party::Hop) {
            let of_memory = judgements.into_iter().find(|j| &*j.party == "memory");
            return of_memory.expect("judged").verdict;
        }
        judgements[0].verdict.clone()
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

fn request(what: &str, id: Option<&str>, call: Option<u32>) -> RequestSummary {
    let method = match what {
        "GET" => Method::Get,
        "DELETE" => Method::Delete,
        _ => Method::Post,
    };
    let body = match method {
        Method::Post if what.starts_with("notifications/") => stalemate_wire::notification(what),
        Method::Post => stalemate_wire::request(1, what, None),
        _ => Vec::new(),
    };
    RequestSummary {
        method,
        path: "/mcp".to_owned(),
        session: id.map(str::to_owned),
        version: None,
        cursor: None,
        accept: None,
        bytes: body.len() as u64,
        rpc: summarize(&body),
        call: call.map(CallId),
    }
}

fn response(status: u16, session: Option<&str>) -> ResponseSummary {
    ResponseSummary {
        call: None,
        status,
        session: session.map(str::to_owned),
        content_type: None,
        stream: false,
        bytes: 0,
        rpc: Vec::new(),
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
        application: true,
        latency_ms: 1,
        evidence: Evidence::ALL.to_vec(),
        members: vec![
            member("client", Role::Client, None),
            member("nginx", Role::Hop, None),
            member("memory", Role::Server, Some("memory")),
            member("bluesky", Role::Server, Some("bluesky")),
        ],
    })
}
