//! turmoil's hosts as the operator has them: a process is one of them, or several where the product's addresses are part
//! of what is logged.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::PoisonError;

use turmoil::Sim;

use crate::journal::ProcessName;
use crate::operator::Machines;
use crate::proxy::{self, HopKind};
use crate::scenario::{self, Scenario};
use crate::sim::network::SharedReach;

/// The hosts of a simulation, and what is held between them.
pub(super) struct Hosts<'a> {
    /// The simulated network with its hosts.
    pub(super) sim: Sim<'a>,
    /// The hosts that each process consists of.
    pub(super) addresses: BTreeMap<ProcessName, Vec<IpAddr>>,
    /// How many faults hold a link.
    held: BTreeMap<(IpAddr, IpAddr), u32>,
    reach: SharedReach,
}

impl<'a> Hosts<'a> {
    /// Those of a simulation in which no process is known yet. What can be reached is told there.
    pub(super) fn new(sim: Sim<'a>, reach: SharedReach) -> Self {
        Self {
            sim,
            addresses: BTreeMap::new(),
            held: BTreeMap::new(),
            reach,
        }
    }

    /// Whether a message is on a link that the harness does not itself hold.
    pub(super) fn has_messages(&self) -> bool {
        let mut found = false;
        self.sim.links(|links| {
            for mut link in links {
                if !self.held.contains_key(&ordered(link.pair())) && link.next().is_some() {
                    found = true;
                }
            }
        });
        found
    }

    fn between(&self, one: &ProcessName, other: &ProcessName) -> Vec<(IpAddr, IpAddr)> {
        let (left, right) = (&self.addresses[one], &self.addresses[other]);
        left.iter()
            .flat_map(|a| right.iter().map(move |b| (*a, *b)))
            .collect()
    }
}

impl Machines for Hosts<'_> {
    fn crash(&mut self, process: &ProcessName) {
        for address in &self.addresses[process] {
            self.sim.crash(*address);
        }
    }

    fn bounce(&mut self, process: &ProcessName) {
        for address in &self.addresses[process] {
            self.sim.bounce(*address);
        }
    }

    fn partition(&mut self, one: &ProcessName, other: &ProcessName) {
        for (a, b) in self.between(one, other) {
            self.sim.partition(a, b);
        }
    }

    fn repair(&mut self, one: &ProcessName, other: &ProcessName) {
        for (a, b) in self.between(one, other) {
            self.sim.repair(a, b);
        }
    }

    fn hold(&mut self, one: &ProcessName, other: &ProcessName) {
        for (a, b) in self.between(one, other) {
            self.sim.hold(a, b);
            *self.held.entry(ordered((a, b))).or_default() += 1;
        }
    }

    fn release(&mut self, one: &ProcessName, other: &ProcessName) {
        for (a, b) in self.between(one, other) {
            let pair = ordered((a, b));
            let faults = self.held.get_mut(&pair).expect("what is released was held");
            *faults -= 1;
            if *faults == 0 {
                self.held.remove(&pair);
                self.sim.release(a, b);
            }
        }
    }

    fn tell_who_refuses(&mut self, refusing: &[&ProcessName], silent: &[&ProcessName]) {
        let is_held = |a: &IpAddr| self.held.keys().any(|(one, other)| a == one || a == other);
        let addresses = |names: &[&ProcessName]| -> Vec<IpAddr> {
            let each = names.iter().flat_map(|name| &self.addresses[*name]);
            each.copied().collect()
        };
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        reach.silent = addresses(silent).into_iter().collect();
        // Where a link is held, a refusal would not arrive either.
        let refusing = addresses(refusing).into_iter();
        reach.refusing = refusing.filter(|a| !is_held(a)).collect();
    }
}

fn ordered((a, b): (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    if a < b { (a, b) } else { (b, a) }
}

/// The turmoil hosts of a hop: names, or addresses where the product's are part of what is logged. A second edge of one
/// kind has the addresses next to the first one's.
pub(super) fn addresses_of(scenario: &Scenario, hop: &scenario::Hop) -> Vec<String> {
    if hop.kind != HopKind::Cloudflare {
        return vec![hop.name.clone()];
    }
    let before = scenario.path.iter().take_while(|h| h.name != hop.name);
    let number = before.filter(|h| h.kind == hop.kind).count();
    let next_to = |address: &&str| {
        let address: std::net::Ipv4Addr = address.parse().expect("an address");
        let shifted = u32::from(address) + u32::try_from(number).unwrap_or(u32::MAX);
        std::net::Ipv4Addr::from(shifted).to_string()
    };
    proxy::EGRESS.iter().map(next_to).collect()
}
