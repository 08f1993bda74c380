//! Loopback as the processes of one run share it: each has a port, they dial each other and nobody else can, and the link
//! between two of them can be held, as a partition holds it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::journal::ProcessName;
use crate::live::address::only_loopback;
use crate::process::network::{Listener, Network};

/// Connections that may wait to be accepted at one port.
const BACKLOG: u32 = 1024;

/// A port that is kept while nobody listens on it, so that it is given to nobody else; connections to it are refused.
#[derive(Debug)]
pub struct Place {
    /// Its address.
    pub address: SocketAddr,
    _socket: TcpSocket,
}

impl Place {
    /// A port of an address of this machine; 0 is one that is free.
    ///
    /// # Errors
    /// `PermissionDenied` if the address is not this machine's own; else if the port is taken.
    pub fn take(host: IpAddr, port: u16) -> io::Result<Self> {
        let socket = socket(host)?;
        socket.set_reuseaddr(true)?;
        socket.bind((host, port).into())?;
        Ok(Self {
            address: socket.local_addr()?,
            _socket: socket,
        })
    }

    /// Listens there.
    ///
    /// # Errors
    /// If the port is taken after all.
    pub fn listen(&self) -> io::Result<TcpListener> {
        listen(self.address)
    }
}

/// A socket that will only ever be bound to that address.
fn socket(host: IpAddr) -> io::Result<TcpSocket> {
    only_loopback(host)?;
    match host {
        IpAddr::V4(_) => TcpSocket::new_v4(),
        IpAddr::V6(_) => TcpSocket::new_v6(),
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address.ip())?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A link by its two ends, in order.
type Pair = (ProcessName, ProcessName);

#[derive(Debug, Default)]
struct Inner {
    /// The process behind each port.
    ports: BTreeMap<u16, ProcessName>,
    /// Who dials from where now, until the connection is accepted.
    dialling: BTreeMap<SocketAddr, ProcessName>,
    /// How many faults hold a link.
    held: BTreeMap<Pair, u32>,
    /// How often all connections of a link were severed.
    severed: BTreeMap<Pair, u32>,
    wakers: Vec<Waker>,
}

impl Inner {
    fn severed(&self, pair: &Pair) -> u32 {
        self.severed.get(pair).copied().unwrap_or(0)
    }
}

/// The network. Clones share it.
#[derive(Clone, Debug)]
pub struct Local {
    host: IpAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Local {
    /// A network on that address of this machine, without processes.
    ///
    /// # Errors
    /// `PermissionDenied` if the address is not this machine's own.
    pub fn new(host: IpAddr) -> io::Result<Self> {
        // Every socket is checked again when it is made.
        only_loopback(host)?;
        Ok(Self {
            host,
            inner: Arc::default(),
        })
    }

    /// The address that everything listens on.
    #[must_use]
    pub fn host(&self) -> IpAddr {
        self.host
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing here can panic half-way through.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process that will listen on that port.
    pub fn add(&self, port: u16, process: ProcessName) {
        self.inner().ports.insert(port, process);
    }

    /// Lets everything between two processes wait. Each call is ended by one of [`release`](Self::release).
    pub fn hold(&self, one: &ProcessName, other: &ProcessName) {
        *self.inner().held.entry(pair(one, other)).or_default() += 1;
    }

    /// Ends a [`hold`](Self::hold).
    pub fn release(&self, one: &ProcessName, other: &ProcessName) {
        let mut inner = self.inner();
        let pair = pair(one, other);
        let faults = inner.held.get_mut(&pair);
        let faults = faults.expect("what is released was held");
        *faults -= 1;
        if *faults == 0 {
            inner.held.remove(&pair);
            for waker in std::mem::take(&mut inner.wakers) {
                waker.wake();
            }
        }
    }

    /// Severs every connection that there is between two processes, without a word to either: nothing arrives on it any more,
    /// and who writes is told by a reset that nobody there knows it. So it is where a machine loses power.
    pub fn sever(&self, one: &ProcessName, other: &ProcessName) {
        *self.inner().severed.entry(pair(one, other)).or_default() += 1;
    }

    /// Whether the link between two processes is held.
    #[must_use]
    pub fn is_held(&self, one: &ProcessName, other: &ProcessName) -> bool {
        self.inner().held.contains_key(&pair(one, other))
    }

    fn poll_open(&self, pair: &Pair, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.inner();
        if !inner.held.contains_key(pair) {
            return Poll::Ready(());
        }
        if !inner.wakers.iter().any(|w| w.will_wake(cx.waker())) {
            inner.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn wrap(&self, stream: TcpStream, pair: Pair) -> io::Result<Link> {
        stream.set_nodelay(true)?;
        Ok(Link {
            stream,
            age: self.inner().severed(&pair),
            pair,
            network: self.clone(),
            is_reset: false,
            reader: None,
        })
    }
}

fn pair(one: &ProcessName, other: &ProcessName) -> Pair {
    let (one, other) = (Arc::clone(one), Arc::clone(other));
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}

impl Network for Local {
    type Stream = Link;
    type Listener = Port;

    async fn dial(&self, from: &ProcessName, to: SocketAddr) -> io::Result<(Link, SocketAddr)> {
        let target = self.inner().ports.get(&to.port()).cloned();
        let target = target.ok_or(io::ErrorKind::ConnectionRefused)?;
        let pair = pair(from, &target);
        std::future::poll_fn(|cx| self.poll_open(&pair, cx)).await;
        let socket = socket(to.ip())?;
        socket.bind((self.host, 0).into())?;
        let own = socket.local_addr()?;
        self.inner().dialling.insert(own, Arc::clone(from));
        match socket.connect(to).await {
            Ok(stream) => Ok((self.wrap(stream, pair)?, own)),
            Err(error) => {
                self.inner().dialling.remove(&own);
                Err(error)
            }
        }
    }

    async fn listen(&self, port: u16) -> io::Result<Port> {
        let process = self.inner().ports.get(&port).cloned();
        Ok(Port {
            listener: listen((self.host, port).into())?,
            process: process.ok_or(io::ErrorKind::AddrNotAvailable)?,
            network: self.clone(),
        })
    }
}

/// A port on which a process listens.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    process: ProcessName,
    network: Local,
}

impl Listener for Port {
    type Stream = Link;

    async fn accept(&self) -> io::Result<(Link, SocketAddr)> {
        loop {
            let (stream, peer) = self.listener.accept().await?;
            let from = self.network.inner().dialling.remove(&peer);
            // Who is no process of this run has no business here: what they did would be nobody's.
            if let Some(from) = from {
                let link = self.network.wrap(stream, pair(&from, &self.process))?;
                return Ok((link, peer));
            }
        }
    }
}

/// One end of a connection between two processes.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    pair: Pair,
    network: Local,
    /// How often the connections of this link had been severed when it was made.
    age: u32,
    /// Whether the other end has said that it knows nothing of it.
    is_reset: bool,
    reader: Option<Waker>,
}

impl Link {
    fn is_severed(&self) -> bool {
        self.network.inner().severed(&self.pair) != self.age
    }
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.network.poll_open(&this.pair, cx));
        if this.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if this.is_severed() {
            this.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Pending => {
                this.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            read => read,
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.network.poll_open(&this.pair, cx));
        if this.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if this.is_severed() {
            // It leaves, and what comes back is a reset.
            this.is_reset = true;
            if let Some(reader) = this.reader.take() {
                reader.wake();
            }
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_severed() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
