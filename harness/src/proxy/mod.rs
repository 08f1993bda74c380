//! The hops: what each proxy of the path decides, as pure functions of what it sees. One file per product. Not in
//! here: sockets, clocks, connection pools, the journal; the shell in `process` has those and asks a [`Hop`].
//!
//! How the shell asks, for one request of a client:
//! 1. [`Hop::answer`]: what the hop answers itself goes nowhere. Otherwise [`Hop::forward`] gives the request to send; [`Hop::upstream`] says over what connection and for how long to wait.
//!    `read_timeout_ms` runs from the whole request having been sent, and anew from every byte that is read.
//! 2. No head in time, or none at all: [`Hop::on_failure`] is the answer. Otherwise [`Hop::on_head`] decides, and its
//!    [`Release`] says when the client sees something.
//! 3. The body breaks, or is silent for `read_timeout_ms`: [`Hop::on_broken_body`].
//! 4. The client leaves first: the upstream connection is closed at once, as nginx does (`proxy_ignore_client_abort
//!    off`); of Cloudflare it is not known. A request is read whole before step 1, which is nginx's default too.
//! 5. When the exchange is over, however it ended: [`Hop::access_log`].

pub mod access_log;
pub mod balancer;
pub mod cloudflare;
pub mod edits;
pub mod gateway;
mod headers;
mod kind;
pub mod nginx;
pub mod upstreams;

use std::sync::Arc;

use stalemate_wire::{Headers, Request, Response, header, reason};

pub use access_log::{ChunkCounter, LogRecord, chunked_len};
pub use cloudflare::EGRESS;
pub use edits::{Edits, HeaderEdits, Redirect, RedirectTo};
pub use kind::{BalancePolicy, HopKind};

/// What a proxy decides. Every method is a function of its arguments and of the options that the hop was made with.
pub trait Hop: Send + Sync {
    /// The product's name, which is also [`HopKind::as_str`].
    fn name(&self) -> &'static str;

    /// The answer to a request that the hop does not pass on; `None` of those that it does.
    fn answer(&self, request: &ForwardRequest<'_>) -> Option<Response> {
        let _ = request;
        None
    }

    /// The request as it goes on upstream: path and headers rewritten as the product does; the body is unchanged.
    fn forward(&self, request: &ForwardRequest<'_>) -> Request;

    /// How upstream connections are made and used.
    fn upstream(&self) -> Upstream;

    /// The answer to the client when the upstream failed before a head could be passed on.
    fn on_failure(&self, failure: UpstreamFailure) -> Response;

    /// A page of the hop's own with that status.
    fn page(&self, status: u16) -> Response {
        let body = format!("{status} {}\n", reason(status)).into_bytes();
        Response {
            status,
            headers: Headers::new()
                .with("Content-Type", "text/plain")
                .with("Content-Length", body.len().to_string()),
            body,
        }
    }

    /// What becomes of an upstream's response, decided at its head.
    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision;

    /// How the client's body ends when the upstream's broke off after its head had been passed on. `framing` is that of
    /// the upstream's response. Every product here cuts it short where it can tell that something is missing.
    fn on_broken_body(&self, why: BrokenBody, framing: Framing) -> BodyEnd {
        match (why, framing) {
            // No proxy can tell this from a whole body.
            (BrokenBody::Closed, Framing::UntilClose) => BodyEnd::Clean,
            _ => BodyEnd::Cut,
        }
    }

    /// The line, without its newline, that the product writes for a finished exchange; `None` if its owner sees none.
    /// It has the whole session id, as the product's has.
    fn access_log(&self, record: &LogRecord<'_>) -> Option<String>;
}

/// A request as a hop received it. No `Debug`: its headers carry a session id.
#[derive(Clone, Copy)]
pub struct ForwardRequest<'a> {
    /// The request with its whole body.
    pub request: &'a Request,
    /// The address of the peer that sent it, without a port.
    pub remote_addr: &'a str,
}

impl ForwardRequest<'_> {
    /// The same request to another path, with other headers.
    fn with(&self, path: &str, headers: Headers) -> Request {
        Request {
            method: self.request.method.clone(),
            path: path.to_owned(),
            headers,
            body: self.request.body.clone(),
        }
    }
}

/// How a hop talks to its upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Whether a connection is kept for further requests; otherwise each request has its own.
    pub keep_alive: bool,
    /// Whether requests go out as HTTP/1.0, so that the upstream answers without chunks.
    pub http10: bool,
    /// The longest wait for a connection, in milliseconds.
    pub connect_timeout_ms: u64,
    /// The longest silence of the upstream, in milliseconds: before the head, and between two reads of the body.
    pub read_timeout_ms: u64,
    /// How long an idle connection is kept, in milliseconds; 0 without `keep_alive`.
    pub idle_timeout_ms: u64,
}

impl Upstream {
    /// HTTP/1.1 and a connection for each request, with the time-outs of the options or else those.
    fn once(options: &HopOptions, connect_timeout_ms: u64, read_timeout_ms: u64) -> Self {
        Self {
            keep_alive: false,
            http10: false,
            connect_timeout_ms: options.connect_timeout_ms.unwrap_or(connect_timeout_ms),
            read_timeout_ms: options.read_timeout_ms.unwrap_or(read_timeout_ms),
            idle_timeout_ms: 0,
        }
    }
}

impl Upstream {
    /// As nginx does it: a connection for each request unless it is told to keep some.
    fn of_nginx(options: &HopOptions) -> Self {
        Self {
            keep_alive: options.keepalive,
            idle_timeout_ms: if options.keepalive {
                nginx::UPSTREAM_KEEPALIVE_MS
            } else {
                0
            },
            ..Self::once(options, nginx::TIMEOUT_MS, nginx::TIMEOUT_MS)
        }
    }
}

/// How an upstream failed before a head could be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpstreamFailure {
    /// The connection was refused.
    Refused,
    /// No connection within `connect_timeout_ms`.
    ConnectTimeout,
    /// The connection ended without a head, was reset, or brought something that is no HTTP.
    ClosedBeforeHead,
    /// Nothing was read for `read_timeout_ms`.
    ReadTimeout,
}

impl UpstreamFailure {
    /// The status that HTTP has for it: bad gateway, or gateway time-out.
    fn status(self) -> u16 {
        match self {
            Self::Refused | Self::ClosedBeforeHead => 502,
            Self::ConnectTimeout | Self::ReadTimeout => 504,
        }
    }
}

/// How an upstream's body broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BrokenBody {
    /// The connection ended in order (FIN) before the body was known to be whole. With [`Framing::UntilClose`] that is
    /// the only end there is, good or bad.
    Closed,
    /// The connection was reset, or the framing was invalid.
    Reset,
    /// Nothing was read for `read_timeout_ms`.
    Silent,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The status has no body: 1xx, 204, 304.
    NoBody,
    /// That many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// The end of the connection: HTTP/1.0 without a length.
    UntilClose,
}

impl Framing {
    /// The framing of a response to anything but HEAD. Chunks win over a length, and a length that is no number counts
    /// as none.
    #[must_use]
    pub fn of(status: u16, headers: &Headers) -> Self {
        if status < 200 || status == 204 || status == 304 {
            return Self::NoBody;
        }
        let chunked = headers
            .get(header::TRANSFER_ENCODING)
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        if chunked {
            return Self::Chunked;
        }
        match headers.get(header::CONTENT_LENGTH).map(str::parse) {
            Some(Ok(length)) => Self::Length(length),
            _ => Self::UntilClose,
        }
    }
}

/// What becomes of an upstream's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadDecision {
    /// It is passed on: this head, then the body as it comes.
    Forward {
        /// The status code.
        status: u16,
        /// The headers as the client gets them, in order, framing included: [`Framing::of`] them is how the client is
        /// told the end, and what a [`ChunkCounter`] is made from.
        headers: Headers,
        /// When the client gets the head and the first bytes.
        release: Release,
    },
    /// The client gets this instead; the upstream's body is discarded.
    Replace(Response),
}

/// When the client gets the head and the body. At the body's good end whatever was held goes out, head first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The head at once, and each byte as it comes.
    AtOnce,
    /// The head with the first byte of the body, and each byte as it comes.
    FirstByte {
        /// What the shell does if the upstream breaks before that byte: with `true` [`Hop::on_failure`] answers in
        /// place of the held head ([`BrokenBody::Silent`] is a read time-out, the others a close before the head);
        /// with `false` the held head goes out and [`Hop::on_broken_body`] decides how the empty body ends.
        replaceable: bool,
    },
    /// Nothing until the body has come to its good end. If the upstream breaks before, [`Hop::on_failure`] answers in
    /// place of the held head, as with a replaceable one.
    Whole,
    /// Nothing until that many bytes of the body are there, and so on from then. If the upstream breaks, a head that is
    /// still held goes out, and what is held of the body too unless the upstream was silent; then the body ends as
    /// [`Hop::on_broken_body`] decides.
    Buffers {
        /// The bytes of body that fill a buffer.
        bytes: usize,
    },
}

/// How the client's body ends after the upstream's broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// What has come is sent, then the connection is closed (FIN) without the last chunk or the missing bytes, so that
    /// the client can tell.
    Cut,
    /// The last chunk is sent as after a whole body; the client cannot tell.
    Clean,
}

/// What can be chosen of a hop. One hop has one upstream; only a balancer has several, and they differ in nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopOptions {
    /// Host and port as nginx's `proxy_pass` names them, e.g. `localhost:3001`: the `Host` that its upstream sees.
    pub upstream_host: String,
    /// The path of nginx's `proxy_pass`, e.g. `/mcp`: it takes the place of what the location matches of the request's
    /// path, of all of it without a location; a query stays. `None` leaves the path as it is. Cloudflare's always stays.
    pub upstream_path: Option<String>,
    /// nginx: the one location that leads upstream, e.g. the connector's secret path. What is asked of other paths nginx
    /// answers itself. `None` leads everything upstream.
    pub location: Option<String>,
    /// nginx: HTTP/1.0 upstream, its own default; `false` is `proxy_http_version 1.1`.
    pub http10: bool,
    /// nginx: `proxy_buffering`, on by its own default. `X-Accel-Buffering` overrides it.
    pub buffering: bool,
    /// The longest wait for a connection in milliseconds, where it differs from the product's default.
    pub connect_timeout_ms: Option<u64>,
    /// The longest silence of the upstream in milliseconds, where it differs from the product's default.
    pub read_timeout_ms: Option<u64>,
    /// nginx and the balancer: idle connections to the upstream are kept (`keepalive` in the `upstream` block), instead of
    /// one for each request.
    pub keepalive: bool,
    /// nginx: the largest body of a request, in bytes (`client_max_body_size`); 0 is none.
    pub max_body_bytes: u64,
    /// The gateway: it reads an answer whole before it passes it on.
    pub collects: bool,
    /// What is changed in the messages besides what the product does.
    pub edits: Edits,
}

impl HopOptions {
    /// The incident's configuration: HTTP/1.1 upstream, unbuffered, path unchanged, the products' own time-outs.
    #[must_use]
    pub fn new(upstream_host: impl Into<String>) -> Self {
        Self {
            upstream_host: upstream_host.into(),
            upstream_path: None,
            location: None,
            http10: false,
            buffering: false,
            connect_timeout_ms: None,
            read_timeout_ms: None,
            keepalive: false,
            max_body_bytes: nginx::MAX_BODY_BYTES,
            collects: false,
            edits: Edits::default(),
        }
    }
}

/// The hop of that kind. An option that the product does not have is ignored.
#[must_use]
pub fn hop(kind: HopKind, options: &HopOptions) -> Arc<dyn Hop> {
    let product: Arc<dyn Hop> = match kind {
        HopKind::Cloudflare => Arc::new(cloudflare::Cloudflare::new(options)),
        HopKind::Nginx => Arc::new(nginx::Nginx::new(options)),
        HopKind::Balancer => Arc::new(balancer::Balancer::new(options)),
        HopKind::Gateway => Arc::new(gateway::Gateway::new(options)),
    };
    edits::Edited::around(product, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_named_as_its_kind() {
        for kind in HopKind::ALL {
            assert_eq!(
                hop(kind, &HopOptions::new("localhost:3001")).name(),
                kind.as_str()
            );
        }
    }

    #[test]
    fn framing_follows_status_and_headers() {
        let chunked = || Headers::new().with("Transfer-Encoding", "Chunked");
        let length = |value: &str| Headers::new().with("content-length", value);
        for (status, headers, expected) in [
            (200, chunked(), Framing::Chunked),
            (200, chunked().with("Content-Length", "3"), Framing::Chunked),
            (400, length("105"), Framing::Length(105)),
            (202, length("0"), Framing::Length(0)),
            (200, length("many"), Framing::UntilClose),
            (200, Headers::new(), Framing::UntilClose),
            (204, length("0"), Framing::NoBody),
            (304, chunked(), Framing::NoBody),
        ] {
            assert_eq!(Framing::of(status, &headers), expected, "{headers:?}");
        }
    }
}
