//! Connections of one client: keep-alive connections for POST and DELETE, dialled when none is idle, and the reading of
//! response bodies. What a response means is not decided here.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use stalemate_wire::{SessionId, header, sse};
use tokio::task::JoinHandle;

use super::failure::Failure;
use super::knobs::TokenRenewal;
use crate::Dialler;

/// How many redirects are followed for one request.
const MAX_REDIRECTS: usize = 5;

/// The connections of one client.
pub(super) struct Http {
    dialler: Dialler,
    connect_timeout: Duration,
    /// How long the peer may send nothing while something is awaited from it.
    silence: Option<Duration>,
    /// Idle connections; the one used last is taken first.
    idle: RefCell<Vec<Conn>>,
    /// Grows when the pool is emptied; connections in use at that time do not come back.
    epoch: Cell<u64>,
}

/// One connection. Dropping it closes it, whatever is in flight on it.
pub(super) struct Conn {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
    epoch: u64,
    reused: bool,
    silence: Option<Duration>,
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Conn {
    /// Whether the connection was idle before: then it may have been closed by the peer at any time, and that it failed
    /// unsent says nothing about the server.
    pub(super) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Sends a request and waits for the head of its response. A redirect that keeps method and body is followed within
    /// the same host; any other is an answer like any other (RFC 9110, 15.4).
    pub(super) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        for _ in 0..MAX_REDIRECTS {
            let response = self.send_once(request.clone()).await?;
            let Some(next) = redirected(&request, &response) else {
                return Ok(response);
            };
            let read = response.into_body().collect().await;
            if read.is_err() || self.sender.ready().await.is_err() {
                return Err(Failure::Unsent("connection closed"));
            }
            *request.uri_mut() = next;
        }
        self.send_once(request).await
    }

    async fn send_once(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        let sent = self.sender.try_send_request(request);
        let Some(sent) = within(self.silence, sent).await else {
            return Err(Failure::Silent);
        };
        match sent {
            Ok(response) => Ok(response),
            // hyper hands the request back only if nothing of it was written.
            Err(e) if e.message().is_some() => Err(Failure::Unsent("connection closed")),
            Err(_) => Err(Failure::Unknown("connection lost")),
        }
    }
}

/// Where the same request is to be sent instead, if the response says so and it is on the same host.
fn redirected(request: &Request<Full<Bytes>>, response: &Response<Incoming>) -> Option<Uri> {
    if !matches!(response.status().as_u16(), 307 | 308) {
        return None;
    }
    let location = header_of(response, "location")?;
    let host = request
        .headers()
        .get("host")
        .and_then(|h| h.to_str().ok())?;
    let path = match location.strip_prefix("http://") {
        Some(rest) => rest.strip_prefix(host).filter(|p| p.starts_with('/'))?,
        None => location,
    };
    path.parse().ok().filter(|uri: &Uri| uri.host().is_none())
}

/// The headers by which a request belongs to a session, and to its user.
#[derive(Clone, Default)]
pub(super) struct Head {
    /// The bearer token (AUTH-01); it is put in when the request leaves.
    pub(super) token: Option<String>,
    /// The session's id (SES-05).
    pub(super) id: Option<SessionId>,
    /// The version header (VER-01).
    pub(super) version: Option<String>,
}

impl Http {
    pub(super) fn new(
        dialler: Dialler,
        connect_timeout: Duration,
        silence: Option<Duration>,
    ) -> Self {
        Self {
            dialler,
            connect_timeout,
            silence,
            idle: RefCell::default(),
            epoch: Cell::new(0),
        }
    }

    /// Opens a connection.
    pub(super) async fn dial(&self) -> Result<Conn, Failure> {
        let epoch = self.epoch.get();
        let stream = match tokio::time::timeout(self.connect_timeout, self.dialler.dial()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Failure::of_dialling(&error)),
            Err(_) => return Err(Failure::Unsent("connection timed out")),
        };
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Failure::Unsent("connection failed"))?;
        let task = tokio::task::spawn_local(async move {
            // How it ended is told to whoever waits for a response on it.
            let _ = connection.await;
        });
        Ok(Conn {
            sender,
            task,
            epoch,
            reused: false,
            silence: self.silence,
        })
    }

    /// An idle connection that is still open, or a new one.
    pub(super) async fn acquire(&self) -> Result<Conn, Failure> {
        loop {
            let Some(mut conn) = self.take_idle() else {
                return self.dial().await;
            };
            if conn.sender.ready().await.is_ok() {
                return Ok(conn);
            }
        }
    }

    /// The idle connection that was used last.
    pub(super) fn take_idle(&self) -> Option<Conn> {
        self.idle.borrow_mut().pop()
    }

    /// Gives back a connection whose response was read to its end.
    pub(super) fn release(&self, mut conn: Conn) {
        if conn.epoch == self.epoch.get() && !conn.sender.is_closed() {
            conn.reused = true;
            self.idle.borrow_mut().push(conn);
        }
    }

    /// Closes the idle connections. After one connection broke or fell silent the others are no better, and each would
    /// cost the user one more failure.
    pub(super) fn drop_idle(&self) {
        self.idle.borrow_mut().clear();
    }

    /// Closes the idle connections, and those in use when they are given back.
    pub(super) fn clear(&self) {
        self.epoch.set(self.epoch.get() + 1);
        self.drop_idle();
    }

    /// The token that the next request shows, where the server asks for one.
    pub(super) fn token(&self, renewal: TokenRenewal) -> Option<String> {
        let credentials = self.dialler.credentials()?;
        let token = credentials.token();
        let is_over = credentials.left().is_some_and(|left| left.is_zero());
        if renewal == TokenRenewal::OnExpiry && is_over {
            return Some(credentials.renew(&token));
        }
        Some(token)
    }

    /// Whether there is another token than that, which was refused.
    pub(super) fn renews(&self, refused: &str, renewal: TokenRenewal) -> bool {
        let credentials = self.dialler.credentials();
        let asks = renewal != TokenRenewal::OnConnect;
        credentials.is_some_and(|c| asks && c.renew(refused) != refused)
    }

    /// A request to the endpoint. The order of the headers is fixed, because traces show it.
    pub(super) fn request(
        &self,
        method: &'static str,
        extra: &[(&'static str, &str)],
        head: &Head,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.dialler.path())
            .header("host", self.dialler.host());
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        if let Some(token) = &head.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(id) = &head.id {
            request = request.header(header::SESSION_ID, id.as_str());
        }
        if let Some(version) = &head.version {
            request = request.header(header::PROTOCOL_VERSION, version.as_str());
        }
        request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Failure::Unsent("invalid address"))
    }
}

/// What comes of `work`; nothing if it takes longer than that.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// The whole body of a response; nothing if it breaks off, or stays away for longer than that.
pub(super) async fn whole(body: Incoming, silence: Option<Duration>) -> Option<Bytes> {
    let body = within(silence, body.collect()).await?;
    body.ok().map(|body| body.to_bytes())
}

/// Whether a response's body is an event stream.
pub(super) fn is_event_stream(response: &Response<Incoming>) -> bool {
    header_of(response, header::CONTENT_TYPE)
        .is_some_and(|v| v.to_ascii_lowercase().starts_with("text/event-stream"))
}

/// The value of a response header, if it is text.
pub(super) fn header_of<'a>(response: &'a Response<Incoming>, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|v| v.to_str().ok())
}

/// A response body, read event by event.
pub(super) struct Events {
    body: Incoming,
    decoder: sse::Decoder,
    silence: Option<Duration>,
}

/// What comes next on an event stream.
pub(super) enum Next {
    /// An event.
    Event(sse::Event),
    /// The body's proper end.
    End,
    /// The connection broke before that.
    Cut,
}

impl Events {
    pub(super) fn new(body: Incoming, silence: Option<Duration>) -> Self {
        Self {
            body,
            decoder: sse::Decoder::new(),
            silence,
        }
    }

    /// The next event. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            if let Some((event, _)) = self.decoder.next_event() {
                return Next::Event(event);
            }
            let Some(frame) = within(self.silence, self.body.frame()).await else {
                return Next::Cut;
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Some(bytes) = frame.data_ref() {
                        self.decoder.push(bytes);
                    }
                }
                Some(Err(_)) => return Next::Cut,
                None => return Next::End,
            }
        }
    }
}
