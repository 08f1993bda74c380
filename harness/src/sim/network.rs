//! turmoil as the network that processes dial and listen on.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use turmoil::net::{TcpListener, TcpStream};

use crate::journal::ProcessName;
use crate::process::network::{Listener, Network};

/// The time in which a connection is refused, in milliseconds: as long as the network takes.
const REFUSAL_MS: u64 = 1;

/// What the driver knows of addresses, for those who dial.
#[derive(Debug, Default)]
pub struct Reach {
    /// Where every connection is refused now, because nobody listens there.
    pub refusing: BTreeSet<IpAddr>,
    /// Where nothing answers now, not even to refuse.
    pub silent: BTreeSet<IpAddr>,
}

/// As driver and network share it.
pub type SharedReach = Arc<Mutex<Reach>>;

/// The simulated network.
pub struct Simulated {
    reach: SharedReach,
}

impl Simulated {
    /// The network of a simulation in which the driver tells what can be reached.
    #[must_use]
    pub fn new(reach: SharedReach) -> Self {
        Self { reach }
    }

    fn is_among(&self, address: SocketAddr, set: fn(&Reach) -> &BTreeSet<IpAddr>) -> bool {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        set(&reach).contains(&address.ip())
    }
}

impl Network for Simulated {
    type Stream = TcpStream;
    type Listener = TcpListener;

    /// Where nobody listens turmoil is not asked: it would keep the port of every refused connection for ever.
    async fn dial(&self, _: &ProcessName, to: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
        if self.is_among(to, |r| &r.refusing) {
            tokio::time::sleep(Duration::from_millis(REFUSAL_MS)).await;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        loop {
            match TcpStream::connect(to).await {
                // It was on its way when the machine lost power. A network sends it again, and nobody answers.
                Err(_) if self.is_among(to, |r| &r.silent) => {}
                connected => {
                    let stream = connected?;
                    let own = stream.local_addr()?;
                    return Ok((stream, own));
                }
            }
        }
    }

    async fn listen(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind(("0.0.0.0", port)).await
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}
