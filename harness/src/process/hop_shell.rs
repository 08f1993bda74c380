//! The shell of a hop: hyper on both sides, the product's decisions asked of the pure core, the access log kept. Which
//! request became which is told to the recorder; nothing is decided here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stalemate_wire::{Request, Response};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::journal::{ConnId, Event, Exchange, ServerName};
use crate::process::body::Outgoing;
use crate::process::convert;
use crate::process::link::Link;
use crate::process::log::{AccessLogs, Log};
use crate::process::net::{Conn, Net};
use crate::process::network::Network;
use crate::process::relay::Relay;
use crate::process::shell::{Host, HyperResponse, Order, accept, whole_request};
use crate::proxy::upstreams::{Attempts, Failed, Fails, Upstreams, is_idempotent};
use crate::proxy::{BalancePolicy, ForwardRequest, Hop, UpstreamFailure};

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
}

/// A kept upstream connection.
struct Pooled {
    sender: http1::SendRequest<Full<Bytes>>,
    conn: ConnId,
    /// The ordinal of the next request on it.
    next: u32,
    /// When it was last used.
    used_ms: u64,
}

/// A hop as a running process. A hop of several addresses runs one of these at each.
pub struct HopShell<N> {
    net: Arc<Net<N>>,
    host: Rc<Host>,
    /// The next position on each server's route.
    next: usize,
    /// The product's decisions, for each server behind it.
    cores: BTreeMap<ServerName, Arc<dyn Hop>>,
    logs: AccessLogs,
    operation: Operation,
    /// Who of each server's processes is asked; of a hop that is not the innermost it is the next hop.
    upstreams: RefCell<BTreeMap<ServerName, Upstreams>>,
    /// Kept connections, by server and target.
    pool: RefCell<BTreeMap<(ServerName, usize), Vec<Pooled>>>,
}

impl<N: Network> HopShell<N> {
    /// The software of a hop whose upstream is at position `next` of each server's route.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        host: Rc<Host>,
        next: usize,
        cores: BTreeMap<ServerName, Arc<dyn Hop>>,
        logs: AccessLogs,
        operation: Operation,
    ) -> Rc<Self> {
        let upstreams = |server: &ServerName| {
            let Operation { policy, fails, .. } = operation;
            let upstreams = Upstreams::new(policy, fails, net.targets(server, next));
            (Arc::clone(server), upstreams)
        };
        let upstreams = cores.keys().map(upstreams).collect();
        Rc::new(Self {
            net,
            host,
            next,
            cores,
            logs,
            operation,
            upstreams: RefCell::new(upstreams),
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
                    Some(Order::ExpireAll | Order::Notify | Order::Demand(_)) => {}
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
        let core = Arc::clone(&self.cores[&server]);
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
        let flight = Flight::begin(&self.host);
        // A task of its own, so that the line is logged and the upstream let go in order when the client leaves.
        let (mut answer, answered) = oneshot::channel();
        spawn_local(async move {
            let _flight = flight;
            let asked = tokio::select! {
                biased;
                () = answer.closed() => None,
                asked = self.ask_upstream(&server, parent, &onward, &core) => Some(asked),
            };
            match asked {
                None => drop(log),
                Some(Ok(upstream)) => Relay { core, log, answer }.run(upstream).await,
                Some(Err(failure)) => {
                    let response = core.on_failure(failure);
                    log.finish(&response);
                    let _ = answer.send(whole(response));
                }
            }
        });
        match answered.await {
            Ok(response) => Ok(response),
            Err(_) => std::future::pending().await,
        }
    }

    /// The upstream's response head, or its failure, whoever of several gives it.
    async fn ask_upstream(
        &self,
        server: &ServerName,
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, UpstreamFailure> {
        let mut attempts = self.upstream(server, |u| u.begin(&onward.headers));
        loop {
            let Some(number) = self.next_of(server, &mut attempts) else {
                return Err(UpstreamFailure::Refused);
            };
            match self.ask(&(server, number), parent, onward, core).await {
                Ok(response) => {
                    let headers = convert::headers(response.headers());
                    self.upstream(server, |u| u.answered(number, &headers));
                    return Ok(response);
                }
                Err((how, was_kept)) => {
                    let failed = Failed {
                        how,
                        was_kept,
                        is_idempotent: is_idempotent(&onward.method),
                    };
                    let now_ms = self.net.recorder.now_ms();
                    if !self.upstream(server, |u| u.failed(&mut attempts, number, failed, now_ms)) {
                        return Err(how);
                    }
                }
            }
        }
    }

    fn next_of(&self, server: &ServerName, attempts: &mut Attempts) -> Option<usize> {
        let now_ms = self.net.recorder.now_ms();
        self.upstream(server, |u| u.next(attempts, now_ms))
    }

    fn upstream<T>(&self, server: &ServerName, ask: impl FnOnce(&mut Upstreams) -> T) -> T {
        let mut all = self.upstreams.borrow_mut();
        ask(all.get_mut(server).expect("every server has some"))
    }

    /// The response head of one target, or its failure and whether that was on a kept connection.
    async fn ask(
        &self,
        target: &(&ServerName, usize),
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, (UpstreamFailure, bool)> {
        let upstream = core.upstream();
        loop {
            let connecting = self.connection_to(target, core).await;
            let (mut pooled, fresh) = connecting.map_err(|failure| (failure, false))?;
            let Ok(mut outgoing) =
                convert::outgoing(onward, Full::new(Bytes::from(onward.body.clone())))
            else {
                return Err((UpstreamFailure::ClosedBeforeHead, false));
            };
            if upstream.http10 {
                *outgoing.version_mut() = hyper::Version::HTTP_10;
            }
            let child = Exchange {
                conn: pooled.conn,
                ordinal: pooled.next,
            };
            pooled.next += 1;
            if self.host.process.is_halted() {
                return std::future::pending().await;
            }
            self.net.recorder.note(Event::Forwarded {
                at: Arc::clone(&self.host.process.name),
                parent,
                child,
            });
            let sending = pooled.sender.try_send_request(outgoing);
            let answer = timeout(Duration::from_millis(upstream.read_timeout_ms), sending).await;
            match answer {
                Err(_) => return Err((UpstreamFailure::ReadTimeout, !fresh)),
                Ok(Ok(response)) => {
                    if upstream.keep_alive {
                        pooled.used_ms = self.net.recorder.now_ms();
                        self.pool
                            .borrow_mut()
                            .entry((Arc::clone(target.0), target.1))
                            .or_default()
                            .push(pooled);
                    }
                    return Ok(response);
                }
                // A kept connection that had died meanwhile: the request never left, so it may go again.
                Ok(Err(mut error)) => {
                    if fresh || error.take_message().is_none() {
                        return Err((UpstreamFailure::ClosedBeforeHead, !fresh));
                    }
                }
            }
        }
    }

    async fn connection_to(
        &self,
        (server, number): &(&ServerName, usize),
        core: &Arc<dyn Hop>,
    ) -> Result<(Pooled, bool), UpstreamFailure> {
        let kept = {
            let mut pool = self.pool.borrow_mut();
            let kept = pool.entry((Arc::clone(server), *number)).or_default();
            let oldest_ms = self
                .net
                .recorder
                .now_ms()
                .saturating_sub(core.upstream().idle_timeout_ms);
            kept.retain(|c| !c.sender.is_closed() && c.used_ms >= oldest_ms);
            kept.iter()
                .position(|c| c.sender.is_ready())
                .map(|at| kept.remove(at))
        };
        if let Some(kept) = kept {
            return Ok((kept, false));
        }
        let dialling = Arc::clone(&self.net).dial(
            Arc::clone(&self.host.process),
            Arc::clone(server),
            (self.next, *number),
            None,
        );
        let limit = Duration::from_millis(core.upstream().connect_timeout_ms);
        let conn = match timeout(limit, dialling).await {
            Err(_) => return Err(UpstreamFailure::ConnectTimeout),
            Ok(Err(_)) => return Err(UpstreamFailure::Refused),
            Ok(Ok(conn)) => conn,
        };
        let id = conn
            .link_cell()
            .get()
            .expect("a dialled connection has its link")
            .conn;
        let (sender, driving) = http1::Builder::new()
            .handshake(TokioIo::new(conn))
            .await
            .map_err(|_| UpstreamFailure::ClosedBeforeHead)?;
        spawn_local(async move { drop(driving.await) });
        Ok((
            Pooled {
                sender,
                conn: id,
                next: 0,
                used_ms: 0,
            },
            true,
        ))
    }
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
