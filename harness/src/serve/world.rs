//! The world of a scenario on loopback: its servers and hops as processes that listen on ports of this machine. They are the
//! same as in the simulation: cores, shells, taps and record.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use crate::fault::Plan;
use crate::journal::{CLIENT, Cast, ProcessName};
use crate::live::local::{Local, Place};
use crate::operator::{Commands, HopSoftware, Managed, Operator, ServerSoftware, Shared};
use crate::process::log::AccessLogs;
use crate::process::net::Net;
use crate::process::recorder::Recorder;
use crate::process::shell::{Host, Reports};
use crate::scenario::{Hop, SUPERVISOR_MS, Scenario, Server};
use crate::serve::machines::{Software, Tasks, Trouble};
use crate::setup::way::{ENDPOINT, Paths, routes};

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
        building.manage(CLIENT, 0).host.is_up.set(true);
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
    fn manage(&mut self, name: &str, supervisor_ms: u64) -> &mut Managed {
        let managed = Managed::new(name, supervisor_ms, &self.reports, &self.recorder);
        let name = Arc::clone(&managed.host.process.name);
        self.processes.entry(name).or_insert(managed)
    }

    fn server(&mut self, server: &Server) {
        let shared = Shared::new(server, self.seed);
        for process in server.processes() {
            let process: ProcessName = Arc::from(process);
            let port = self.places[&process].address.port();
            let net = Arc::clone(&self.net);
            let managed = self.manage(&process, server.supervisor_ms);
            let host = Rc::clone(&managed.host);
            let software = ServerSoftware::new(net, host, server, port, shared.clone());
            managed.serves = Some(software.serves());
            let life: Software = Rc::new(move || Box::pin(software.start()));
            self.software.insert(process, life);
        }
    }

    fn hop(&mut self, hop: &Hop) {
        let process: ProcessName = Arc::from(hop.name.as_str());
        let port = self.places[&process].address.port();
        let host = Rc::clone(&self.manage(&hop.name, SUPERVISOR_MS).host);
        let (net, of) = (Arc::clone(&self.net), (self.scenario, hop));
        let logs = AccessLogs::default();
        let software = HopSoftware::new(net, host, of, &self.paths, self.seed, logs);
        let life: Software = Rc::new(move || Box::pin(software.start(port, true)));
        self.software.insert(process, life);
    }
}
