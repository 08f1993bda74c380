//! The page of a run: one file, sent from this program, with the steps, their buttons and the diagram as it grows. It is
//! for this machine alone: a page of another origin can neither read it nor press anything (DNS rebinding, forged requests).

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::live::local::Place;
use crate::process::body::{Feed, Outgoing, Piece};
use crate::serve::guide::Guide;
use crate::serve::state::Answer;

/// The page, as the browser gets it but for its token.
const PAGE: &str = include_str!("page.html");
/// What stands in it for the token, by which its script is known to be its own, too.
const TOKEN: &str = "%TOKEN%";
/// The header that carries the token.
const TOKEN_HEADER: &str = "x-stalemate-token";
/// The most bytes of an answer.
const MOST: usize = 1_024;
/// The time in which changes are gathered before they are sent, in milliseconds.
const GATHER_MS: u64 = 50;
/// How long it is waited for the end to have been sent, in milliseconds.
const FAREWELL_MS: u64 = 500;
/// What the browser may do with the page: run what is in it, and talk to where it came from.
const POLICY: &str = "default-src 'none'; script-src 'nonce-%TOKEN%'; style-src 'unsafe-inline'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page that is not served yet.
pub struct Page {
    place: Place,
    listener: TcpListener,
}

/// What an answer from the page looks like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressed {
    prompt: u64,
    answer: Answer,
}

struct Desk {
    guide: Rc<Guide>,
    token: String,
    /// What `Host` may say: under another name this machine is somebody else's idea.
    hosts: Vec<String>,
}

impl Page {
    /// Listens on that port of an address of this machine; 0 is one that is free.
    ///
    /// # Errors
    /// If the address is not this machine's own, or the port is taken.
    pub fn open(host: IpAddr, port: u16) -> io::Result<Self> {
        let place = Place::take(host, port)?;
        let listener = place.listen()?;
        Ok(Self { place, listener })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// Serves that guide, for as long as it is polled. Call it within a `LocalSet`.
    pub async fn serve(self, guide: Rc<Guide>) {
        let port = self.address().port();
        let desk = Rc::new(Desk {
            guide,
            token: token(),
            hosts: vec![self.address().to_string(), format!("localhost:{port}")],
        });
        while let Ok((stream, _)) = self.listener.accept().await {
            spawn_local(connection(stream, Rc::clone(&desk)));
        }
    }
}

/// A token that nobody guesses: the hashes of nothing under keys that the system drew.
fn token() -> String {
    let draw = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", draw(), draw())
}

async fn connection(stream: TcpStream, desk: Rc<Desk>) {
    let service = service_fn(move |request| {
        let desk = Rc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    // Its own failure is the browser's to see.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Outgoing> {
        if let Some(why) = self.refuses(&request) {
            return plain(StatusCode::FORBIDDEN, why);
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => html(&self.token),
            (&Method::GET, "/state") => {
                self.guide.read();
                let state = self.guide.state();
                let all = json!({"token": self.token, "state": &*state});
                whole(StatusCode::OK, "application/json", all.to_string())
            }
            (&Method::GET, "/events") => self.events(),
            (&Method::POST, "/press") => self.press(request).await,
            (_, "/" | "/state" | "/events" | "/press") => {
                plain(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
            }
            _ => plain(StatusCode::NOT_FOUND, "there is no such page"),
        }
    }

    /// Why nobody who asks so is answered.
    fn refuses(&self, request: &Request<Incoming>) -> Option<&'static str> {
        let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        let is_own = |host: &[u8]| self.hosts.iter().any(|own| own.as_bytes() == host);
        if !header(HOST).is_some_and(is_own) {
            return Some("this page is asked for by its address, and under no other name");
        }
        let is_same = |origin: &[u8]| origin.strip_prefix(b"http://").is_some_and(is_own);
        if !header(ORIGIN).is_none_or(is_same) {
            return Some("another page has no business here");
        }
        None
    }

    async fn press(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let given = request.headers().get(TOKEN_HEADER);
        if given.is_none_or(|given| given.as_bytes() != self.token.as_bytes()) {
            return plain(StatusCode::FORBIDDEN, "the token of the page is missing");
        }
        let Ok(body) = Limited::new(request.into_body(), MOST).collect().await else {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "that is no answer");
        };
        let pressed: Result<Pressed, _> = serde_json::from_slice(&body.to_bytes());
        match pressed {
            Err(_) => plain(StatusCode::BAD_REQUEST, "that is no answer"),
            Ok(pressed) if self.guide.answer(pressed.prompt, pressed.answer) => {
                plain(StatusCode::OK, "taken")
            }
            Ok(_) => plain(StatusCode::CONFLICT, "that is not asked any more"),
        }
    }

    /// Everything as it stands, and again whenever it changes.
    fn events(&self) -> Response<Outgoing> {
        let (feed, body) = Outgoing::fed(None);
        spawn_local(follow(Rc::clone(&self.guide), feed));
        answer(StatusCode::OK, "text/event-stream", body)
    }
}

/// Sends what changes, until nobody reads it.
async fn follow(guide: Rc<Guide>, feed: Feed) {
    let mut changes = guide.changes();
    let mut drawn = None;
    loop {
        changes.borrow_and_update();
        let state = serde_json::to_string(&*guide.state()).unwrap_or_default();
        let mut sent = feed.send(Piece::Data(event("state", &state)));
        let (version, picture) = guide.picture();
        if drawn != Some(version) {
            drawn = Some(version);
            let picture = json!(picture).to_string();
            sent = sent.and(feed.send(Piece::Data(event("diagram", &picture))));
        }
        if sent.is_err() || feed.is_closed() {
            return;
        }
        tokio::select! {
            biased;
            () = feed.closed() => return,
            changed = changes.changed() => if changed.is_err() {
                return;
            },
        }
        // Much changes at once: it is sent together.
        sleep(Duration::from_millis(GATHER_MS)).await;
    }
}

/// An event of a stream; JSON has no line ends in it.
fn event(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

fn html(token: &str) -> Response<Outgoing> {
    let page = PAGE.replace(TOKEN, token);
    let mut response = whole(StatusCode::OK, "text/html; charset=utf-8", page);
    let policy = POLICY.replace(TOKEN, token);
    let policy = HeaderValue::from_str(&policy).expect("a token has hexadecimal digits");
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn plain(status: StatusCode, why: &str) -> Response<Outgoing> {
    whole(status, "text/plain; charset=utf-8", format!("{why}\n"))
}

fn whole(status: StatusCode, kind: &'static str, text: String) -> Response<Outgoing> {
    answer(status, kind, Outgoing::whole(text.into_bytes()))
}

fn answer(status: StatusCode, kind: &'static str, body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Waits until whoever looks at the page has been sent the end, or for a moment.
pub async fn farewell(guide: &Guide) {
    if guide.is_followed() {
        // The browser has what it was sent; a connection that is closed then takes nothing away.
        sleep(Duration::from_millis(FAREWELL_MS)).await;
    }
}
