//! What happens to links: held by one fault or several at once, and lost traffic when a machine loses power.

use std::sync::Arc;

use super::{Due, Machines, Operator};
use crate::journal::{Event, ProcessName};

/// A partition of the run.
pub(super) struct Partition {
    name: String,
    sides: (ProcessName, ProcessName),
    open: bool,
}

impl<M: Machines> Operator<M> {
    /// Tells the network who refuses every connection, those who are down but can be reached by everybody, and where there is
    /// no power.
    pub(super) fn tell_who_refuses(&mut self) {
        let is_off = |name: &&ProcessName| self.powered_off.contains_key(*name);
        let silent: Vec<&ProcessName> = self.processes.keys().filter(is_off).collect();
        let down = self.processes.iter();
        let down = down.filter(|(_, managed)| !managed.host.listens.get());
        let down = down.map(|(name, _)| name).filter(|name| !is_off(name));
        let refusing: Vec<&ProcessName> = down.collect();
        self.machines.tell_who_refuses(&refusing, &silent);
    }

    fn all_but(&self, process: &ProcessName) -> Vec<ProcessName> {
        let all = self.processes.keys();
        all.filter(|other| *other != process).cloned().collect()
    }

    /// Loses everything that is on the way from or to the process, and everything that it sends from now on.
    pub(super) fn cut_off(&mut self, process: &ProcessName) {
        for other in self.all_but(process) {
            self.machines.partition(&other, process);
        }
    }

    /// After [`cut_off`](Self::cut_off): what is sent to the process from now on waits.
    pub(super) fn hold_all(&mut self, process: &ProcessName) {
        for other in self.all_but(process) {
            self.machines.repair(&other, process);
            self.machines.hold(&other, process);
        }
    }

    /// Undoes [`hold_all`](Self::hold_all): what waited arrives.
    pub(super) fn reconnect(&mut self, process: &ProcessName) {
        for other in self.all_but(process) {
            self.machines.release(&other, process);
        }
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
        self.machines.hold(&sides.0, &sides.1);
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
        self.machines.release(&sides.0, &sides.1);
        self.recorder.note(Event::FaultHealed {
            fault,
            on: vec![sides.0, sides.1],
        });
    }
}
