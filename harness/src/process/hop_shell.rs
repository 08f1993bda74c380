//! The shell of a hop: hyper on both sides, the product's decisions asked of the pure core, the access log kept. Which
//! request became which is told to the recorder; nothing is decided here.

mod asking;
mod sessions;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stalemate_wire::Response;
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::journal::{Exchange, ServerName};
use crate::process::body::Outgoing;
use crate::process::convert;
use crate::process::link::Link;
use crate::process::log::{AccessLogs, Log};
use crate::process::net::{Conn, Net};
use crate::process::network::Network;
use crate::process::relay::Relay;
use crate::process::shell::{Host, HyperResponse, Order, accept, whole_request};
use crate::proxy::gateway::LostSession;
use crate::proxy::upstreams::{Fails, Upstreams};
use crate::proxy::{BalancePolicy, ForwardRequest, Hop};
use asking::Pooled;
use sessions::{Asked, Gateways};

/// How often a drain looks whether anything is in flight, in milliseconds; also the time for the last bytes to leave.
const LOOK_MS: u64 = 10;

/// How a hop is operated, whatever its product.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// How it chooses among several processes.
    pub policy: BalancePolicy,
    /// When one of them counts as failed.
    pub fails: Fails,
    /// The longest that it waits for what is in flight when it is told to stop gracefully, in milliseconds
    /// (`worker_shutdown_timeout`).
    pub worker_shutdown_ms: Option<u64>,
    /// Of a gateway, what it does when an inner session is lost.
    pub lost_session: Option<LostSession>,
}

/// Draws the ids of a gateway's sessions, over its restarts too.
pub type NewId = Rc<dyn Fn() -> String>;

/// A server behind a hop.
#[derive(Clone)]
pub struct Behind {
    /// What the product decides for it.
    pub core: Arc<dyn Hop>,
    /// The position of the hop's upstream on the server's route.
    pub next: usize,
}

/// A hop as a running process. A hop of several addresses runs one of these at each.
pub struct HopShell<N> {
    net: Arc<Net<N>>,
    host: Rc<Host>,
    /// Each server behind it.
    servers: BTreeMap<ServerName, Behind>,
    logs: AccessLogs,
    operation: Operation,
    /// Who of each server's processes is asked; of a hop that is not the innermost it is the next hop.
    upstreams: RefCell<BTreeMap<ServerName, Upstreams>>,
    /// Of a gateway, its sessions.
    gateways: Option<Gateways>,
    /// Kept connections, by server and target.
    pool: RefCell<BTreeMap<(ServerName, usize), Vec<Pooled>>>,
}

impl<N: Network> HopShell<N> {
    /// The software of a hop with those servers behind it.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        host: Rc<Host>,
        servers: BTreeMap<ServerName, Behind>,
        logs: AccessLogs,
        operation: Operation,
        new_id: NewId,
    ) -> Rc<Self> {
        let upstreams = |(server, behind): (&ServerName, &Behind)| {
            let Operation { policy, fails, .. } = operation;
            let upstreams = Upstreams::new(policy, fails, net.targets(server, behind.next));
            (Arc::clone(server), upstreams)
        };
        let upstreams = servers.iter().map(upstreams).collect();
        let lost = operation.lost_session;
        let gateways = lost.map(|lost| Gateways::new(servers.keys(), lost, new_id));
        Rc::new(Self {
            net,
            host,
            servers,
            logs,
            operation,
            upstreams: RefCell::new(upstreams),
            gateways,
            pool: RefCell::default(),
        })
    }

    /// Listens and serves until it is crashed. `announces` is true for one of a process's addresses.
    pub async fn run(self: Rc<Self>, port: u16, announces: bool) -> io::Result<()> {
        let mut orders = announces.then(|| self.host.open_orders());
        let mut listener = Some(self.net.listen(port).await?);
        if announces {
            self.host.came_up(&self.net.recorder);
        }
        loop {
            let order = async {
                match &mut orders {
                    Some(orders) => orders.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                order = order => match order {
                    // nginx's fast shutdown: connections are closed at once. It has no sessions to expire.
                    Some(Order::Stop) => self.host.stopped().await,
                    Some(Order::Drain(limit_ms)) => {
                        listener = None;
                        let host = Rc::clone(&self.host);
                        let own_ms = self.operation.worker_shutdown_ms;
                        let limit_ms = limit_ms.min(own_ms.unwrap_or(limit_ms));
                        spawn_local(async move { drain(&host, limit_ms).await });
                    }
                    Some(Order::Input(_)) => {}
                    None => std::future::pending().await,
                },
                () = self.host.drains(), if listener.is_some() => listener = None,
                accepted = accept(listener.as_ref()) => {
                    let (stream, peer) = accepted?;
                    let (conn, link) = self.net.accepted(stream, peer, &self.host.process);
                    spawn_local(Rc::clone(&self).connection(conn, link, peer.ip().to_string()));
                }
            }
        }
    }

    async fn connection(self: Rc<Self>, conn: Conn<N>, link: Arc<OnceLock<Link>>, peer: String) {
        let ordinal = Cell::new(0);
        let peer: Rc<str> = Rc::from(peer);
        let host = Rc::clone(&self.host);
        let service = service_fn(move |request| {
            let link = link.get().expect("a request has passed the tap").clone();
            let parent = Exchange {
                conn: link.conn,
                ordinal: ordinal.replace(ordinal.get() + 1),
            };
            Rc::clone(&self).exchange(link.server, parent, Rc::clone(&peer), request)
        });
        let serving = server::Builder::new()
            .auto_date_header(false)
            .serve_connection(TokioIo::new(conn), service);
        let mut serving = pin!(serving);
        // Its own failure is the peer's to see; the journal has it from the taps.
        tokio::select! {
            biased;
            _ = serving.as_mut() => return,
            () = host.drains() => serving.as_mut().graceful_shutdown(),
        }
        let _ = serving.await;
    }

    async fn exchange(
        self: Rc<Self>,
        server: ServerName,
        parent: Exchange,
        peer: Rc<str>,
        request: hyper::Request<Incoming>,
    ) -> Result<HyperResponse, Infallible> {
        let request = whole_request(request).await;
        let core = Arc::clone(&self.servers[&server].core);
        let log = Log::new(&self.host, &core, &self.logs, &peer, &request);
        let received = ForwardRequest {
            request: &request,
            remote_addr: &peer,
        };
        if let Some(response) = core.answer(&received) {
            log.finish(&response);
            return Ok(whole(response));
        }
        let onward = core.forward(&received);
        let host = Rc::clone(&self.host);
        let flight = Flight::begin(&host);
        // A task of its own, so that the line is logged and the upstream let go in order when the client leaves.
        let (mut answer, answered) = oneshot::channel();
        spawn_local(async move {
            let _flight = flight;
            let asked = tokio::select! {
                biased;
                () = answer.closed() => None,
                asked = self.asked(&server, parent, &onward, &core) => Some(asked),
            };
            match asked {
                None => drop(log),
                Some(Asked::Came(upstream)) => Relay { core, log, answer }.run(upstream).await,
                Some(Asked::Own(response)) => {
                    log.finish(&response);
                    let _ = answer.send(whole(response));
                }
            }
        });
        match answered.await {
            Ok(response) => Ok(leaving(&host, response)),
            Err(_) => std::future::pending().await,
        }
    }
}

/// A response as it leaves: of a hop that is told to stop gracefully it is the last one on its connection, and says so.
fn leaving(host: &Host, mut response: HyperResponse) -> HyperResponse {
    let connection = response.headers_mut().get_mut(CONNECTION);
    if let Some(connection) = connection.filter(|_| host.is_draining()) {
        *connection = HeaderValue::from_static("close");
    }
    response
}

/// An exchange in flight, which a drain waits for, an open stream included.
struct Flight(Rc<Host>);

impl Flight {
    fn begin(host: &Rc<Host>) -> Self {
        host.in_flight.set(host.in_flight.get() + 1);
        Self(Rc::clone(host))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Self(host) = self;
        host.in_flight.set(host.in_flight.get().saturating_sub(1));
    }
}

/// nginx's graceful shutdown (`quit`): no new connections, idle ones closed, and an end once nothing is in flight.
async fn drain(host: &Host, limit_ms: u64) {
    let idle = async {
        while host.in_flight.get() > 0 {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    };
    let _ = timeout(Duration::from_millis(limit_ms), idle).await;
    host.stopped().await
}

/// A whole response for hyper.
fn whole(response: Response) -> HyperResponse {
    convert::response(
        response.status,
        &response.headers,
        Outgoing::whole(response.body),
    )
}
