//! The world of a scenario on loopback: its servers and hops as processes that listen on ports of this machine. They are the
//! same as in the simulation: cores, shells, taps and record.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use crate::fault::Plan;
use crate::journal::{CLIENT, Cast, Event, ProcessName, ServerName};
use crate::live::local::{Local, Place};
use crate::operator::{Commands, LiveSessions, Managed, Operator, Runs, Serves, SharedRuns};
use crate::process::hop_shell::{HopShell, NewId, Operation};
use crate::process::log::AccessLogs;
use crate::process::net::Net;
use crate::process::recorder::Recorder;
use crate::process::shell::{Host, Reports};
use crate::process::state::Process;
use crate::process::{real_shell, server_shell};
use crate::proxy::HopKind;
use crate::scenario::{Hop, Scenario, Server, ServerKind};
use crate::serve::machines::{Software, Tasks, Trouble};
use crate::server::{Options as ServerOptions, ServerCore, Store};
use crate::setup::way::{ENDPOINT, Paths, behind, routes};
use crate::setup::{Generator, Ids};

/// From a hop's death to its supervisor's restart, in milliseconds; as in the simulation.
const HOP_SUPERVISOR_MS: u64 = 5_000;

/// The network of a run with its taps.
pub(super) type LocalNet = Net<Local>;

/// A world that runs once it is started.
pub(super) struct World {
    /// Who takes part.
    pub(super) cast: Arc<Cast>,
    /// Whom everything is told.
    pub(super) recorder: Recorder,
    /// The network.
    pub(super) net: Arc<LocalNet>,
    /// The same without its taps.
    pub(super) network: Local,
    /// Carries out faults.
    pub(super) operator: Operator<Tasks>,
    /// What the script asks of the operator.
    pub(super) commands: Commands,
    /// Each process with what it shares with its shell.
    pub(super) hosts: BTreeMap<ProcessName, Rc<Host>>,
    /// Where each process listens.
    pub(super) places: BTreeMap<ProcessName, Place>,
    /// The path of each server's endpoint.
    pub(super) paths: Paths,
}

struct Building<'s> {
    scenario: &'s Scenario,
    seed: u64,
    recorder: Recorder,
    net: Arc<LocalNet>,
    paths: Paths,
    reports: Reports,
    places: BTreeMap<ProcessName, Place>,
    processes: BTreeMap<ProcessName, Managed>,
    software: BTreeMap<ProcessName, Software>,
}

impl World {
    /// The world of a scenario, on an address of this machine.
    ///
    /// # Errors
    /// If the address is not this machine's own, or no port is free.
    pub(super) fn build(
        scenario: &Scenario,
        seed: u64,
        cast: Arc<Cast>,
        host: IpAddr,
        trouble: Trouble,
    ) -> io::Result<Self> {
        let plan = Plan::new(&scenario.inject, Arc::clone(&cast));
        let recorder = Recorder::new(Arc::clone(&cast), plan);
        let network = Local::new(host)?;
        let mut places = BTreeMap::new();
        let servers = scenario.servers.iter().flat_map(Server::processes);
        let hops = scenario.path.iter().map(|hop| hop.name.clone());
        for process in servers.chain(hops) {
            let process: ProcessName = Arc::from(process);
            let place = Place::take(host, 0)?;
            network.add(place.address.port(), Arc::clone(&process));
            places.insert(process, place);
        }
        let at = |process: &str| -> SocketAddr { places[process].address };
        let routes = routes(
            scenario,
            |hop| vec![at(&hop.name)],
            |_, process| at(process),
        );
        let paths = scenario.servers.iter();
        let paths = paths.map(|s| (Arc::from(s.name.as_str()), Arc::from(ENDPOINT)));
        let mut building = Building {
            scenario,
            seed,
            recorder: recorder.clone(),
            net: Net::new(recorder.clone(), network.clone(), routes),
            paths: paths.collect(),
            reports: Reports::default(),
            places,
            processes: BTreeMap::new(),
            software: BTreeMap::new(),
        };
        building.manage(CLIENT, 0).is_up.set(true);
        for server in &scenario.servers {
            building.server(server);
        }
        scenario.path.iter().for_each(|hop| building.hop(hop));
        let commands = Commands::default();
        let hosts = building.processes.iter();
        let hosts = hosts.map(|(name, managed)| (name.clone(), Rc::clone(&managed.host)));
        let hosts = hosts.collect();
        let tasks = Tasks::new(network.clone(), building.software, trouble);
        Ok(Self {
            operator: Operator::new(
                tasks,
                recorder.clone(),
                building.processes,
                Rc::clone(&commands),
                building.reports,
            ),
            cast,
            recorder,
            net: building.net,
            network,
            commands,
            hosts,
            places: building.places,
            paths: building.paths,
        })
    }
}

impl Building<'_> {
    fn manage(&mut self, name: &str, supervisor_ms: u64) -> Rc<Host> {
        let host = Host::new(Process::new(name), Rc::clone(&self.reports));
        let name = Arc::clone(&host.process.name);
        self.recorder
            .add_switch(Arc::clone(&name), host.process.switch());
        let managed = Managed {
            host: Rc::clone(&host),
            supervisor_ms,
            serves: None,
        };
        self.processes.insert(name, managed);
        host
    }

    fn server(&mut self, server: &Server) {
        // What is durable, and the drawing of ids, its replicas share; sessions they do not.
        let store = Store::default();
        let ids = Rc::new(RefCell::new(Ids::new(server, self.seed)));
        for process in server.processes() {
            self.server_process(server, &process, &store, &ids);
        }
    }

    fn server_process(
        &mut self,
        server: &Server,
        process: &str,
        store: &Store,
        ids: &Rc<RefCell<Ids>>,
    ) {
        let name: ServerName = Arc::from(server.name.as_str());
        let host = self.manage(process, server.supervisor_ms);
        let core: Rc<RefCell<Option<Rc<RefCell<ServerCore>>>>> = Rc::default();
        let seen = Rc::clone(&core);
        let sessions: LiveSessions = Rc::new(move || {
            let core = seen.borrow();
            core.as_ref()
                .map_or_else(Vec::new, |core| core.borrow().mortal_sessions())
        });
        let runs: SharedRuns = Rc::new(RefCell::new(Runs {
            kind: server.kind.clone(),
            tools: server.tools,
            noted: server.tools,
        }));
        if let Some(managed) = self.processes.get_mut(process) {
            managed.serves = Some(Serves {
                server: Arc::clone(&name),
                sessions,
                runs: Rc::clone(&runs),
            });
        }
        let port = self.places[process].address.port();
        let (net, store, ids) = (Arc::clone(&self.net), store.clone(), Rc::clone(ids));
        let (session_timeout_ms, durable) = (server.session_timeout_ms, server.durable);
        let process = Arc::clone(&host.process.name);
        let software = move || {
            let (net, host, name) = (Arc::clone(&net), Rc::clone(&host), Arc::clone(&name));
            let (store, ids, core) = (store.clone(), Rc::clone(&ids), Rc::clone(&core));
            let kind = runs.borrow().kind.clone();
            let tools = runs.borrow().tools;
            if host.listens.get() && runs.borrow_mut().note(tools) {
                net.recorder.note(Event::ToolsChanged {
                    server: Arc::clone(&name),
                    at: Arc::clone(&host.process.name),
                    tools: tools.names(),
                });
            }
            Box::pin(async move {
                *core.borrow_mut() = None;
                if !host.listens.get() {
                    return std::future::pending().await;
                }
                let dialect = match kind {
                    ServerKind::Real(_) => {
                        return real_shell::run(net, host, name, port, store).await;
                    }
                    ServerKind::Dialect(dialect) | ServerKind::Like { dialect, .. } => dialect,
                };
                let shape = dialect.sessions.id;
                let options = ServerOptions {
                    path: ENDPOINT.to_owned(),
                    ids: Box::new(move || ids.borrow_mut().next(shape)),
                    session_timeout_ms,
                    durable,
                    tools,
                };
                let new = Rc::new(RefCell::new(ServerCore::new(dialect, options, store)));
                *core.borrow_mut() = Some(Rc::clone(&new));
                server_shell::run(net, host, name, port, new).await
            }) as stalemate_clients::LocalBoxFuture<'static, _>
        };
        self.software.insert(process, Rc::new(software));
    }

    fn hop(&mut self, hop: &Hop) {
        let host = self.manage(&hop.name, HOP_SUPERVISOR_MS);
        let behind = behind(self.scenario, hop, &self.paths);
        let operation = Operation {
            policy: hop.policy,
            fails: hop.fails,
            worker_shutdown_ms: hop.worker_shutdown_ms,
            lost_session: (hop.kind == HopKind::Gateway).then_some(hop.lost_session),
        };
        let ids = Generator::new(self.seed, &format!("session ids of {}", hop.name));
        let ids = RefCell::new(ids);
        let new_id: NewId = Rc::new(move || ids.borrow_mut().uuid());
        let port = self.places[&*hop.name].address.port();
        let (net, logs) = (Arc::clone(&self.net), AccessLogs::default());
        let process = Arc::clone(&host.process.name);
        let software = move || {
            let (net, host, behind) = (Arc::clone(&net), Rc::clone(&host), behind.clone());
            let (logs, new_id) = (Rc::clone(&logs), Rc::clone(&new_id));
            Box::pin(async move {
                if !host.listens.get() {
                    return std::future::pending().await;
                }
                let shell = HopShell::new(net, host, behind, logs, operation, new_id);
                shell.run(port, true).await
            }) as stalemate_clients::LocalBoxFuture<'static, _>
        };
        self.software.insert(process, Rc::new(software));
    }
}
