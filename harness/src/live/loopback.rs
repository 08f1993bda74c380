//! tokio's own sockets as the network that processes dial and listen on: this machine's addresses, and no others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use crate::journal::ProcessName;
use crate::live::address::only_loopback;
use crate::process::network::{Listener, Network};

/// The loopback network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loopback;

/// Opens a connection to an address of this machine.
///
/// # Errors
/// `PermissionDenied` for any other address, which is not dialled at all; else what the system says.
pub async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    only_loopback(to.ip())?;
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Network for Loopback {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn dial(&self, _: &ProcessName, to: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = connect(to).await?;
        let own = stream.local_addr()?;
        Ok((stream, own))
    }

    /// Listens on 127.0.0.1 alone.
    async fn listen(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::address::is_loopback;

    #[tokio::test]
    async fn nothing_else_is_dialled_or_listened_on() {
        for elsewhere in [
            "10.0.0.1:80",
            "192.0.2.1:80",
            "[2001:db8::1]:80",
            "0.0.0.0:80",
        ] {
            let refused = connect(elsewhere.parse().unwrap()).await.unwrap_err();
            assert_eq!(
                refused.kind(),
                io::ErrorKind::PermissionDenied,
                "{elsewhere}"
            );
        }
        let listener = Loopback.listen(0).await.unwrap();
        assert!(is_loopback(listener.local_addr().unwrap().ip()));
    }
}
