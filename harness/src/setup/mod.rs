//! What a scenario comes to on any network: who takes part, the ways to its servers and what the hops on them are told,
//! the ids of its sessions, and everything else that is drawn from its seed. Nothing runs here.

mod ids;
pub mod seed;
pub mod way;

use std::sync::Arc;

pub use ids::Ids;
pub use seed::Generator;

use crate::journal::{CLIENT, Cast, Evidence, Member, Role};
use crate::proxy::HopKind;
use crate::scenario::Scenario;

/// Who takes part in a scenario, and what is known of all of them together.
#[derive(Clone, Debug)]
pub struct Casting<'a> {
    /// The client's name.
    pub client: &'a str,
    /// Whether it has an application around it.
    pub application: bool,
    /// Whether it passes on what a host asks.
    pub relays: bool,
    /// The seed.
    pub seed: u64,
    /// The time that a message takes over a link, in milliseconds.
    pub latency_ms: u64,
    /// What is observed.
    pub evidence: Vec<Evidence>,
}

impl Casting<'_> {
    /// The cast of that scenario.
    #[must_use]
    pub fn cast(self, scenario: &Scenario) -> Cast {
        let member = |process: &str, role, server: Option<&str>| Member {
            process: Arc::from(process),
            role,
            server: server.map(Arc::from),
            leads_to: Vec::new(),
            owns_sessions: false,
        };
        let hops = scenario.path.iter();
        let hops = hops.map(|hop| Member {
            leads_to: way::leads_to(scenario, hop),
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
            client: self.client.to_owned(),
            seed: self.seed,
            application: self.application,
            relays: self.relays,
            latency_ms: self.latency_ms,
            evidence: self.evidence,
            members: [member(CLIENT, Role::Client, None)]
                .into_iter()
                .chain(hops)
                .chain(servers)
                .collect(),
        }
    }
}
