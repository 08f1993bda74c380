//! Building the world of a cell: its hosts in their order, the network between them, and who the user has in front of
//! them. Everything is made here and nothing is decided.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stalemate_clients::ClientFactory;
use tokio::task::spawn_local;
use turmoil::{Builder, Sim};

use crate::app::{Application, Bare, Journal, MakeClient, SharedFront, User};
use crate::journal::{CLIENT, Cast, Event, Evidence, ServerName};
use crate::operator::{AtOnce, LiveSessions, Managed, Runs, Script, Serves, SharedRuns};
use crate::process::hop_shell::{HopShell, NewId, Operation};
use crate::process::log::AccessLogs;
use crate::process::maker::Maker;
use crate::process::net::Net;
use crate::process::recorder::Recorder;
use crate::process::shell::Host;
use crate::process::state::Process;
use crate::process::{real_shell, server_shell};
use crate::proxy::HopKind;
use crate::registry::Subject;
use crate::scenario::{Server, ServerKind};
use crate::server::{Options as ServerOptions, ServerCore, Store};
use crate::setup::way::{ENDPOINT, behind, endpoint_paths, patience_ms, routes, tokens};
use crate::setup::{Casting, Generator, Ids};
use crate::sim::clock::Jumper;
use crate::sim::hosts::{Hosts, addresses_of};
use crate::sim::network::{SharedReach, Simulated};
use crate::sim::os;
use crate::sim::portal::{Portal, PortalFactory};
use crate::sim::spec::Spec;
use crate::sim::world::World;

/// The latency of every link, in milliseconds.
pub const LATENCY_MS: u64 = 1;
/// The ports of dialling ends: more than turmoil's own, because it never gives back that of a refused connection.
const EPHEMERAL_PORTS: RangeInclusive<u16> = 10_000..=u16::MAX;
/// The port on which hops listen.
const HOP_PORT: u16 = 80;

/// Who takes part in a cell.
pub(super) fn cast(spec: Spec<'_>) -> Cast {
    let casting = Casting {
        client: spec.client,
        application: spec.subject.has_application(),
        seed: spec.seed,
        latency_ms: LATENCY_MS,
        evidence: Evidence::ALL.to_vec(),
    };
    casting.cast(spec.scenario)
}

type SimNet = Net<Simulated>;

impl World<'_> {
    /// Builds the world of a cell.
    pub(super) fn build(spec: Spec<'_>, recorder: Recorder) -> Self {
        let Spec { scenario, seed, .. } = spec;
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
        let at = |name: &str, port| SocketAddr::new(lookup(&sim, name), port);
        let routes = routes(
            scenario,
            |hop| {
                let names = addresses_of(scenario, hop).into_iter();
                names.map(|name| at(&name, HOP_PORT)).collect()
            },
            |server, process| at(process, server.port),
        );
        let reach = SharedReach::default();
        let network = Simulated::new(Arc::clone(&reach));
        let net = Net::new(recorder.clone(), network, routes);
        let mut world = World {
            recorder,
            jumper: Jumper::default(),
            processes: BTreeMap::new(),
            outside: Vec::new(),
            reports: Rc::new(RefCell::new(VecDeque::new())),
            logs: AccessLogs::default(),
            findings: Rc::default(),
            commands: Rc::default(),
            hosts: Hosts::new(sim, reach),
        };
        // Servers first: the order of registration is the order in which hosts act within a step.
        for server in &scenario.servers {
            world.server(&net, server, seed);
        }
        for position in (0..scenario.path.len()).rev() {
            world.hop(&net, spec, position);
        }
        world.client(&net, spec);
        world
    }

    fn manage(&mut self, name: &str, addresses: Vec<IpAddr>, supervisor_ms: u64) -> Rc<Host> {
        let host = Host::new(Process::new(name), Rc::clone(&self.reports));
        self.recorder
            .add_switch(Arc::clone(&host.process.name), host.process.switch());
        let name = Arc::clone(&host.process.name);
        self.hosts.addresses.insert(name, addresses);
        let managed = Managed {
            host: Rc::clone(&host),
            supervisor_ms,
            serves: None,
        };
        self.processes
            .insert(Arc::clone(&host.process.name), managed);
        host
    }

    fn server(&mut self, net: &Arc<SimNet>, server: &Server, seed: u64) {
        // What is durable, and the drawing of ids, its replicas share; sessions they do not.
        let store = Store::default();
        let ids = Rc::new(RefCell::new(Ids::new(server, seed)));
        for process in server.processes() {
            self.server_process(net, server, &process, store.clone(), Rc::clone(&ids));
        }
    }

    fn server_process(
        &mut self,
        net: &Arc<SimNet>,
        server: &Server,
        process: &str,
        store: Store,
        ids: Rc<RefCell<Ids>>,
    ) {
        let name: ServerName = Arc::from(server.name.as_str());
        let address = self.hosts.sim.lookup(process);
        let host = self.manage(process, vec![address], server.supervisor_ms);
        let (net, jumper, port) = (Arc::clone(net), self.jumper.clone(), server.port);
        let session_timeout_ms = server.session_timeout_ms;
        let durable = server.durable;
        let core: Rc<RefCell<Option<Rc<RefCell<ServerCore>>>>> = Rc::default();
        let seen = Rc::clone(&core);
        let sessions: LiveSessions = Rc::new(move || {
            seen.borrow()
                .as_ref()
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
        self.hosts.sim.host(process, move || {
            let (net, host, name, store) = (
                Arc::clone(&net),
                Rc::clone(&host),
                Arc::clone(&name),
                store.clone(),
            );
            let (ids, core, jumper) = (Rc::clone(&ids), Rc::clone(&core), jumper.clone());
            let kind = runs.borrow().kind.clone();
            let tools = runs.borrow().tools;
            if host.listens.get() && runs.borrow_mut().note(tools) {
                net.recorder.note(Event::ToolsChanged {
                    server: Arc::clone(&name),
                    at: Arc::clone(&host.process.name),
                    tools: tools.names(),
                });
            }
            async move {
                spawn_local(jumper.serve());
                *core.borrow_mut() = None;
                if !host.listens.get() {
                    return std::future::pending().await;
                }
                match kind {
                    ServerKind::Real(_) => Ok(real_shell::run(net, host, name, port, store).await?),
                    ServerKind::Dialect(dialect) | ServerKind::Like { dialect, .. } => {
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
                        Ok(server_shell::run(net, host, name, port, new).await?)
                    }
                }
            }
        });
    }

    fn hop(&mut self, net: &Arc<SimNet>, spec: Spec<'_>, position: usize) {
        let Spec { scenario, seed, .. } = spec;
        let hop = &scenario.path[position];
        let names = addresses_of(scenario, hop);
        let addresses = names.iter().map(|n| lookup(&self.hosts.sim, n)).collect();
        let host = self.manage(&hop.name, addresses, 5_000);
        let behind = behind(scenario, hop, &endpoint_paths(scenario));
        let operation = Operation {
            policy: hop.policy,
            fails: hop.fails,
            worker_shutdown_ms: hop.worker_shutdown_ms,
            lost_session: (hop.kind == HopKind::Gateway).then_some(hop.lost_session),
        };
        let ids = Generator::new(seed, &format!("session ids of {}", hop.name));
        let ids = RefCell::new(ids);
        let new_id: NewId = Rc::new(move || ids.borrow_mut().uuid());
        for (n, name) in names.iter().enumerate() {
            let (net, host, behind) = (Arc::clone(net), Rc::clone(&host), behind.clone());
            let new_id = Rc::clone(&new_id);
            let (logs, jumper) = (Rc::clone(&self.logs), self.jumper.clone());
            let software = move || {
                let (net, host, behind) = (Arc::clone(&net), Rc::clone(&host), behind.clone());
                let new_id = Rc::clone(&new_id);
                let (logs, jumper) = (Rc::clone(&logs), jumper.clone());
                async move {
                    spawn_local(jumper.serve());
                    if !host.listens.get() {
                        return std::future::pending().await;
                    }
                    let shell = HopShell::new(net, host, behind, logs, operation, new_id);
                    Ok(shell.run(HOP_PORT, n == 0).await?)
                }
            };
            match name.parse::<IpAddr>() {
                Ok(address) => self.hosts.sim.host(address, software),
                Err(_) => self.hosts.sim.host(name.as_str(), software),
            }
        }
    }

    /// Who makes the clients: where they are programs of their own, the portal does.
    fn factory(&mut self, spec: Spec<'_>) -> Arc<dyn ClientFactory> {
        let factory = spec.subject.factory();
        let Some(program) = factory.program() else {
            return Arc::clone(factory);
        };
        let (portal, desk) = Portal::new(spec.seed);
        self.outside.push(Box::new(portal));
        Arc::new(PortalFactory::new(program.clone(), desk))
    }

    fn client(&mut self, net: &Arc<SimNet>, spec: Spec<'_>) {
        let Spec {
            scenario, subject, ..
        } = spec;
        let address = self.hosts.sim.lookup(CLIENT);
        let host = self.manage(CLIENT, vec![address], 0);
        host.is_up.set(true);
        let factory = self.factory(spec);
        let maker: Rc<dyn MakeClient> = Rc::new(Maker {
            net: Arc::clone(net),
            process: Arc::clone(&host.process),
            factory,
            paths: endpoint_paths(scenario),
            tokens: tokens(&self.recorder, scenario, spec.seed),
        });
        let journal: Journal = Rc::new(self.recorder.clone());
        let front: SharedFront = match subject {
            Subject::Application { policy, .. } => {
                Rc::new(Application::new(*policy, maker, Rc::clone(&journal)))
            }
            Subject::Bare { .. } => Rc::new(Bare::new(maker)),
        };
        let script = Script {
            scenario: Rc::new(scenario.clone()),
            recorder: self.recorder.clone(),
            user: User::new(journal, front, patience_ms(scenario)),
            cue: Rc::new(AtOnce),
            commands: Rc::clone(&self.commands),
            findings: Rc::clone(&self.findings),
        };
        let (jumper, script) = (self.jumper.clone(), RefCell::new(Some(script)));
        self.hosts.sim.host(CLIENT, move || {
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
}

fn lookup(sim: &Sim<'_>, name: &str) -> IpAddr {
    name.parse().unwrap_or_else(|_| sim.lookup(name))
}
