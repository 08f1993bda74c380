//! What a process dials and listens on, whatever network that is. Who may dial whom, and the numbering of connections, is
//! `net`'s business; which network there is, nobody's here.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::journal::ProcessName;

/// One end of a byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// A network as one process sees it.
pub trait Network: Send + Sync + 'static {
    /// A connection's end.
    type Stream: Stream;
    /// Takes connections.
    type Listener: Listener<Stream = Self::Stream>;

    /// Opens a connection from a process, and returns the address of this end with it, by which the other end knows it.
    ///
    /// # Errors
    /// `ConnectionRefused` if nobody listens there. Where nothing answers at all it never returns.
    fn dial(
        &self,
        from: &ProcessName,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Listens on a port of every address of this process.
    ///
    /// # Errors
    /// If the port is taken.
    fn listen(&self, port: u16) -> impl Future<Output = io::Result<Self::Listener>>;
}

/// A port that is listened on.
pub trait Listener: 'static {
    /// A connection's end.
    type Stream: Stream;

    /// The next connection, with the address of the end that dialled.
    ///
    /// # Errors
    /// If the process's network is gone.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;
}
