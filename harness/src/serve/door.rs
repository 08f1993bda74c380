//! Where an application comes in: a port of this machine for each server. Each of its connections is dialled on as the
//! client's own, so that it is tapped and recorded as any client's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use crate::journal::{CLIENT, ObjectId, ProcessName, ServerName};
use crate::live::local::{Local, Place};
use crate::process::shell::Host;
use crate::process::state::Process;
use crate::scenario::{Scenario, Server};
use crate::serve::state::Address;
use crate::serve::world::{LocalNet, World};

/// How often it is looked whether anybody listens behind it, in milliseconds.
const LOOK_MS: u64 = 5;

/// On which ports applications come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Whichever are free.
    Free,
    /// From that one on, in the order of the scenario's servers.
    From(u16),
    /// Those that the scenario gives its servers.
    Scenario,
}

/// The client object that each server's connections belong to, where that is known: of a bare SDK there is one at a time.
pub(super) type Objects = Rc<RefCell<BTreeMap<ServerName, ObjectId>>>;

/// The way in to one server.
pub(super) struct Door {
    pub(super) server: ServerName,
    pub(super) place: Place,
    pub(super) net: Arc<LocalNet>,
    pub(super) network: Local,
    /// The process that the clients live in.
    pub(super) client: Arc<Process>,
    /// The process behind it, outermost on the way to the server.
    pub(super) behind: Rc<Host>,
    pub(super) objects: Objects,
}

impl Door {
    /// Its address.
    pub(super) fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// Lets in whoever comes, as long as somebody listens behind it; refuses otherwise, as they would.
    pub(super) async fn stand(self: Rc<Self>) -> io::Result<()> {
        loop {
            while !self.is_open() {
                tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
            }
            let listener = self.place.listen()?;
            self.let_in(&listener).await?;
        }
    }

    fn is_open(&self) -> bool {
        let behind: &ProcessName = &self.behind.process.name;
        // Where a link is held, nothing is refused: nothing is answered.
        self.behind.is_up.get() || self.network.is_held(&self.client.name, behind)
    }

    async fn let_in(self: &Rc<Self>, listener: &TcpListener) -> io::Result<()> {
        let mut look = tokio::time::interval(Duration::from_millis(LOOK_MS));
        loop {
            tokio::select! {
                biased;
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    stream.set_nodelay(true)?;
                    spawn_local(Rc::clone(self).lead_on(stream));
                }
                _ = look.tick() => if !self.is_open() {
                    return Ok(());
                },
            }
        }
    }

    async fn lead_on(self: Rc<Self>, mut outside: TcpStream) {
        let object = self.objects.borrow().get(&self.server).copied();
        let (net, from) = (Arc::clone(&self.net), Arc::clone(&self.client));
        let dialled = net.dial(from, Arc::clone(&self.server), (0, 0), object);
        let came = match dialled.await {
            Ok(mut conn) => copy_bidirectional(&mut outside, &mut conn).await.map(drop),
            Err(refused) => Err(refused),
        };
        // What broke on the way breaks for the application too.
        if came.is_err() {
            let _ = outside.set_zero_linger();
        }
    }
}

/// A door to each server, at the process outermost on its way.
///
/// # Errors
/// Which port is taken.
pub(super) fn doors(
    scenario: &Scenario,
    ports: Ports,
    world: &World,
    objects: &Objects,
) -> io::Result<Vec<Door>> {
    let servers = scenario.servers.iter().enumerate();
    let doors = servers.map(|(n, server)| {
        let port = match ports {
            Ports::Free => 0,
            Ports::From(first) => first.saturating_add(u16::try_from(n).unwrap_or(u16::MAX)),
            Ports::Scenario => server.port,
        };
        let place = Place::take(world.network.host(), port);
        let place = place.map_err(|error| {
            let why = format!("port {port} for {}: {error}", server.name);
            io::Error::new(error.kind(), why)
        })?;
        let way = scenario.way_to(server);
        let behind = way
            .first()
            .map_or_else(|| server.processes().swap_remove(0), |hop| hop.name.clone());
        Ok(Door {
            server: Arc::from(server.name.as_str()),
            place,
            net: Arc::clone(&world.net),
            network: world.network.clone(),
            client: Arc::clone(&world.hosts[CLIENT].process),
            behind: Rc::clone(&world.hosts[&*behind]),
            objects: Rc::clone(objects),
        })
    });
    doors.collect()
}

/// Where those doors lead.
pub(super) fn addresses(scenario: &Scenario, world: &World, doors: &[Door]) -> Vec<Address> {
    let of = |(door, server): (&Door, &Server)| {
        let at = |process: &str| {
            let address = world.places[process].address;
            (process.to_owned(), address.to_string())
        };
        let hops = scenario.way_to(server).into_iter();
        let hops = hops.map(|hop| at(&hop.name));
        let processes = server.processes().into_iter();
        Address {
            server: server.name.clone(),
            url: format!("http://{}{}", door.address(), world.paths[&*server.name]),
            way: hops.chain(processes.map(|process| at(&process))).collect(),
        }
    };
    doors.iter().zip(&scenario.servers).map(of).collect()
}
