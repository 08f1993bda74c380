//! What happens to links: held by one fault or several at once, and lost traffic when a machine loses power.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use super::{Driver, Due};
use crate::journal::{Event, ProcessName};

/// A partition of the run.
pub(super) struct Partition {
    name: String,
    sides: (ProcessName, ProcessName),
    open: bool,
}

impl Driver<'_> {
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

    /// Tells the network which addresses refuse every connection, those of processes that are down but can be reached by
    /// everybody, and where there is no power.
    pub(super) fn tell_who_refuses(&self) {
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        reach.refusing.clear();
        reach.silent.clear();
        for (name, managed) in &self.processes {
            if self.powered_off.contains_key(name) {
                reach.silent.extend(&managed.addresses);
                continue;
            }
            if managed.host.listens.get() {
                continue;
            }
            let is_held = |a: &IpAddr| self.held.keys().any(|(one, other)| a == one || a == other);
            reach
                .refusing
                .extend(managed.addresses.iter().filter(|a| !is_held(a)));
        }
    }

    /// Links between a process and all others.
    fn links_of(&self, process: &ProcessName) -> Vec<(IpAddr, IpAddr)> {
        let own = &self.processes[process].addresses;
        let others = self
            .processes
            .values()
            .flat_map(|m| &m.addresses)
            .filter(|a| !own.contains(a));
        others
            .flat_map(|other| own.iter().map(move |own| (*own, *other)))
            .collect()
    }

    /// Loses everything that is on the way from or to the process, and everything that it sends from now on.
    pub(super) fn cut_off(&mut self, process: &ProcessName) {
        for (a, b) in self.links_of(process) {
            self.sim.partition(a, b);
        }
    }

    /// After [`cut_off`](Self::cut_off): what is sent to the process from now on waits.
    pub(super) fn hold_all(&mut self, process: &ProcessName) {
        for (a, b) in self.links_of(process) {
            self.sim.repair(a, b);
            self.hold(a, b);
        }
    }

    /// Undoes [`hold_all`](Self::hold_all): what waited arrives.
    pub(super) fn reconnect(&mut self, process: &ProcessName) {
        for (a, b) in self.links_of(process) {
            self.release(a, b);
        }
    }

    fn hold(&mut self, a: IpAddr, b: IpAddr) {
        self.sim.hold(a, b);
        *self.held.entry(ordered((a, b))).or_default() += 1;
    }

    fn release(&mut self, a: IpAddr, b: IpAddr) {
        let pair = ordered((a, b));
        let faults = self.held.get_mut(&pair).expect("what is released was held");
        *faults -= 1;
        if *faults == 0 {
            self.held.remove(&pair);
            self.sim.release(a, b);
        }
    }

    fn between(&self, sides: &(ProcessName, ProcessName)) -> Vec<(IpAddr, IpAddr)> {
        let (left, right) = (
            &self.processes[&sides.0].addresses,
            &self.processes[&sides.1].addresses,
        );
        left.iter()
            .flat_map(|a| right.iter().map(move |b| (*a, *b)))
            .collect()
    }

    /// Holds everything between two neighbours, for a time or until it is healed.
    pub(super) fn partition(&mut self, between: &(String, String), for_ms: Option<u64>) {
        let sides: (ProcessName, ProcessName) = (Arc::from(&*between.0), Arc::from(&*between.1));
        let name = format!("partition of {} and {}", sides.0, sides.1);
        let on = vec![Arc::clone(&sides.0), Arc::clone(&sides.1)];
        self.recorder.note(Event::FaultBegan {
            fault: name.clone(),
            on,
        });
        self.between(&sides)
            .into_iter()
            .for_each(|(a, b)| self.hold(a, b));
        self.partitions.push(Partition {
            name,
            sides,
            open: true,
        });
        if let Some(for_ms) = for_ms {
            self.schedule(for_ms, Due::HealPartition(self.partitions.len() - 1));
        }
    }

    /// Heals a partition that still lasts.
    pub(super) fn heal_partition(&mut self, index: usize) {
        let partition = &mut self.partitions[index];
        if !std::mem::take(&mut partition.open) {
            return;
        }
        let (fault, sides) = (partition.name.clone(), partition.sides.clone());
        self.between(&sides)
            .into_iter()
            .for_each(|(a, b)| self.release(a, b));
        self.recorder.note(Event::FaultHealed {
            fault,
            on: vec![sides.0, sides.1],
        });
    }
}

fn ordered((a, b): (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    if a < b { (a, b) } else { (b, a) }
}
