//! A model server on a real socket: the same core and the same shell as in a simulated network, on a port of this machine.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::Instant;
use uuid::Builder;

use crate::fault::Plan;
use crate::journal::{Cast, Event, Evidence, Member, Record, Role, SessionEnd};
use crate::live::local::Place;
use crate::live::loopback::Loopback;
use crate::process::net::Net;
use crate::process::recorder::Recorder;
use crate::process::server_shell;
use crate::process::shell::{Host, Order, Report, Reports};
use crate::process::state::Process;
use crate::server::{Dialect, Durable, IdShape, Options, ServerCore, Store, Tools};

/// How often it is looked whether a process has ended, in milliseconds.
const LOOK_MS: u64 = 5;
/// Who comes from outside, in records.
const OUTSIDE: &str = "outside";
/// How long a process may take to stop after it was told to, in milliseconds.
const STOP_MS: u64 = 1_000;

/// How one life of a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was told to.
    Stopped,
    /// By itself; why, as its last log line says.
    Died(String),
}

/// A model server that can be started and stopped on one port.
pub struct ModelServer {
    dialect: Arc<Dialect>,
    store: Store,
    durable: Durable,
    /// Its port, kept between two lives.
    place: Place,
    recorder: Recorder,
    began: Instant,
    host: Rc<Host>,
    reports: Reports,
    draws: Rc<Cell<u64>>,
    seed: u64,
}

impl ModelServer {
    /// A server of that dialect, on a free port of this machine. Its ids follow from `seed`.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn new(dialect: Arc<Dialect>, durable: Durable, seed: u64) -> io::Result<Self> {
        let place = Place::take(Ipv4Addr::LOCALHOST.into(), 0)?;
        let name: Arc<str> = Arc::from("server");
        let member = Member {
            process: Arc::clone(&name),
            role: Role::Server,
            server: Some(Arc::clone(&name)),
            leads_to: Vec::new(),
            owns_sessions: false,
        };
        let client = Member {
            process: Arc::from(OUTSIDE),
            role: Role::Client,
            server: None,
            ..member.clone()
        };
        let cast = Arc::new(Cast {
            scenario: "live".to_owned(),
            summary: format!("a server of the dialect {} on loopback", dialect.name),
            client: OUTSIDE.to_owned(),
            seed,
            application: false,
            relays: false,
            latency_ms: 0,
            evidence: vec![Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
            members: vec![client, member],
        });
        let plan = Plan::new(&[], Arc::clone(&cast));
        let reports = Reports::default();
        Ok(Self {
            dialect,
            store: Store::new(),
            durable,
            place,
            recorder: Recorder::new(cast, plan),
            began: Instant::now(),
            host: Host::new(Process::new(&name), Rc::clone(&reports)),
            reports,
            draws: Rc::default(),
            seed,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// Whether it listens now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.host.is_up.get()
    }

    /// Tells it to stop, as SIGTERM does.
    pub fn stop(&self) {
        self.host.order(Order::Stop);
    }

    /// What was observed so far; later calls have only what came after.
    #[must_use]
    pub fn take_record(&self) -> Record {
        self.recorder.take_record()
    }

    /// One life of its process, to its end. Every connection breaks then. Dropping the future crashes it.
    ///
    /// # Errors
    /// If its port is taken.
    pub async fn live(&self) -> io::Result<End> {
        let name = &self.host.process.name;
        self.host.process.set_halted(false);
        let (draws, seed) = (Rc::clone(&self.draws), self.seed);
        let shape = self.dialect.sessions.id;
        let options = Options {
            path: "/mcp".to_owned(),
            ids: Box::new(move || {
                draws.set(draws.get() + 1);
                id(seed, draws.get(), shape)
            }),
            session_timeout_ms: None,
            durable: self.durable,
            tools: Tools::ALL,
        };
        let core = ServerCore::new(Arc::clone(&self.dialect), options, self.store.clone());
        let core = Rc::new(RefCell::new(core));
        let net = Net::for_outsiders(
            self.recorder.clone(),
            Loopback,
            Arc::from(OUTSIDE),
            Arc::clone(name),
        );
        let life = server_shell::run(
            net,
            Rc::clone(&self.host),
            Arc::clone(name),
            self.place.address.port(),
            Rc::clone(&core),
        );
        // All that the shell spawns is in here, and goes with it.
        let tasks = LocalSet::new();
        let ended = tasks
            .run_until(async {
                tokio::select! {
                    biased;
                    failed = life => failed.map(|()| End::Stopped),
                    end = self.ended() => Ok(end),
                }
            })
            .await;
        drop(tasks);
        self.host.is_up.set(false);
        for session in core.borrow().mortal_sessions() {
            self.recorder.note(Event::SessionEnded {
                server: Arc::clone(name),
                at: Arc::clone(name),
                session,
                cause: SessionEnd::ProcessEnded,
            });
        }
        ended
    }

    /// Keeps the recorder's clock, until the process has reported its end.
    async fn ended(&self) -> End {
        loop {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
            let passed = self.began.elapsed().as_millis();
            self.recorder
                .set_now_ms(u64::try_from(passed).unwrap_or(u64::MAX));
            let reported = self.reports.borrow_mut().pop_front();
            match reported {
                Some(Report::Stopped(_)) => return End::Stopped,
                Some(Report::Died(_, why)) => return End::Died(why),
                None => {}
            }
        }
    }

    /// Stops the life that runs beside this, and returns once nobody listens any more.
    pub async fn stopped(&self) {
        self.stop();
        for _ in 0..STOP_MS / LOOK_MS {
            if !self.is_up() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }
}

/// An id that follows from a seed and its number.
fn id(seed: u64, number: u64, shape: IdShape) -> String {
    let mut bytes = [0; 16];
    // Spread, so that ids do not look alike in their first characters, which is all that is shown.
    let spread = (seed ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bytes[..8].copy_from_slice(&spread.to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    let uuid = Builder::from_random_bytes(bytes).into_uuid();
    match shape {
        IdShape::Hex32 => uuid.simple().to_string(),
        _ => uuid.to_string(),
    }
}
