//! The shell of a hop: hyper on both sides, the product's decisions asked of the pure core, the access log kept. Which
//! request became which is told to the recorder; nothing is decided here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stalemate_wire::{Method, Request, Response};
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
use crate::process::shell::{Host, HyperResponse, Order, accept, serve, whole_request};
use crate::proxy::balancer::Picker;
use crate::proxy::{BalancePolicy, ForwardRequest, Hop, UpstreamFailure};

/// How often a drain looks whether anything is in flight, in milliseconds; also the time for the last bytes to leave.
const LOOK_MS: u64 = 10;

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
    /// A balancer's choices; other hops have one target.
    pickers: RefCell<BTreeMap<ServerName, Picker>>,
    /// Kept connections, by server and target.
    pool: RefCell<BTreeMap<(ServerName, usize), Vec<Pooled>>>,
}

impl<N: Network> HopShell<N> {
    /// The software of a hop whose upstream is at position `next` of each server's route. A balancer has a policy.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        host: Rc<Host>,
        next: usize,
        cores: BTreeMap<ServerName, Arc<dyn Hop>>,
        logs: AccessLogs,
        policy: Option<BalancePolicy>,
    ) -> Rc<Self> {
        let picker = |server: &ServerName| {
            let picker = Picker::new(policy?, net.targets(server, next));
            Some((Arc::clone(server), picker))
        };
        let pickers = cores.keys().filter_map(picker).collect();
        Rc::new(Self {
            net,
            host,
            next,
            cores,
            logs,
            pickers: RefCell::new(pickers),
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
                        spawn_local(async move { drain(&host, limit_ms).await });
                    }
                    Some(Order::ExpireAll | Order::Notify) => {}
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
        let service = service_fn(move |request| {
            let link = link.get().expect("a request has passed the tap").clone();
            let parent = Exchange {
                conn: link.conn,
                ordinal: ordinal.replace(ordinal.get() + 1),
            };
            Rc::clone(&self).exchange(link.server, parent, Rc::clone(&peer), request)
        });
        serve(conn, service).await;
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
        let flight = Flight::begin(&self.host, &request.method);
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

    /// The upstream's response head, or its failure. A balancer goes on to the next replica if one cannot be reached.
    async fn ask_upstream(
        &self,
        server: &ServerName,
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, UpstreamFailure> {
        let targets = match self.pickers.borrow_mut().get_mut(server) {
            Some(picker) => picker.pick(&onward.headers),
            None => vec![0],
        };
        let mut asked = Err(UpstreamFailure::Refused);
        for number in targets {
            asked = self.ask(&(server, number), parent, onward, core).await;
            match &asked {
                Err(UpstreamFailure::Refused | UpstreamFailure::ConnectTimeout) => {}
                Err(_) => break,
                Ok(response) => {
                    if let Some(picker) = self.pickers.borrow_mut().get_mut(server) {
                        picker.answered(number, &convert::headers(response.headers()));
                    }
                    break;
                }
            }
        }
        asked
    }

    /// The response head of one target, or its failure.
    async fn ask(
        &self,
        target: &(&ServerName, usize),
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, UpstreamFailure> {
        let upstream = core.upstream();
        loop {
            let (mut pooled, fresh) = self.connection_to(target, core).await?;
            let Ok(mut outgoing) =
                convert::outgoing(onward, Full::new(Bytes::from(onward.body.clone())))
            else {
                return Err(UpstreamFailure::ClosedBeforeHead);
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
                Err(_) => return Err(UpstreamFailure::ReadTimeout),
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
                        return Err(UpstreamFailure::ClosedBeforeHead);
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

/// An exchange in flight, which a drain waits for. Streams of a GET are not: they end with their session only.
struct Flight(Option<Rc<Host>>);

impl Flight {
    fn begin(host: &Rc<Host>, method: &Method) -> Self {
        if *method == Method::Get {
            return Self(None);
        }
        host.in_flight.set(host.in_flight.get() + 1);
        Self(Some(Rc::clone(host)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(host) = &self.0 {
            host.in_flight.set(host.in_flight.get().saturating_sub(1));
        }
    }
}

/// nginx's graceful shutdown: no new connections, and an end once nothing is in flight.
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
