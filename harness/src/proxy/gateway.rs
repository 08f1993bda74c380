//! An MCP gateway: to its clients it is the server, with sessions of its own, and to each server behind it a client, with a
//! session for each of its clients'. What becomes of a client when only the inner session is lost is a choice of its own.
//! What the gateways that are in use do with a lost inner session differs; each way here was reported of one.
//!
//! Not in here: several servers behind one connector, and sessions that the gateway keeps over its own restart.

use std::collections::BTreeMap;

use stalemate_wire::marks::took;
use stalemate_wire::{Headers, Method, Request, Response, header, summarize};

use super::headers::{onward_told, passed_on};
use super::{
    ForwardRequest, HeadDecision, Hop, HopOptions, LogRecord, Release, Upstream, UpstreamFailure,
};

/// The longest silence of a server before a gateway gives up, in milliseconds, where it is not chosen.
const TIMEOUT_MS: u64 = 60_000;

/// What a gateway does when a server says 404 to the inner session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostSession {
    /// It passes the 404 on and gives up its own session with it.
    #[default]
    PassOn,
    /// It initializes again and sends the request once more; its own session goes on.
    Reinitialize,
    /// It answers 500, and its own session goes on without an inner one.
    Answer500,
    /// It answers 502, and its own session goes on without an inner one.
    Answer502,
}

impl LostSession {
    /// Every behaviour there is.
    pub const ALL: [Self; 4] = [
        Self::PassOn,
        Self::Reinitialize,
        Self::Answer500,
        Self::Answer502,
    ];

    /// The name in scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PassOn => "pass-on",
            Self::Reinitialize => "reinitialize",
            Self::Answer500 => "answer-500",
            Self::Answer502 => "answer-502",
        }
    }
}

/// What a gateway does to messages, its sessions aside.
#[derive(Clone, Debug)]
pub struct Gateway {
    upstream: Upstream,
    /// Whether it reads an answer whole before it passes it on.
    collects: bool,
}

impl Gateway {
    /// A gateway with these options.
    #[must_use]
    pub fn new(options: &HopOptions) -> Self {
        Self {
            upstream: Upstream::once(options, TIMEOUT_MS, TIMEOUT_MS),
            collects: options.collects,
        }
    }
}

impl Hop for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let mut headers = onward_told(request);
        headers.push("Connection", "close");
        request.with(&request.request.path, headers)
    }

    fn upstream(&self) -> Upstream {
        self.upstream
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        match failure {
            // Whoever collects has one limit for the whole answer, and calls itself overloaded.
            UpstreamFailure::ReadTimeout if self.collects => {
                took("hop", "the gateway collects an answer for too long");
                self.page(503)
            }
            _ => self.page(failure.status()),
        }
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        let release = if self.collects {
            Release::Whole
        } else {
            Release::AtOnce
        };
        passed_on(status, headers, release)
    }

    fn access_log(&self, _record: &LogRecord<'_>) -> Option<String> {
        None
    }
}

/// One session of a client with the gateway. No `Debug`: it has session ids.
struct Session {
    /// The server's id for it.
    inner: String,
    /// How it was opened, so that it can be opened again.
    initialize: Request,
    initialized: Option<Request>,
}

/// The sessions of one running gateway with the clients of one server.
pub struct Sessions {
    lost: LostSession,
    sessions: BTreeMap<String, Session>,
}

/// Where a request goes.
pub enum Route {
    /// On, with the inner id if it is in a session.
    Onward(Request),
    /// Nowhere: the gateway knows no such session.
    Refused(Response),
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// The client gets it, with this id in place of the server's.
    Pass(Option<String>),
    /// The client gets a page with that status instead.
    Page(u16),
    /// The inner session is to be opened again, and the request sent once more.
    Renew,
}

/// The requests that open an inner session again: the handshake as its client made it.
pub struct Handshake {
    /// `initialize`, without an id.
    pub initialize: Request,
    /// `notifications/initialized`, if the client had sent it.
    pub initialized: Option<Request>,
}

impl Sessions {
    /// None yet.
    #[must_use]
    pub fn new(lost: LostSession) -> Self {
        Self {
            lost,
            sessions: BTreeMap::new(),
        }
    }

    /// Where a request goes that carries the client's id.
    pub fn route(&mut self, request: &Request) -> Route {
        let Some(outer) = request.session_id() else {
            return Route::Onward(request.clone());
        };
        let Some(session) = self.sessions.get_mut(outer) else {
            took("hop", "the gateway does not know a session");
            return Route::Refused(unknown_session());
        };
        if asks(request, "notifications/initialized") {
            session.initialized = Some(request.clone());
        }
        Route::Onward(within(request, &session.inner))
    }

    /// The server's id for a client's.
    #[must_use]
    pub fn inner(&self, outer: &str) -> Option<&str> {
        self.sessions.get(outer).map(|s| s.inner.as_str())
    }

    /// What becomes of the answer to a request that carries the client's id; `again` says that the inner session was opened
    /// again for it.
    pub fn answered(
        &mut self,
        request: &Request,
        status: u16,
        given: Option<&str>,
        again: bool,
        new_id: impl FnOnce() -> String,
    ) -> After {
        let Some(outer) = request.session_id() else {
            let opened = asks(request, "initialize") && status < 300;
            let Some(inner) = given.filter(|_| opened) else {
                return After::Pass(None);
            };
            let outer = new_id();
            let session = Session {
                inner: inner.to_owned(),
                initialize: request.clone(),
                initialized: None,
            };
            self.sessions.insert(outer.clone(), session);
            return After::Pass(Some(outer));
        };
        let outer = outer.to_owned();
        // An inner session that is lost is not opened again only to be ended.
        let ends = status < 300 || status == 404 && self.lost == LostSession::Reinitialize;
        if request.method == Method::Delete && ends {
            took("hop", "a session ends on both sides of the gateway");
            self.sessions.remove(&outer);
        } else if status == 404 {
            match self.lost {
                LostSession::PassOn => {
                    took("hop", "the gateway passes the loss of an inner session on");
                    self.sessions.remove(&outer);
                }
                LostSession::Reinitialize if !again => {
                    took("hop", "the gateway opens an inner session again");
                    return After::Renew;
                }
                LostSession::Reinitialize => {
                    took("hop", "an inner session that was opened again is refused");
                }
                LostSession::Answer500 => {
                    took(
                        "hop",
                        "the gateway says 500 to the loss of an inner session",
                    );
                    return After::Page(500);
                }
                LostSession::Answer502 => {
                    took(
                        "hop",
                        "the gateway says 502 to the loss of an inner session",
                    );
                    return After::Page(502);
                }
            }
        }
        After::Pass(given.map(|_| outer))
    }

    /// How the inner session of a client's is opened again for a request: as its client had opened it, with the token that
    /// the client shows now.
    #[must_use]
    pub fn handshake(&self, request: &Request) -> Option<Handshake> {
        let session = self.sessions.get(request.session_id()?)?;
        let token = request.headers.get(header::AUTHORIZATION);
        Some(Handshake {
            initialize: shows(&session.initialize, token),
            initialized: session.initialized.as_ref().map(|told| shows(told, token)),
        })
    }

    /// The inner session of a client's is that from now on.
    pub fn renewed(&mut self, outer: &str, inner: &str) {
        if let Some(session) = self.sessions.get_mut(outer) {
            session.inner = inner.to_owned();
        }
    }
}

/// The same request in another session.
#[must_use]
pub fn within(request: &Request, session: &str) -> Request {
    with_header(request, header::SESSION_ID, session)
}

/// The same request with that token in place of its own.
fn shows(request: &Request, token: Option<&str>) -> Request {
    match token {
        Some(token) => with_header(request, header::AUTHORIZATION, token),
        None => request.clone(),
    }
}

/// The same request with another value of a header that it has.
fn with_header(request: &Request, of: &str, other: &str) -> Request {
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| {
        let is_it = name.eq_ignore_ascii_case(of);
        (name, if is_it { other } else { value })
    });
    Request {
        headers: headers.collect(),
        ..request.clone()
    }
}

fn asks(request: &Request, method: &str) -> bool {
    let messages = summarize(&request.body);
    messages.iter().any(|m| m.method.as_deref() == Some(method))
}

/// The gateway's own word on an id that it did not give, or gave before it was restarted (SES-07b).
fn unknown_session() -> Response {
    let body =
        br#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#;
    Response {
        status: 404,
        headers: Headers::new()
            .with("Content-Type", "application/json")
            .with("Content-Length", body.len().to_string()),
        body: body.to_vec(),
    }
}

#[cfg(test)]
mod tests;
