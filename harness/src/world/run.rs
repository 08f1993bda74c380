//! One run: the world of a scenario built for one client and one seed, driven to its end. Everything is made here and
//! nothing is decided here.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::task::spawn_local;
use tracing::subscriber::DefaultGuard;
use turmoil::{Builder, Sim};

use crate::app::{Application, Bare, MakeClient, SharedSubject, User};
use crate::fault::Plan;
use crate::journal::{Entry, Journal, ProcessName, Rung, ServerName};
use crate::proxy::{self, Hop, HopOptions};
use crate::registry::Subject;
use crate::scenario::{self, HopKind, Scenario, Server, ServerKind};
use crate::server::{Dialect, Options as ServerOptions, ServerCore, Store};
use crate::world::clock::{self, Jumper, TimerReports};
use crate::world::driver::{Commands, Driver, LiveSessions, Managed};
use crate::world::hop_shell::{AccessLogs, HopShell};
use crate::world::maker::Maker;
use crate::world::net::{Net, Routes, SharedReach, Target};
use crate::world::probe::{self, Prober};
use crate::world::process::Process;
use crate::world::script::{Findings, Script};
use crate::world::seed::Generator;
use crate::world::shell::{Host, Reports};
use crate::world::{os, panics, real_shell, server_shell};

/// The latency of every link, in milliseconds.
pub const LATENCY_MS: u64 = 1;
/// The ports of dialling ends: more than turmoil's own, because it never gives back that of a refused connection.
const EPHEMERAL_PORTS: RangeInclusive<u16> = 10_000..=u16::MAX;
/// The port on which hops listen.
const HOP_PORT: u16 = 80;
/// The process that the clients live in.
pub const CLIENT: &str = "client";
/// The process that the harness's probes live in.
pub const PROBE: &str = "probe";
/// The path of every server's endpoint.
const ENDPOINT: &str = "/mcp";

/// What came of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// The journal.
    pub entries: Vec<Entry>,
    /// The rung of each climbed server, in order; `None` where the server side made no progress.
    pub rungs: Vec<(ServerName, Option<Rung>)>,
    /// Steps that did not end as they demanded, with their lines.
    pub failures: Vec<(u64, String)>,
    /// Lines of injections that never fired.
    pub unfired: Vec<u64>,
    /// The hops' access logs: hop and line, in order.
    pub access_log: Vec<(Arc<str>, String)>,
    /// How long it lasted, in virtual milliseconds.
    pub virtual_ms: u64,
}

/// How a run is carried out, its content aside. A journal, where there is one, does not depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether idle time is jumped over. Without it every millisecond is a step of its own: for tests of the clock.
    pub jump: bool,
    /// Whether anything is observed: without it there are no taps and no journal, as a baseline to measure against.
    pub observe: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jump: true,
            observe: true,
        }
    }
}

/// Runs a scenario with one client and one seed, on this thread, which should be a fresh one: hash seeds live as long as
/// threads do.
///
/// # Errors
/// A sentence for a person if the run could not come to its end: a bug in the harness, a client that panics, or one that
/// never comes to rest.
pub fn run(scenario: &Scenario, subject: &Subject, seed: u64) -> Result<Run, String> {
    run_with(scenario, subject, seed, Options::default())
}

/// As [`run`], with options.
///
/// # Errors
/// As [`run`].
#[doc(hidden)]
pub fn run_with(
    scenario: &Scenario,
    subject: &Subject,
    seed: u64,
    options: Options,
) -> Result<Run, String> {
    let _inside = os::enter(seed);
    clock::begin();
    let _reports: DefaultGuard = tracing::subscriber::set_default(TimerReports);
    clock::make_known();
    World::build(scenario, subject, seed, options).drive(options)
}

struct World<'a> {
    sim: Sim<'a>,
    journal: Journal,
    jumper: Jumper,
    processes: BTreeMap<ProcessName, Managed>,
    reports: Reports,
    logs: AccessLogs,
    findings: Rc<RefCell<Findings>>,
    commands: Commands,
    reach: SharedReach,
}

impl World<'_> {
    fn build(scenario: &Scenario, subject: &Subject, seed: u64, options: Options) -> Self {
        let latency = Duration::from_millis(LATENCY_MS);
        let sim = Builder::new()
            .rng_seed(Generator::new(seed, "turmoil").number())
            .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(os::EPOCH_S))
            .simulation_duration(Duration::from_secs(3600 * 24 * 365))
            .tick_duration(Duration::from_millis(1))
            .min_message_latency(latency)
            .max_message_latency(latency)
            .tcp_capacity(1024)
            .ephemeral_ports(EPHEMERAL_PORTS)
            .build();
        let journal = Journal::new(Plan::new(&scenario.inject));
        if !options.observe {
            journal.close();
        }
        let routes = routes(&sim, scenario);
        let reach = SharedReach::default();
        let net = Net::new(journal.clone(), routes, Arc::clone(&reach));
        let mut world = World {
            journal: journal.clone(),
            jumper: Jumper::default(),
            processes: BTreeMap::new(),
            reports: Rc::new(RefCell::new(VecDeque::new())),
            logs: AccessLogs::default(),
            findings: Rc::default(),
            commands: Rc::default(),
            reach,
            sim,
        };
        // Servers first: the order of registration is the order in which hosts act within a step.
        for server in &scenario.servers {
            world.server(&net, server, seed);
        }
        for position in (0..scenario.path.len()).rev() {
            world.hop(&net, scenario, position);
        }
        world.client(&net, scenario, subject);
        world
    }

    fn manage(&mut self, name: &str, addresses: Vec<IpAddr>, supervisor_ms: u64) -> Rc<Host> {
        let host = Host::new(Process::new(name), Rc::clone(&self.reports));
        self.journal
            .add_switch(Arc::clone(&host.process.name), host.process.switch());
        let managed = Managed {
            host: Rc::clone(&host),
            addresses,
            supervisor_ms,
            sessions: None,
        };
        self.processes
            .insert(Arc::clone(&host.process.name), managed);
        host
    }

    fn server(&mut self, net: &Arc<Net>, server: &Server, seed: u64) {
        // What is durable, and the drawing of ids, its replicas share; sessions they do not.
        let store = Store::default();
        let ids = Rc::new(RefCell::new(Ids::new(server, seed)));
        for process in server.processes() {
            self.server_process(net, server, &process, store.clone(), Rc::clone(&ids));
        }
    }

    fn server_process(
        &mut self,
        net: &Arc<Net>,
        server: &Server,
        process: &str,
        store: Store,
        ids: Rc<RefCell<Ids>>,
    ) {
        let name: ServerName = Arc::from(server.name.as_str());
        let address = self.sim.lookup(process);
        let host = self.manage(process, vec![address], server.supervisor_ms);
        let (net, jumper, port, kind) = (
            Arc::clone(net),
            self.jumper.clone(),
            server.port,
            server.kind.clone(),
        );
        let session_timeout_ms = server.session_timeout_ms;
        let durable = server.durable;
        let core: Rc<RefCell<Option<Rc<RefCell<ServerCore>>>>> = Rc::default();
        let seen = Rc::clone(&core);
        let sessions: LiveSessions = Rc::new(move || {
            seen.borrow()
                .as_ref()
                .map_or_else(Vec::new, |core| core.borrow().mortal_sessions())
        });
        if let Some(managed) = self.processes.get_mut(process) {
            managed.sessions = Some((Arc::clone(&name), sessions));
        }
        self.sim.host(process, move || {
            let (net, host, name, store) = (
                Arc::clone(&net),
                Rc::clone(&host),
                Arc::clone(&name),
                store.clone(),
            );
            let (ids, core, kind, jumper) = (
                Rc::clone(&ids),
                Rc::clone(&core),
                kind.clone(),
                jumper.clone(),
            );
            async move {
                spawn_local(jumper.serve());
                *core.borrow_mut() = None;
                if !host.listens.get() {
                    return std::future::pending().await;
                }
                match kind {
                    ServerKind::Real(_) => real_shell::run(net, host, name, port, store).await,
                    ServerKind::Dialect(dialect) => {
                        let dialect =
                            Dialect::get(&dialect).expect("loading has checked the dialect");
                        let options = ServerOptions {
                            path: ENDPOINT.to_owned(),
                            ids: Box::new(move || ids.borrow_mut().next()),
                            session_timeout_ms,
                            durable,
                        };
                        let new = Rc::new(RefCell::new(ServerCore::new(dialect, options, store)));
                        *core.borrow_mut() = Some(Rc::clone(&new));
                        server_shell::run(net, host, name, port, new).await
                    }
                }
            }
        });
    }

    fn hop(&mut self, net: &Arc<Net>, scenario: &Scenario, position: usize) {
        let hop = &scenario.path[position];
        let names = addresses_of(hop.kind);
        let addresses = names.iter().map(|n| lookup(&self.sim, n)).collect();
        let host = self.manage(hop.kind.as_str(), addresses, 5_000);
        let cores: BTreeMap<ServerName, Arc<dyn Hop>> = scenario
            .servers
            .iter()
            .map(|server| {
                let mut options = HopOptions::new(format!("localhost:{}", server.port));
                options.upstream_path = Some(ENDPOINT.to_owned());
                options.read_timeout_ms = hop.read_timeout_ms;
                options.http10 = hop.http10;
                options.buffering = hop.buffering;
                (
                    Arc::from(server.name.as_str()),
                    proxy::hop(hop.kind, &options),
                )
            })
            .collect();
        let policy = (hop.kind == HopKind::Balancer).then_some(hop.policy);
        for (n, name) in names.iter().enumerate() {
            let (net, host, cores) = (Arc::clone(net), Rc::clone(&host), cores.clone());
            let (logs, jumper) = (Rc::clone(&self.logs), self.jumper.clone());
            let software = move || {
                let (net, host, cores) = (Arc::clone(&net), Rc::clone(&host), cores.clone());
                let (logs, jumper) = (Rc::clone(&logs), jumper.clone());
                async move {
                    spawn_local(jumper.serve());
                    if !host.listens.get() {
                        return std::future::pending().await;
                    }
                    HopShell::new(net, host, position + 1, cores, logs, policy)
                        .run(HOP_PORT, n == 0)
                        .await
                }
            };
            match name.parse::<IpAddr>() {
                Ok(address) => self.sim.host(address, software),
                Err(_) => self.sim.host(*name, software),
            }
        }
    }

    fn client(&mut self, net: &Arc<Net>, scenario: &Scenario, subject: &Subject) {
        let paths = endpoint_paths(scenario);
        let (prober, jobs) = Prober::new(self.journal.clone());
        let address = self.sim.lookup(PROBE);
        let host = self.manage(PROBE, vec![address], 0);
        host.is_up.set(true);
        let maker = Rc::new(Maker {
            net: Arc::clone(net),
            process: Arc::clone(&host.process),
            factory: Arc::new(probe::factory()),
            paths: paths.clone(),
        });
        let (jumper, jobs) = (self.jumper.clone(), RefCell::new(Some(jobs)));
        self.sim.host(PROBE, move || {
            let jobs = jobs
                .borrow_mut()
                .take()
                .expect("the probe process starts once");
            let (jumper, maker) = (jumper.clone(), Rc::clone(&maker));
            async move {
                spawn_local(jumper.serve());
                probe::serve(maker, jobs).await
            }
        });
        let address = self.sim.lookup(CLIENT);
        let host = self.manage(CLIENT, vec![address], 0);
        host.is_up.set(true);
        let maker: Rc<dyn MakeClient> = Rc::new(Maker {
            net: Arc::clone(net),
            process: Arc::clone(&host.process),
            factory: Arc::clone(subject.factory()),
            paths,
        });
        let subject: SharedSubject = match subject {
            Subject::Application { policy, .. } => {
                Rc::new(Application::new(*policy, maker, self.journal.clone()))
            }
            Subject::Bare { .. } => Rc::new(Bare::new(maker)),
        };
        let hops: Vec<ProcessName> = scenario
            .path
            .iter()
            .map(|hop| Arc::from(hop.kind.as_str()))
            .collect();
        let servers = scenario.servers.clone();
        let path_of = Rc::new(move |server: &ServerName| {
            let server = servers.iter().filter(|s| *s.name == **server);
            let processes = server.flat_map(Server::processes).map(Arc::from);
            let client = [Arc::from(CLIENT)];
            hops.iter()
                .cloned()
                .chain(client)
                .chain(processes)
                .collect()
        });
        let script = Script {
            scenario: Rc::new(scenario.clone()),
            user: User::new(self.journal.clone(), subject, path_of),
            commands: Rc::clone(&self.commands),
            prober,
            findings: Rc::clone(&self.findings),
        };
        let (jumper, script) = (self.jumper.clone(), RefCell::new(Some(script)));
        self.sim.host(CLIENT, move || {
            let script = script
                .borrow_mut()
                .take()
                .expect("the client process starts once");
            let jumper = jumper.clone();
            async move {
                spawn_local(jumper.serve());
                script.run().await;
                std::future::pending().await
            }
        });
    }

    fn drive(self, options: Options) -> Result<Run, String> {
        let findings = Rc::clone(&self.findings);
        let mut driver = Driver::new(
            self.sim,
            self.journal.clone(),
            self.jumper,
            self.processes,
            self.commands,
            self.reports,
            self.reach,
            options.jump,
        );
        let ran = panics::caught(|| driver.run(move || findings.borrow().finished));
        // Apart from a panic of the run itself, which would otherwise meet a second one here.
        let taken_apart = panics::caught(|| {
            drop(driver);
            Ok(())
        });
        let virtual_ms = ran?;
        taken_apart?;
        let findings = self.findings.borrow().clone();
        Ok(Run {
            entries: self.journal.entries(),
            rungs: findings.rungs,
            failures: findings.failures,
            unfired: self.journal.unfired(),
            access_log: self.logs.borrow().clone(),
            virtual_ms,
        })
    }
}

/// The ids of a server's sessions: first those that the scenario names, then drawn ones.
struct Ids {
    named: VecDeque<String>,
    drawn: Generator,
    hex: bool,
}

impl Ids {
    fn new(server: &Server, seed: u64) -> Self {
        let hex = match &server.kind {
            ServerKind::Dialect(name) => {
                Dialect::get(name).is_some_and(|d| d.sessions.id == crate::server::IdShape::Hex32)
            }
            ServerKind::Real(_) => false,
        };
        Self {
            named: server.session_ids.iter().cloned().collect(),
            drawn: Generator::new(seed, &format!("session ids of {}", server.name)),
            hex,
        }
    }

    fn next(&mut self) -> String {
        self.named.pop_front().unwrap_or_else(|| {
            let uuid = self.drawn.uuid();
            if self.hex {
                uuid.replace('-', "")
            } else {
                uuid
            }
        })
    }
}

/// The turmoil hosts of a hop: names, or addresses where the product's are part of what is logged.
fn addresses_of(kind: HopKind) -> Vec<&'static str> {
    match kind {
        HopKind::Cloudflare => proxy::EGRESS.to_vec(),
        HopKind::Nginx | HopKind::Balancer => vec![kind.as_str()],
    }
}

fn lookup(sim: &Sim<'_>, name: &str) -> IpAddr {
    name.parse().unwrap_or_else(|_| sim.lookup(name))
}

fn routes(sim: &Sim<'_>, scenario: &Scenario) -> Routes {
    let hop = |hop: &scenario::Hop| {
        vec![Target {
            process: Arc::from(hop.kind.as_str()),
            addresses: addresses_of(hop.kind)
                .iter()
                .map(|n| SocketAddr::new(lookup(sim, n), HOP_PORT))
                .collect(),
        }]
    };
    let hops: Vec<Vec<Target>> = scenario.path.iter().map(hop).collect();
    let route = |server: &Server| {
        let processes = server.processes().into_iter().map(|process| Target {
            addresses: vec![SocketAddr::new(sim.lookup(process.as_str()), server.port)],
            process: Arc::from(process),
        });
        let processes: Vec<Target> = processes.collect();
        hops.iter().cloned().chain([processes]).collect()
    };
    scenario
        .servers
        .iter()
        .map(|server| (Arc::from(server.name.as_str()), route(server)))
        .collect()
}

/// The path that a client is given for each server. Behind nginx it is secret, and shown as the report shows it.
fn endpoint_paths(scenario: &Scenario) -> BTreeMap<ServerName, Arc<str>> {
    let secret = scenario.path.iter().any(|hop| hop.kind == HopKind::Nginx);
    let path = |position: usize, server: &Server| match (secret, position) {
        (false, _) => ENDPOINT.to_owned(),
        (true, 0) => "/[secret-path]".to_owned(),
        (true, _) => format!("/[secret-path-of-{}]", server.name),
    };
    scenario
        .servers
        .iter()
        .enumerate()
        .map(|(position, server)| {
            (
                Arc::from(server.name.as_str()),
                Arc::from(path(position, server)),
            )
        })
        .collect()
}
