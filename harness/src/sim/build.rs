//! Building the world of a cell: its hosts in their order, the network between them, and who the user has in front of
//! them. Everything is made here and nothing is decided.

mod way;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stalemate_clients::ClientFactory;
use tokio::task::spawn_local;
use turmoil::Builder;

use crate::app::{Application, Bare, Journal, MakeClient, SharedFront, User};
use crate::journal::{CLIENT, Cast, Event, Evidence, Member, Role, ServerName};
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
use crate::sim::clock::Jumper;
use crate::sim::ids::Ids;
use crate::sim::network::{SharedReach, Simulated};
use crate::sim::os;
use crate::sim::portal::{Portal, PortalFactory};
use crate::sim::script::Script;
use crate::sim::seed::Generator;
use crate::sim::spec::Spec;
use crate::sim::world::{LiveSessions, Managed, Runs, Serves, SharedRuns, World};
use way::{addresses_of, behind, endpoint_paths, leads_to, lookup, patience_ms, routes, tokens};

/// The latency of every link, in milliseconds.
pub const LATENCY_MS: u64 = 1;
/// The ports of dialling ends: more than turmoil's own, because it never gives back that of a refused connection.
const EPHEMERAL_PORTS: RangeInclusive<u16> = 10_000..=u16::MAX;
/// The port on which hops listen.
const HOP_PORT: u16 = 80;
/// The path of every server's endpoint.
const ENDPOINT: &str = "/mcp";

/// Who takes part in a cell.
pub(super) fn cast(spec: Spec<'_>) -> Cast {
    let scenario = spec.scenario;
    let member = |process: &str, role, server: Option<&str>| Member {
        process: Arc::from(process),
        role,
        server: server.map(Arc::from),
        leads_to: Vec::new(),
        owns_sessions: false,
    };
    let hops = scenario.path.iter();
    let hops = hops.map(|hop| Member {
        leads_to: leads_to(scenario, hop),
        owns_sessions: hop.kind == HopKind::Gateway,
        ..member(&hop.name, Role::Hop, None)
    });
    let servers = scenario.servers.iter().flat_map(|server| {
        let processes = server.processes().into_iter();
        processes.map(|process| member(&process, Role::Server, Some(&server.name)))
    });
    Cast {
        scenario: scenario.name.clone(),
        summary: scenario.summary.clone(),
        client: spec.client.to_owned(),
        seed: spec.seed,
        application: spec.subject.has_application(),
        latency_ms: LATENCY_MS,
        evidence: Evidence::ALL.to_vec(),
        members: [member(CLIENT, Role::Client, None)]
            .into_iter()
            .chain(hops)
            .chain(servers)
            .collect(),
    }
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
        let routes = routes(&sim, scenario);
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
            reach,
            sim,
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
        let managed = Managed {
            host: Rc::clone(&host),
            addresses,
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
        let address = self.sim.lookup(process);
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
        self.sim.host(process, move || {
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
        let addresses = names.iter().map(|n| lookup(&self.sim, n)).collect();
        let host = self.manage(&hop.name, addresses, 5_000);
        let behind = behind(scenario, hop);
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
                Ok(address) => self.sim.host(address, software),
                Err(_) => self.sim.host(name.as_str(), software),
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
        let address = self.sim.lookup(CLIENT);
        let host = self.manage(CLIENT, vec![address], 0);
        host.is_up.set(true);
        let factory = self.factory(spec);
        let maker: Rc<dyn MakeClient> = Rc::new(Maker {
            net: Arc::clone(net),
            process: Arc::clone(&host.process),
            factory,
            paths: endpoint_paths(scenario),
            tokens: tokens(&self.recorder, spec),
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
            commands: Rc::clone(&self.commands),
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
}
