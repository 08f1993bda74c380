//! Who can dial whom, and the numbering of connections. Dialling wraps both ends in taps. The route of a server's
//! connector is the scenario's path: client, hops in order, server.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use stalemate_clients::{BoxIo, Dial};

use crate::journal::{ConnEnd, Event, ObjectId, ProcessName, ServerName};
use crate::process::framer::Passages;
use crate::process::link::{Identity, Link, Resolve};
use crate::process::network::Network;
use crate::process::recorder::Recorder;
use crate::process::state::Process;
use crate::process::tap::Tap;

/// A tapped connection.
pub type Conn<N> = Tap<<N as Network>::Stream>;

/// Where a process listens: one address, or several that are used in turn.
#[derive(Clone, Debug)]
pub struct Target {
    /// The process.
    pub process: ProcessName,
    /// Its addresses.
    pub addresses: Vec<SocketAddr>,
}

/// For each server the positions on the way: the hops, outermost first, then the server. A position has one target; the
/// server's has one for each replica.
pub type Routes = BTreeMap<ServerName, Vec<Vec<Target>>>;

/// A network with taps around its connections and routes to its servers.
pub struct Net<N> {
    /// The run's recorder.
    pub recorder: Recorder,
    network: N,
    links: Arc<Mutex<BTreeMap<SocketAddr, Link>>>,
    routes: Routes,
    turns: Mutex<BTreeMap<(ProcessName, ServerName), usize>>,
    /// Who dials from outside, and which server they want, where nobody else does.
    outsiders: Option<(ProcessName, ServerName)>,
}

impl<N: Network> Net<N> {
    /// That network with those routes.
    #[must_use]
    pub fn new(recorder: Recorder, network: N, routes: Routes) -> Arc<Self> {
        Self::with(recorder, network, routes, None)
    }

    /// That network, on which nobody here dials: whoever does is outside, called so, and wants that server.
    #[must_use]
    pub fn for_outsiders(
        recorder: Recorder,
        network: N,
        from: ProcessName,
        server: ServerName,
    ) -> Arc<Self> {
        Self::with(recorder, network, Routes::new(), Some((from, server)))
    }

    fn with(
        recorder: Recorder,
        network: N,
        routes: Routes,
        outsiders: Option<(ProcessName, ServerName)>,
    ) -> Arc<Self> {
        Arc::new(Self {
            recorder,
            network,
            links: Arc::default(),
            routes,
            turns: Mutex::default(),
            outsiders,
        })
    }

    /// Listens on a port of every address of the process that this is called in.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn listen(&self, port: u16) -> io::Result<N::Listener> {
        self.network.listen(port).await
    }

    /// How many targets there are at that position of the server's route.
    #[must_use]
    pub fn targets(&self, server: &ServerName, position: usize) -> usize {
        self.routes[server][position].len()
    }

    /// Opens a connection from `from` to a target at a place of the server's route: its position, 0 being the outermost,
    /// and its number there.
    ///
    /// # Errors
    /// `ConnectionRefused` if nobody listens there.
    pub async fn dial(
        self: Arc<Self>,
        from: Arc<Process>,
        server: ServerName,
        (position, number): (usize, usize),
        object: Option<ObjectId>,
    ) -> io::Result<Conn<N>> {
        let target = &self.routes[&server][position][number];
        let address = self.take_turn(&from.name, &server, target);
        let link = Link {
            conn: self.recorder.new_conn(),
            from: Arc::clone(&from.name),
            to: Arc::clone(&target.process),
            object,
            server,
            passages: Some(Passages::default()),
        };
        let connected = self.network.dial(&from.name, address).await;
        if from.is_halted() {
            return std::future::pending().await;
        }
        match connected {
            Ok((stream, address)) => {
                self.links
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(address, link.clone());
                self.opened(&link);
                let identity = Identity::Dialled(link);
                Ok(Tap::new(stream, self.recorder.clone(), from, identity))
            }
            Err(error) => {
                let (from, to) = (link.from, link.to);
                self.recorder.note(Event::ConnEnded {
                    conn: link.conn,
                    from,
                    to,
                    how: ConnEnd::Refused,
                });
                Err(error)
            }
        }
    }

    /// Of a target's addresses, the one whose turn it is for this dialler and server.
    fn take_turn(&self, from: &ProcessName, server: &ServerName, target: &Target) -> SocketAddr {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns
            .entry((Arc::clone(from), Arc::clone(server)))
            .or_default();
        let address = target.addresses[*turn % target.addresses.len()];
        *turn += 1;
        address
    }

    /// Taps an accepted connection that a process of this network dialled. The cell gets the connection's link once the
    /// first byte has passed.
    pub fn accepted(
        self: &Arc<Self>,
        stream: N::Stream,
        peer: SocketAddr,
        process: &Arc<Process>,
    ) -> (Conn<N>, Arc<OnceLock<Link>>) {
        if let Some((from, server)) = self.outsiders.clone() {
            return self.accepted_from_outside(stream, from, server, process);
        }
        let links = Arc::clone(&self.links);
        let resolve: Resolve = Box::new(move || {
            links
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&peer)
        });
        let identity = Identity::Looked(resolve);
        let tap = Tap::new(stream, self.recorder.clone(), Arc::clone(process), identity);
        let cell = tap.link_cell();
        (tap, cell)
    }

    /// Taps an accepted connection that somebody outside dialled, of whom nothing is known but what they came for: the
    /// accepting end numbers it, and tells of its beginning and its end.
    pub fn accepted_from_outside(
        self: &Arc<Self>,
        stream: N::Stream,
        from: ProcessName,
        server: ServerName,
        process: &Arc<Process>,
    ) -> (Conn<N>, Arc<OnceLock<Link>>) {
        let link = Link {
            conn: self.recorder.new_conn(),
            from,
            to: Arc::clone(&process.name),
            object: None,
            server,
            passages: None,
        };
        self.opened(&link);
        let identity = Identity::Given(link);
        let tap = Tap::new(stream, self.recorder.clone(), Arc::clone(process), identity);
        let cell = tap.link_cell();
        (tap, cell)
    }

    fn opened(&self, link: &Link) {
        self.recorder.note(Event::ConnOpened {
            conn: link.conn,
            from: Arc::clone(&link.from),
            to: Arc::clone(&link.to),
            object: link.object,
        });
    }
}

/// The way from one process to the outermost target of a server's route, for one client object.
pub struct Outermost<N> {
    /// The network.
    pub net: Arc<Net<N>>,
    /// Who dials.
    pub from: Arc<Process>,
    /// The server.
    pub server: ServerName,
    /// Which of the user's client objects of that server it is for, from 1.
    pub nth: u8,
    /// For whom.
    pub object: ObjectId,
}

impl<N: Network> Outermost<N> {
    /// The way for an object that is made now.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        from: Arc<Process>,
        (server, nth): (ServerName, u8),
        resumed: bool,
    ) -> Self {
        let object = net.recorder.new_object();
        net.recorder.note(Event::ObjectMade {
            object,
            server: Arc::clone(&server),
            resumed,
            nth,
        });
        Self {
            net,
            from,
            server,
            nth,
            object,
        }
    }
}

impl<N: Network> Dial for Outermost<N> {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>> {
        let dialling = Arc::clone(&self.net).dial(
            Arc::clone(&self.from),
            Arc::clone(&self.server),
            (0, 0),
            Some(self.object),
        );
        Box::pin(async move { Ok(Box::new(dialling.await?) as BoxIo) })
    }

    fn for_another(&self) -> Option<Arc<dyn Dial>> {
        let (net, from, server) = (&self.net, &self.from, &self.server);
        let server = Arc::clone(server);
        Some(Arc::new(Self::new(
            Arc::clone(net),
            Arc::clone(from),
            (server, self.nth),
            false,
        )))
    }
}

#[cfg(test)]
mod tests;
