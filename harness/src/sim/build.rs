//! Building the world of a cell: its hosts in their order, the network between them, and who the user has in front of
//! them. Everything is made here and nothing is decided.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};

use stalemate_clients::ClientFactory;
use tokio::task::spawn_local;
use turmoil::{Builder, Sim};

use crate::app::{Journal, MakeClient, User};
use crate::journal::{CLIENT, Cast, Evidence};
use crate::operator::{AtOnce, HopSoftware, Managed, Script, ServerSoftware, Shared};
use crate::process::log::AccessLogs;
use crate::process::maker::Maker;
use crate::process::net::Net;
use crate::process::recorder::Recorder;
use crate::scenario::{SUPERVISOR_MS, Server};
use crate::setup::way::{endpoint_paths, patience_ms, routes, tokens};
use crate::setup::{Casting, Generator};
use crate::sim::clock::Jumper;
use crate::sim::hosts::{Hosts, addresses_of};
use crate::sim::network::{SharedReach, Simulated};
use crate::sim::os;
use crate::sim::portal::{Passed, Portal, PortalFactory};
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
        relays: spec.subject.relays(),
        seed: spec.seed,
        latency_ms: LATENCY_MS,
        evidence: Evidence::ALL.to_vec(),
    };
    casting.cast(spec.scenario)
}

type SimNet = Net<Simulated>;

impl World<'_> {
    /// Builds the world of a cell. What passes between it and programs is told to `watch`.
    pub(super) fn build(spec: Spec<'_>, recorder: Recorder, watch: Option<Sender<Passed>>) -> Self {
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
        world.client(&net, spec, watch);
        world
    }

    fn manage(&mut self, name: &str, addresses: Vec<IpAddr>, supervisor_ms: u64) -> &mut Managed {
        let managed = Managed::new(name, supervisor_ms, &self.reports, &self.recorder);
        let name = Arc::clone(&managed.host.process.name);
        self.hosts.addresses.insert(Arc::clone(&name), addresses);
        self.processes.entry(name).or_insert(managed)
    }

    fn server(&mut self, net: &Arc<SimNet>, server: &Server, seed: u64) {
        let shared = Shared::new(server, seed);
        for process in server.processes() {
            let address = self.hosts.sim.lookup(process.as_str());
            let managed = self.manage(&process, vec![address], server.supervisor_ms);
            let (net, host) = (Arc::clone(net), Rc::clone(&managed.host));
            let software = ServerSoftware::new(net, host, server, server.port, shared.clone());
            managed.serves = Some(software.serves());
            let jumper = self.jumper.clone();
            self.hosts.sim.host(process, move || {
                let (life, jumper) = (software.start(), jumper.clone());
                async move {
                    spawn_local(jumper.serve());
                    Ok(life.await?)
                }
            });
        }
    }

    fn hop(&mut self, net: &Arc<SimNet>, spec: Spec<'_>, position: usize) {
        let Spec { scenario, seed, .. } = spec;
        let hop = &scenario.path[position];
        let names = addresses_of(scenario, hop);
        let addresses = names.iter().map(|n| lookup(&self.hosts.sim, n)).collect();
        let host = Rc::clone(&self.manage(&hop.name, addresses, SUPERVISOR_MS).host);
        let software = Rc::new(HopSoftware::new(
            Arc::clone(net),
            host,
            (scenario, hop),
            &endpoint_paths(scenario),
            seed,
            Rc::clone(&self.logs),
        ));
        for (n, name) in names.iter().enumerate() {
            let (software, jumper) = (Rc::clone(&software), self.jumper.clone());
            let software = move || {
                let (life, jumper) = (software.start(HOP_PORT, n == 0), jumper.clone());
                async move {
                    spawn_local(jumper.serve());
                    Ok(life.await?)
                }
            };
            match name.parse::<IpAddr>() {
                Ok(address) => self.hosts.sim.host(address, software),
                Err(_) => self.hosts.sim.host(name.as_str(), software),
            }
        }
    }

    /// Who makes the clients: where they are programs of their own, the portal does.
    fn factory(&mut self, spec: Spec<'_>, watch: Option<Sender<Passed>>) -> Arc<dyn ClientFactory> {
        let factory = spec.subject.factory();
        let Some(program) = factory.program() else {
            return Arc::clone(factory);
        };
        let (portal, desk) = Portal::new(spec.seed, watch);
        self.outside.push(Box::new(portal));
        Arc::new(PortalFactory::new(program.clone(), desk))
    }

    fn client(&mut self, net: &Arc<SimNet>, spec: Spec<'_>, watch: Option<Sender<Passed>>) {
        let Spec {
            scenario, subject, ..
        } = spec;
        let address = self.hosts.sim.lookup(CLIENT);
        let host = Rc::clone(&self.manage(CLIENT, vec![address], 0).host);
        host.is_up.set(true);
        let factory = self.factory(spec, watch);
        let maker: Rc<dyn MakeClient> = Rc::new(Maker {
            net: Arc::clone(net),
            process: Arc::clone(&host.process),
            factory,
            paths: endpoint_paths(scenario),
            tokens: tokens(&self.recorder, scenario, spec.seed),
        });
        let journal: Journal = Rc::new(self.recorder.clone());
        let front = subject.front(maker, Rc::clone(&journal));
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
