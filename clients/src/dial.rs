//! How a client reaches its server: a dialler that yields byte streams, whatever the network beneath. Names are not
//! resolved here and TLS is deliberately absent: who makes the dialler decides where it leads.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream that a client can speak HTTP over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A boxed byte stream.
pub type BoxIo = Box<dyn Io>;

/// Opens connections to one server.
pub trait Dial: Send + Sync {
    /// Opens a new connection.
    ///
    /// # Errors
    /// What a socket would report: `ConnectionRefused` and the like. It may also wait for ever, as a lost SYN does;
    /// whoever dials sets the limit.
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>>;

    /// The same way for another client in place of this one, which shares nothing with it: whoever keeps account of clients
    /// counts it as one of its own. `None`, the default, where nobody does.
    fn for_another(&self) -> Option<Arc<dyn Dial>> {
        None
    }
}

/// The bearer tokens of one user at one server. The application gets and renews them beside the client's own traffic; clients
/// show them, and say when one is no good any more.
pub trait Credentials: Send + Sync {
    /// The token of now.
    fn token(&self) -> String;

    /// How long the token of now is still good; `None` if that is not known.
    fn left(&self) -> Option<Duration>;

    /// The token to use in place of that one: a fresh one, or the one of now if it is another already.
    fn renew(&self, stale: &str) -> String;
}

/// Where a client's server is and how to reach it.
#[derive(Clone)]
pub struct Dialler {
    host: Arc<str>,
    path: Arc<str>,
    dial: Arc<dyn Dial>,
    credentials: Option<Arc<dyn Credentials>>,
}

impl Dialler {
    /// A dialler to the endpoint at `path` (e.g. `/mcp`) of `host`, the value of the `Host` header.
    pub fn new(host: impl Into<Arc<str>>, path: impl Into<Arc<str>>, dial: Arc<dyn Dial>) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
            dial,
            credentials: None,
        }
    }

    /// The same, to a server that asks for bearer tokens.
    #[must_use]
    pub fn with_credentials(self, credentials: Arc<dyn Credentials>) -> Self {
        Self {
            credentials: Some(credentials),
            ..self
        }
    }

    /// The tokens to show, where the server asks for any: `Authorization: Bearer …` on every request (AUTH-01).
    #[must_use]
    pub fn credentials(&self) -> Option<&Arc<dyn Credentials>> {
        self.credentials.as_ref()
    }

    /// The value of the `Host` header.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The endpoint's path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The endpoint as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// A dialler for another client in place of this one: see [`Dial::for_another`].
    #[must_use]
    pub fn for_another(&self) -> Self {
        let mut other = self.clone();
        if let Some(dial) = self.dial.for_another() {
            other.dial = dial;
        }
        other
    }

    /// Opens a new connection to the endpoint's host.
    ///
    /// # Errors
    /// As [`Dial::dial`].
    pub async fn dial(&self) -> io::Result<BoxIo> {
        self.dial.dial().await
    }
}

impl std::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Dialler").field(&self.url()).finish()
    }
}
