//! One HTTP exchange as the reqwest client that rmcp builds for itself does it: connection handling, redirects, default
//! headers and error texts. What an answer means to MCP is not decided here.
//!
//! rmcp's default client keeps no idle connections (`pool_max_idle_per_host(0)`), so every exchange dials anew and
//! nothing is ever retried on a dead pooled connection. It follows redirects of status 307 and 308 to the same origin.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::header::{ACCEPT, HeaderMap, HeaderValue, LOCATION, REFERER};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use url::Url;

use crate::{BoxIo, Dialler};

/// How many redirects rmcp's default client follows for one request.
const MAX_REDIRECTS: usize = 10;
/// reqwest's default; without idle connections it decides nothing, and is set to keep the two alike.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// Sends requests and hands back heads, with bodies still to be read.
#[derive(Clone)]
pub(super) struct Exchange {
    client: legacy::Client<Connector, Full<Bytes>>,
}

/// An answer, and the URL that gave it, which a redirect may have changed.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) url: Url,
}

impl Exchange {
    pub(super) fn new(dialler: Dialler) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(0)
            .build(Connector(dialler));
        Self { client }
    }

    /// Sends one request, following redirects as rmcp's default client does.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, HttpError> {
        let asked = Url::parse(url).map_err(HttpError::builder)?;
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        let mut url = asked.clone();
        let mut visited = 0_usize;
        let mut referer = None;
        loop {
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.uri_mut() = url.as_str().parse().map_err(HttpError::builder)?;
            *request.headers_mut() = headers.clone();
            if let Some(value) = referer.take() {
                request.headers_mut().insert(REFERER, value);
            }
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| HttpError::request(error, asked.clone()))?;
            let Some(next) = redirect_of(&response, &url) else {
                return Ok(Answer { response, url });
            };
            visited += 1;
            if next.origin() != asked.origin() {
                return Ok(Answer { response, url });
            }
            if visited > MAX_REDIRECTS {
                return Err(HttpError::redirect(url));
            }
            referer = referer_of(&url);
            url = next;
        }
    }
}

/// Where a redirect that keeps method and body leads. Any other redirect is an answer like any other.
fn redirect_of(response: &Response<Incoming>, base: &Url) -> Option<Url> {
    if !matches!(
        response.status(),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    ) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    let next = base
        .join(std::str::from_utf8(location.as_bytes()).ok()?)
        .ok()?;
    next.as_str().parse::<Uri>().ok()?;
    Some(next)
}

/// reqwest names the redirecting page, without credentials and fragment.
fn referer_of(url: &Url) -> Option<HeaderValue> {
    let mut url = url.clone();
    // Only a URL that cannot have credentials refuses, and then there are none to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.as_str().parse().ok()
}

/// Why an exchange failed, worded as reqwest words it, since rmcp passes the text on to its caller.
#[derive(Debug)]
pub struct HttpError {
    kind: Kind,
    url: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug)]
enum Kind {
    Builder,
    Request,
    Redirect,
    Decode,
    Status(StatusCode, Option<String>),
}

impl HttpError {
    fn new(kind: Kind, url: Option<Url>, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            url: url.map(String::from),
            source,
        }
    }

    /// The request could not be built, e.g. of a header value that HTTP forbids.
    pub(super) fn builder(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Kind::Builder, None, Some(Box::new(error)))
    }

    fn request(error: legacy::Error, url: Url) -> Self {
        Self::new(Kind::Request, Some(url), Some(Box::new(error)))
    }

    fn redirect(url: Url) -> Self {
        let reason = format!("exceeded {MAX_REDIRECTS} redirects");
        Self::new(Kind::Redirect, Some(url), Some(reason.into()))
    }

    /// The body broke off or was no HTTP.
    pub(super) fn body(error: hyper::Error) -> Self {
        Self::new(Kind::Decode, None, Some(Box::new(error)))
    }

    /// The error that a 4xx or 5xx is, where rmcp asks for success. `None` for any other status.
    pub(super) fn of_status(answer: &Answer) -> Option<Self> {
        let status = answer.response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return None;
        }
        let reason = answer
            .response
            .extensions()
            .get::<ReasonPhrase>()
            .map(|reason| reason.as_bytes().escape_ascii().to_string());
        Some(Self::new(
            Kind::Status(status, reason),
            Some(answer.url.clone()),
            None,
        ))
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Builder => f.write_str("builder error")?,
            Kind::Request => f.write_str("error sending request")?,
            Kind::Redirect => f.write_str("error following redirect")?,
            Kind::Decode => f.write_str("error decoding response body")?,
            Kind::Status(status, reason) => {
                let side = if status.is_client_error() {
                    "client"
                } else {
                    "server"
                };
                write!(f, "HTTP status {side} error (")?;
                match reason {
                    Some(reason) => {
                        write!(f, "{} {}", status.as_str(), reason)?;
                    }
                    None => write!(f, "{status}")?,
                }
                f.write_str(")")?;
            }
        }
        if let Some(url) = &self.url {
            write!(f, " for url ({url})")?;
        }
        Ok(())
    }
}

impl StdError for HttpError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Dials for hyper-util, whatever URI it asks for: a dialler leads to one server.
#[derive(Clone)]
struct Connector(Dialler);

impl tower_service::Service<Uri> for Connector {
    type Response = Dialled;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Dialled>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialler = self.0.clone();
        Box::pin(async move { Ok(Dialled(TokioIo::new(dialler.dial().await?))) })
    }
}

/// A dialled stream, told to hyper-util as a plain connection without a proxy and without HTTP/2.
struct Dialled(TokioIo<BoxIo>);

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Dialled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Dialled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
}
