//! The lives of processes: told to stop, killed, without power, stalled, started again. A process is up, about to stop,
//! down, or without power; what strikes one that is down already changes at most when it comes back.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::managed::{Managed, Serves};
use super::{Due, Machines, Operator, names};
use crate::journal::{Event, ProcessName, SessionEnd};
use crate::process::shell::Order;
use crate::scenario::Becomes;
use crate::server::{Input, Others, Tools};

/// A process that does not stop by itself is killed this long after it was told to, in milliseconds.
const KILL_AFTER_MS: u64 = 90_000;
/// From a machine's start to the arrival of what was sent to it meanwhile, in milliseconds: its processes listen by then.
const BOOT_MS: u64 = 2;

impl<M: Machines> Operator<M> {
    /// Whether all of them listen and none is about to stop.
    pub(super) fn are_up(&self, names: &[ProcessName]) -> bool {
        names
            .iter()
            .all(|n| self.processes[n].host.is_up.get() && !self.stopping.contains_key(n))
    }

    /// Whether it neither runs nor is being started.
    fn is_down(&self, process: &ProcessName) -> bool {
        !self.processes[process].host.listens.get()
    }

    /// Tells the processes to stop, to be started again after `down_ms`, or not before they are told to.
    pub(super) fn stop(
        &mut self,
        targets: &[String],
        fault: String,
        order: Order,
        down_ms: Option<u64>,
        done: Option<oneshot::Sender<()>>,
    ) {
        let targets = names(targets);
        self.begin(fault, &targets);
        for process in &targets {
            if self.is_down(process) {
                self.start_later(process, down_ms);
                continue;
            }
            self.stopping.insert(Arc::clone(process), down_ms);
            if self.processes[process].host.order(order.clone()) {
                let grace_ms = match order {
                    Order::Drain(limit_ms) => limit_ms,
                    Order::Stop | Order::Input(_) => 0,
                };
                self.schedule(KILL_AFTER_MS + grace_ms, Due::Kill(Arc::clone(process)));
            } else {
                // It has not come so far that it could be told.
                self.stopped(process);
            }
        }
        if let Some(done) = done {
            self.waiting.push((targets, done));
        }
    }

    /// Has processes of servers be something else from their next start on.
    pub(super) fn change(&self, targets: &[ProcessName], becomes: &Becomes) {
        for process in targets {
            if let Some(serves) = &self.processes[process].serves {
                serves.runs.borrow_mut().become_that(becomes);
            }
        }
    }

    /// Has other users of a server do something; its processes share them evenly.
    pub(super) fn others(&mut self, server: &str, what: Others) {
        self.settled = false;
        let fault = match what {
            Others::Hold(many) => format!("{many} other users work with {server}"),
            Others::Leak(many) => format!("{many} other users leave a session on {server} each"),
            Others::Leave => format!("the other users leave {server}"),
        };
        self.recorder.note(Event::FaultBegan {
            fault,
            on: Vec::new(),
        });
        let processes: Vec<(&Managed, &Serves)> = self.serving(server).collect();
        for (n, (managed, _)) in processes.iter().enumerate() {
            let share = |many: usize| {
                let rest = usize::from(n < many % processes.len());
                many / processes.len() + rest
            };
            let input = Input::Others(match what {
                Others::Hold(many) => Others::Hold(share(many)),
                Others::Leak(many) => Others::Leak(share(many)),
                Others::Leave => Others::Leave,
            });
            managed.host.order(Order::Input(input));
        }
    }

    /// The processes of a server, with what each is to it.
    fn serving<'d>(&'d self, server: &'d str) -> impl Iterator<Item = (&'d Managed, &'d Serves)> {
        let all = self.processes.values();
        let serving = all.filter_map(|managed| Some((managed, managed.serves.as_ref()?)));
        serving.filter(move |(_, serves)| *serves.server == *server)
    }

    /// Makes every process of a server do that.
    pub(super) fn order_server(&self, server: &str, input: &Input) {
        for (managed, _) in self.serving(server) {
            managed.host.order(Order::Input(input.clone()));
        }
    }

    /// Gives every process of a server those tools; one that is down has them when it starts.
    pub(super) fn change_tools(&self, server: &str, tools: Tools) {
        for (managed, serves) in self.serving(server) {
            let mut runs = serves.runs.borrow_mut();
            runs.tools = tools;
            if managed.host.is_up.get() {
                runs.note(tools);
            }
        }
    }

    /// A process ended as it was told to, or is ended because it did not.
    pub(super) fn stopped(&mut self, process: &ProcessName) {
        let down_ms = self.stopping.remove(process).flatten();
        self.take_down(process, "stopped (SIGTERM)");
        self.start_later(process, down_ms);
    }

    /// A process dies at once, and its supervisor starts it again; one that had been told to stop has stopped by that.
    /// What is down or without power cannot die.
    pub(super) fn die(&mut self, process: &ProcessName, why: &str) {
        if self.is_down(process) {
            return;
        }
        let supervisor_ms = self.processes[process].supervisor_ms;
        let told = self.stopping.remove(process);
        self.take_down(process, why);
        self.start_later(process, told.unwrap_or(Some(supervisor_ms)));
    }

    /// Starts what is down in that time, instead of when it would have been started.
    fn start_later(&mut self, process: &ProcessName, in_ms: Option<u64>) {
        self.due
            .retain(|_, due| !matches!(due, Due::Start(p) if p == process));
        if let Some((_, starts)) = self.powered_off.get_mut(process) {
            *starts = false;
        }
        if let Some(in_ms) = in_ms {
            self.schedule(in_ms, Due::Start(Arc::clone(process)));
        }
    }

    /// Ends the process: its connections close, its ports refuse from now on.
    fn take_down(&mut self, process: &ProcessName, cause: &str) {
        self.end_process(process, cause);
        let managed = &self.processes[process];
        managed.host.process.set_halted(false);
        self.machines.bounce(process);
    }

    fn end_process(&mut self, process: &ProcessName, cause: &str) {
        self.heal_stall(process);
        self.stopping.remove(process);
        // What the scheduled kill of this life would do is no longer wanted.
        self.due
            .retain(|_, due| !matches!(due, Due::Kill(p) if p == process));
        let managed = &self.processes[process];
        managed.host.listens.set(false);
        managed.host.process.set_halted(true);
        if managed.host.is_up.replace(false) {
            self.recorder.note(Event::ProcessDown {
                process: Arc::clone(process),
                cause: cause.to_owned(),
            });
        }
        if let Some(serves) = &managed.serves {
            for session in (serves.sessions)() {
                let cause = SessionEnd::ProcessEnded;
                self.recorder.note(Event::SessionEnded {
                    server: Arc::clone(&serves.server),
                    at: Arc::clone(process),
                    session,
                    cause,
                });
            }
        }
        self.machines.crash(process);
    }

    /// Starts what is down; without power, as soon as that is back.
    pub(super) fn start(&mut self, process: &ProcessName) {
        if let Some((_, starts)) = self.powered_off.get_mut(process) {
            *starts = true;
            return;
        }
        let managed = &self.processes[process];
        if managed.host.listens.replace(true) {
            return;
        }
        managed.host.process.set_halted(false);
        self.machines.bounce(process);
    }

    /// Peers learn nothing: no FIN, no RST. What they send meanwhile arrives when the power is back. A process that was
    /// up or about to be restarted starts with the power.
    pub(super) fn power_off(&mut self, process: &ProcessName, down_ms: u64) {
        let until_ms = self.now_ms + down_ms;
        self.schedule(down_ms, Due::PowerOn(Arc::clone(process)));
        if let Some((until, _)) = self.powered_off.get_mut(process) {
            *until = until_ms.max(*until);
            return;
        }
        let starts = !self.is_down(process) && self.stopping.get(process) != Some(&None);
        self.cut_off(process);
        if !self.is_down(process) {
            self.end_process(process, "power lost");
        }
        self.hold_all(process);
        self.powered_off
            .insert(Arc::clone(process), (until_ms, starts));
    }

    /// Gives power back to a process that has none, unless that is to last longer.
    pub(super) fn power_on(&mut self, process: &ProcessName) {
        let Some((until_ms, starts)) = self.powered_off.get(process).copied() else {
            return;
        };
        if self.now_ms < until_ms {
            return;
        }
        self.powered_off.remove(process);
        if starts {
            self.start(process);
        } else {
            // The machine is there again and refuses, though what ran on it does not run yet.
            self.machines.bounce(process);
        }
        self.schedule(BOOT_MS, Due::Reconnect(Arc::clone(process)));
    }

    /// Stalls the process; a stall upon a stall lasts until the later of their ends.
    pub(super) fn stall(&mut self, process: &ProcessName, for_ms: u64) {
        let until_ms = self.now_ms + for_ms;
        self.schedule(for_ms, Due::HealStall(Arc::clone(process)));
        if let Some(until) = self.stalled.get_mut(process) {
            *until = until_ms.max(*until);
            return;
        }
        if self.is_down(process) {
            return;
        }
        self.stalled.insert(Arc::clone(process), until_ms);
        self.processes[process].host.process.set_stalled(true);
        self.recorder.note(Event::FaultBegan {
            fault: format!("{process} stalled"),
            on: vec![Arc::clone(process)],
        });
    }

    /// Ends a stall, unless a later one lasts longer.
    pub(super) fn stall_is_over(&mut self, process: &ProcessName) {
        if self
            .stalled
            .get(process)
            .is_some_and(|until_ms| *until_ms <= self.now_ms)
        {
            self.heal_stall(process);
        }
    }

    fn heal_stall(&mut self, process: &ProcessName) {
        if self.stalled.remove(process).is_some() {
            self.recorder.note(Event::FaultHealed {
                fault: format!("{process} stalled"),
                on: vec![Arc::clone(process)],
            });
            self.processes[process].host.process.set_stalled(false);
        }
    }

    /// Heals and starts everything; answers when all is up.
    pub(super) fn calm(&mut self, done: oneshot::Sender<()>) {
        (0..self.partitions.len()).for_each(|index| self.heal_partition(index));
        let all: Vec<ProcessName> = self.processes.keys().cloned().collect();
        for process in &all {
            self.heal_stall(process);
            if let Some(power) = self.powered_off.get_mut(process) {
                *power = (self.now_ms, true);
                self.power_on(process);
            }
            // A process that is about to stop does so, and comes back as it would have.
            if !self.stopping.contains_key(process) {
                self.start(process);
            }
        }
        self.stopping
            .values_mut()
            .for_each(|down_ms| *down_ms = Some(0));
        self.waiting.push((all, done));
    }
}
