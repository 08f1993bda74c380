//! How servers are known by their refusals: what each dialect says to an id that is dead, by status and length. They are
//! not listed anywhere: each dialect's own core is asked.

use std::sync::Arc;

use stalemate_wire::{Headers, Method, Request, header, request};

use crate::server::{
    Dialect, Durable, Framing, Input, Key, Options, Output, ServerCore, Store, Tools,
};

/// An id that no server gave.
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000bad";

/// A refusal: its method, its status, and the length of its body, alone and in one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    bytes: u64,
    chunked: bool,
}

impl Refusal {
    /// Whether that is what a log shows of it. Where no length is logged the status counts.
    fn fits(self, status: u16, bytes: Option<u64>) -> bool {
        // Framing is counted by nginx: the size line, two line ends, and the last chunk.
        let framed = self.bytes + u64::from(self.bytes.max(1).ilog2() / 4 + 1) + 9;
        let fits = |bytes: u64| bytes == self.bytes || self.chunked && bytes == framed;
        self.status == status && bytes.is_none_or(fits)
    }
}

/// What a dialect says to ids that are dead, and to none.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// The dialect.
    pub name: String,
    dead: Vec<(&'static str, Refusal)>,
    without: Vec<(&'static str, Refusal)>,
}

/// The fingerprints of those dialects that are named to the user. A product that says the same upon another SDK, by its
/// name, is left out: a log cannot tell the two apart.
#[must_use]
pub fn fingerprints(dialects: &[Arc<Dialect>]) -> Vec<Fingerprint> {
    let listed = dialects
        .iter()
        .filter(|d| d.is_listed() && d.has_sessions());
    let mut all: Vec<Fingerprint> = Vec::new();
    for one in listed.map(of) {
        let is_one_of = |known: &Fingerprint| {
            let rest = one.name.strip_prefix(&known.name);
            rest.is_some_and(|rest| rest.starts_with("-sdk-"))
                && (&known.dead, &known.without) == (&one.dead, &one.without)
        };
        if !all.iter().any(is_one_of) {
            all.push(one);
        }
    }
    all
}

impl Fingerprint {
    /// Whether a server of that dialect says so to a request with a dead id; `None` if that method is not known of it.
    #[must_use]
    pub fn fits_dead(&self, method: &str, status: u16, bytes: Option<u64>) -> Option<bool> {
        let found = self.dead.iter().find(|(m, _)| *m == method);
        found.map(|(_, refusal)| refusal.fits(status, bytes))
    }

    /// The same of a request without an id.
    #[must_use]
    pub fn fits_without(&self, method: &str, status: u16, bytes: Option<u64>) -> Option<bool> {
        let found = self.without.iter().find(|(m, _)| *m == method);
        found.map(|(_, refusal)| refusal.fits(status, bytes))
    }
}

fn of(dialect: &Arc<Dialect>) -> Fingerprint {
    let methods = [
        ("POST", Method::Post),
        ("GET", Method::Get),
        ("DELETE", Method::Delete),
    ];
    let all = |id: Option<&str>| {
        let said = methods
            .iter()
            .filter_map(|(name, method)| Some((*name, refusal(dialect, method.clone(), id)?)));
        said.collect()
    };
    Fingerprint {
        name: dialect.name.clone(),
        dead: all(Some(UNKNOWN)),
        without: all(None),
    }
}

/// What a server of that dialect says that has opened a session, to somebody who names another or none.
fn refusal(dialect: &Arc<Dialect>, method: Method, id: Option<&str>) -> Option<Refusal> {
    let mut opened = 0_u8;
    let options = Options {
        path: "/mcp".to_owned(),
        ids: Box::new(move || {
            opened += 1;
            format!("{opened:032}")
        }),
        session_timeout_ms: None,
        durable: Durable::Nothing,
        tools: Tools::ALL,
    };
    let mut core = ServerCore::new(Arc::clone(dialect), options, Store::new());
    let initialize = r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}"#;
    let initialize = serde_json::from_str(initialize).ok();
    let asked = |method: Method, id: Option<&str>, body: Vec<u8>| {
        let accept = match method {
            Method::Get => "text/event-stream",
            _ => "application/json, text/event-stream",
        };
        let headers = Headers::new()
            .with(header::ACCEPT, accept)
            .with(header::CONTENT_TYPE, "application/json");
        let headers = id
            .into_iter()
            .fold(headers, |h, id| h.with(header::SESSION_ID, id));
        Request {
            method,
            path: "/mcp".to_owned(),
            headers,
            body,
        }
    };
    let opening = asked(Method::Post, None, request(1, "initialize", initialize));
    core.handle(
        0,
        Input::Request {
            key: Key(0),
            request: opening,
        },
    );
    let body = match method {
        Method::Post => request(2, "tools/list", None),
        _ => Vec::new(),
    };
    let request = asked(method, id, body);
    let out = core.handle(
        1,
        Input::Request {
            key: Key(1),
            request,
        },
    );
    out.into_iter().find_map(|output| match output {
        Output::Respond {
            response, framing, ..
        } if response.status >= 300 => Some(Refusal {
            status: response.status,
            bytes: response.body.len() as u64,
            chunked: framing == Framing::Chunked,
        }),
        _ => None,
    })
}
