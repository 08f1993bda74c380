//! What the process shells share: the state of one process as the driver holds it, the orders that the driver gives, and
//! what processes tell the driver. The shells themselves are in `server_shell` and `hop_shell`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use stalemate_wire::Request;
use tokio::sync::{mpsc, watch};

use crate::journal::Event;
use crate::process::body::Outgoing;
use crate::process::convert;
use crate::process::network::{Listener, Stream};
use crate::process::recorder::Recorder;
use crate::process::state::Process;
use crate::server::Input;

/// A response on its way to hyper.
pub(super) type HyperResponse = hyper::Response<Outgoing>;

/// The next connection; none ever where nobody listens any more.
pub(super) async fn accept<L: Listener>(
    listener: Option<&L>,
) -> io::Result<(L::Stream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Serves a connection until it ends. Its own failure is the peer's to see; the journal has it from the taps.
pub(super) async fn serve<S>(conn: impl Stream, service: S)
where
    S: Service<hyper::Request<Incoming>, Response = HyperResponse>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let _ = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(conn), service)
        .await;
}

/// As [`serve`], and closes the connection once nothing was asked on it for so long. An exchange lasts until the body of
/// its answer is gone.
pub(super) async fn serve_until_idle<S>(conn: impl Stream, service: S, idle: Duration)
where
    S: Service<hyper::Request<Incoming>, Response = HyperResponse>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (open, mut changes) = watch::channel(0);
    let open = Rc::new(open);
    let counted = service_fn(move |request| {
        let busy = Busy::new(&open);
        let answered = service.call(request);
        async move { Ok::<_, S::Error>(answered.await?.map(|body| body.beside(busy))) }
    });
    let mut http = http1::Builder::new();
    let http = http.auto_date_header(false);
    let connection = http.serve_connection(TokioIo::new(conn), counted);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        _ = &mut connection => return,
        () = rested(&mut changes, idle) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Returns once the count has been 0 for so long.
async fn rested(changes: &mut watch::Receiver<u32>, idle: Duration) {
    loop {
        let busy = *changes.borrow_and_update() > 0;
        tokio::select! {
            biased;
            changed = changes.changed() => if changed.is_err() {
                return std::future::pending().await;
            },
            () = tokio::time::sleep(idle), if !busy => return,
        }
    }
}

/// An exchange that is counted as long as this lives.
struct Busy(Rc<watch::Sender<u32>>);

impl Busy {
    fn new(open: &Rc<watch::Sender<u32>>) -> Self {
        open.send_modify(|count| *count += 1);
        Self(Rc::clone(open))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A request with its whole body. It never comes if the body breaks off: hyper drops the exchange then.
pub(super) async fn whole_request(request: hyper::Request<Incoming>) -> Request {
    let (parts, body) = request.into_parts();
    match body.collect().await {
        Ok(body) => convert::request(&parts, body.to_bytes().to_vec()),
        Err(_) => std::future::pending().await,
    }
}

/// An order to a running process.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// SIGTERM: stop as the product stops.
    Stop,
    /// Take no more connections, finish what is in flight for at most so many milliseconds, then stop.
    Drain(u64),
    /// What the scenario makes a model server do; nothing else does it.
    Input(Input),
}

/// What a process tells the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It ended as it was told to.
    Stopped(Arc<str>),
    /// It died by itself.
    Died(Arc<str>, String),
}

/// Reports on their way to the driver, in order.
pub type Reports = Rc<RefCell<VecDeque<Report>>>;

/// One process as driver and shell share it.
pub struct Host {
    /// What the taps share too.
    pub process: Arc<Process>,
    /// Whether its software listens when it is started; otherwise its ports refuse.
    pub listens: Cell<bool>,
    /// Whether what runs now has begun to listen.
    pub is_up: Cell<bool>,
    /// The way to give orders to what runs now.
    orders: RefCell<Option<mpsc::UnboundedSender<Order>>>,
    /// Orders for those hosts of the process that are not the first.
    to_all: watch::Sender<Option<Order>>,
    /// Exchanges in flight at a hop; streams that end only with their session aside.
    pub in_flight: Cell<u32>,
    reports: Reports,
}

impl Host {
    /// A host that listens once started.
    #[must_use]
    pub fn new(process: Arc<Process>, reports: Reports) -> Rc<Self> {
        Rc::new(Self {
            process,
            listens: Cell::new(true),
            is_up: Cell::new(false),
            orders: RefCell::new(None),
            to_all: watch::Sender::new(None),
            in_flight: Cell::new(0),
            reports,
        })
    }

    /// Tells that what runs now has begun to listen.
    pub fn came_up(&self, recorder: &Recorder) {
        self.is_up.set(true);
        recorder.note(Event::ProcessUp {
            process: Arc::clone(&self.process.name),
        });
    }

    /// A new line for orders; the software that starts now takes it.
    pub fn open_orders(&self) -> mpsc::UnboundedReceiver<Order> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.orders.borrow_mut() = Some(sender);
        self.to_all.send_replace(None);
        self.in_flight.set(0);
        receiver
    }

    /// Returns once any host of the process was told to drain.
    pub async fn drains(&self) {
        let mut told = self.to_all.subscribe();
        // The sender lives as long as the host.
        let _ = told
            .wait_for(|order| matches!(order, Some(Order::Drain(_))))
            .await;
    }

    /// Whether any host of the process was told to drain.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        matches!(*self.to_all.borrow(), Some(Order::Drain(_)))
    }

    /// Gives an order. Returns whether anybody is there to take it.
    pub fn order(&self, order: Order) -> bool {
        self.to_all.send_replace(Some(order.clone()));
        self.orders
            .borrow()
            .as_ref()
            .is_some_and(|line| line.send(order).is_ok())
    }

    /// The process ended as it was told to. Nothing of it acts from here on.
    pub async fn stopped(&self) -> ! {
        self.end(Report::Stopped(Arc::clone(&self.process.name)))
            .await
    }

    /// The process died by itself. Nothing of it acts from here on.
    pub async fn died(&self, why: String) -> ! {
        self.end(Report::Died(Arc::clone(&self.process.name), why))
            .await
    }

    async fn end(&self, report: Report) -> ! {
        if !self.process.is_halted() {
            self.process.set_halted(true);
            self.reports.borrow_mut().push_back(report);
        }
        std::future::pending().await
    }
}
