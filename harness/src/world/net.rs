//! Who can dial whom, and the numbering of connections. Dialling wraps both ends in taps. The route of a server's
//! connector is the scenario's path: client, hops in order, server.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use stalemate_clients::{BoxIo, Dial};
use turmoil::net::TcpStream;

use crate::journal::{ConnEnd, Event, Journal, ObjectId, ProcessName, ServerName};
use crate::world::process::Process;
use crate::world::tap::{Link, Resolve, Tap};

/// A tapped connection.
pub type Conn = Tap<TcpStream>;

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

/// The time in which a connection is refused, in milliseconds: as long as the network takes.
const REFUSAL_MS: u64 = 1;

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

/// The simulated network as its processes see it.
pub struct Net {
    /// The run's journal.
    pub journal: Journal,
    links: Arc<Mutex<BTreeMap<SocketAddr, Link>>>,
    routes: Routes,
    turns: Mutex<BTreeMap<(ProcessName, ServerName), usize>>,
    reach: SharedReach,
}

impl Net {
    /// A network with those routes.
    #[must_use]
    pub fn new(journal: Journal, routes: Routes, reach: SharedReach) -> Arc<Self> {
        Arc::new(Self {
            journal,
            links: Arc::default(),
            routes,
            turns: Mutex::default(),
            reach,
        })
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
    ) -> io::Result<Conn> {
        let target = &self.routes[&server][position][number];
        let address = self.take_turn(&from.name, &server, target);
        let link = Link {
            conn: self.journal.new_conn(),
            from: Arc::clone(&from.name),
            to: Arc::clone(&target.process),
            object,
            server,
        };
        let connected = self.connect(address).await;
        if from.is_halted() {
            return std::future::pending().await;
        }
        match connected {
            Ok(stream) => {
                self.links
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(stream.local_addr()?, link.clone());
                self.journal.note(Event::ConnOpened {
                    conn: link.conn,
                    from: Arc::clone(&link.from),
                    to: Arc::clone(&link.to),
                    object,
                });
                Ok(Tap::dialled(stream, self.journal.clone(), from, link))
            }
            Err(error) => {
                let (from, to) = (link.from, link.to);
                self.journal.note(Event::ConnEnded {
                    conn: link.conn,
                    from,
                    to,
                    how: ConnEnd::Refused,
                });
                Err(error)
            }
        }
    }

    /// Connects. Where nobody listens turmoil is not asked: it would keep the port of every refused connection for ever.
    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let reach = |set: fn(&Reach) -> &BTreeSet<IpAddr>| {
            let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
            set(&reach).contains(&address.ip())
        };
        if reach(|r| &r.refusing) {
            tokio::time::sleep(Duration::from_millis(REFUSAL_MS)).await;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        loop {
            match TcpStream::connect(address).await {
                // It was on its way when the machine lost power. A network sends it again, and nobody answers.
                Err(_) if reach(|r| &r.silent) => {}
                connected => return connected,
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

    /// Taps an accepted connection. The cell gets the connection's link once the first byte has passed.
    pub fn accepted(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        process: &Arc<Process>,
    ) -> (Conn, Arc<OnceLock<Link>>) {
        let links = Arc::clone(&self.links);
        let resolve: Resolve = Box::new(move || {
            links
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&peer)
                .cloned()
        });
        let tap = Tap::accepted(stream, self.journal.clone(), Arc::clone(process), resolve);
        let cell = tap.link_cell();
        (tap, cell)
    }
}

/// The way from one process to the outermost target of a server's route, for one client object.
pub struct Outermost {
    /// The network.
    pub net: Arc<Net>,
    /// Who dials.
    pub from: Arc<Process>,
    /// The server.
    pub server: ServerName,
    /// For whom.
    pub object: ObjectId,
}

impl Dial for Outermost {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>> {
        let dialling = Arc::clone(&self.net).dial(
            Arc::clone(&self.from),
            Arc::clone(&self.server),
            (0, 0),
            Some(self.object),
        );
        Box::pin(async move { Ok(Box::new(dialling.await?) as BoxIo) })
    }
}
