//! Who carries out the faults of a scenario that are not tied to one message, on processes of any network: tells them to
//! stop, kills and starts them, takes their power, holds their links. It acts only when it is attended to, and knows what
//! time it is by being told. The lives of processes are in `life`, what happens to links in `links`.

mod command;
mod life;
mod links;
mod managed;
mod script;
mod software;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

pub use command::{Ask, Command, Commands};
pub use managed::{LiveSessions, Managed, Runs, Serves, SharedRuns};
pub use script::{AtOnce, Cue, Script, ScriptNotes};
pub use software::{HopSoftware, ServerSoftware, Shared};

use crate::journal::{Event, ProcessName};
use crate::process::recorder::Recorder;
use crate::process::shell::{Order, Report, Reports};
use crate::scenario::StepAction;
use crate::server::{Demand, Input};

/// What can be done to the hosts of a network and to the links between them.
pub trait Machines {
    /// Ends what runs on a process's hosts, and their connections.
    fn crash(&mut self, process: &ProcessName);

    /// Starts the software of a process's hosts anew.
    fn bounce(&mut self, process: &ProcessName);

    /// Loses everything that is on the way between two processes, or will be, until [`repair`](Self::repair).
    fn partition(&mut self, one: &ProcessName, other: &ProcessName);

    /// Ends [`partition`](Self::partition).
    fn repair(&mut self, one: &ProcessName, other: &ProcessName);

    /// Lets everything between two processes wait. Each call is ended by one of [`release`](Self::release).
    fn hold(&mut self, one: &ProcessName, other: &ProcessName);

    /// Ends a [`hold`](Self::hold): what waited arrives, if no other holds it.
    fn release(&mut self, one: &ProcessName, other: &ProcessName);

    /// Which processes refuse every connection now, and which answer nothing at all.
    fn tell_who_refuses(&mut self, refusing: &[&ProcessName], silent: &[&ProcessName]);
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    Start(ProcessName),
    Kill(ProcessName),
    PowerOn(ProcessName),
    Reconnect(ProcessName),
    HealPartition(usize),
    HealStall(ProcessName),
}

/// The operator of one run.
pub struct Operator<M> {
    /// The hosts.
    pub machines: M,
    /// Whether nothing was done that processes have not yet acted upon.
    pub settled: bool,
    recorder: Recorder,
    processes: BTreeMap<ProcessName, Managed>,
    commands: Commands,
    reports: Reports,
    now_ms: u64,
    due: BTreeMap<(u64, u64), Due>,
    next_due: u64,
    /// Processes that were told to stop, with the time that they stay down then; `None` is until told otherwise.
    stopping: BTreeMap<ProcessName, Option<u64>>,
    /// Processes without power: when it comes back, and whether they start then.
    powered_off: BTreeMap<ProcessName, (u64, bool)>,
    /// Until when stalled processes are.
    stalled: BTreeMap<ProcessName, u64>,
    partitions: Vec<links::Partition>,
    waiting: Vec<(Vec<ProcessName>, oneshot::Sender<()>)>,
    healing: Vec<(Vec<ProcessName>, String)>,
}

impl<M: Machines> Operator<M> {
    /// An operator of those processes at time 0.
    #[must_use]
    pub fn new(
        machines: M,
        recorder: Recorder,
        processes: BTreeMap<ProcessName, Managed>,
        commands: Commands,
        reports: Reports,
    ) -> Self {
        Self {
            machines,
            settled: false,
            recorder,
            processes,
            commands,
            reports,
            now_ms: 0,
            due: BTreeMap::new(),
            next_due: 0,
            stopping: BTreeMap::new(),
            powered_off: BTreeMap::new(),
            stalled: BTreeMap::new(),
            partitions: Vec::new(),
            waiting: Vec::new(),
            healing: Vec::new(),
        }
    }

    /// Whether somebody has asked or reported something that was not attended to.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.commands.borrow().is_empty() || !self.reports.borrow().is_empty()
    }

    /// When it wants to act next, in milliseconds of the run.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<u64> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Does what is due at that time of the run, in milliseconds, and what was asked or reported since the last time.
    pub fn attend(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        let before = self.recorder.len();
        for process in self.recorder.take_halts() {
            self.die(&process, "halted by the plan");
        }
        loop {
            let report = self.reports.borrow_mut().pop_front();
            match report {
                // A halt in the same step was sooner: then it did not stop, but died.
                Some(Report::Stopped(process)) if self.stopping.contains_key(&process) => {
                    self.stopped(&process);
                }
                Some(Report::Stopped(_)) => {}
                Some(Report::Died(process, why)) => self.die(&process, &why),
                None => break,
            }
        }
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > self.now_ms {
                break;
            }
            let due = entry.remove();
            // What is started, stopped or released here acts in the coming step, which must not be a jump.
            self.settled = false;
            self.carry_out(due);
        }
        loop {
            let command = self.commands.borrow_mut().pop_front();
            let Some(Command { what, done }) = command else {
                break;
            };
            // Whoever asked acts in the coming step, which should not be a jump even if nothing was noted.
            self.settled = false;
            match what {
                Ask::Fault(step) => self.fault(step, done),
                Ask::Calm => self.calm(done),
            }
        }
        self.answer_waiting();
        if self.recorder.len() != before {
            self.settled = false;
        }
        self.tell_who_refuses();
    }

    fn answer_waiting(&mut self) {
        for (names, fault) in std::mem::take(&mut self.healing) {
            if self.are_up(&names) {
                self.recorder.note(Event::FaultHealed { fault, on: names });
            } else {
                self.healing.push((names, fault));
            }
        }
        for (names, done) in std::mem::take(&mut self.waiting) {
            if self.are_up(&names) {
                self.settled = false;
                let _ = done.send(());
            } else {
                self.waiting.push((names, done));
            }
        }
    }

    fn schedule(&mut self, in_ms: u64, due: Due) {
        self.due.insert((self.now_ms + in_ms, self.next_due), due);
        self.next_due += 1;
    }

    fn carry_out(&mut self, due: Due) {
        match due {
            Due::Start(process) => self.start(&process),
            Due::Kill(process) => {
                if self.stopping.contains_key(&process) {
                    self.stopped(&process);
                }
            }
            Due::PowerOn(process) => self.power_on(&process),
            Due::Reconnect(process) => self.reconnect(&process),
            Due::HealPartition(index) => self.heal_partition(index),
            Due::HealStall(process) => self.stall_is_over(&process),
        }
    }

    fn fault(&mut self, step: StepAction, done: oneshot::Sender<()>) {
        match step {
            StepAction::Restart {
                targets,
                down_ms,
                becomes,
            } => {
                let mut fault = of("restart", &targets.processes);
                if let Some(becomes) = becomes {
                    self.change(&names(&targets.processes), &becomes);
                    fault = format!("{fault}, from now on {}", becomes.told());
                }
                self.stop(
                    &targets.processes,
                    fault,
                    Order::Stop,
                    Some(down_ms),
                    Some(done),
                );
                return;
            }
            StepAction::Drain {
                targets,
                limit_ms,
                down_ms,
            } => {
                self.stop(
                    &targets.processes,
                    of("drain", &targets.processes),
                    Order::Drain(limit_ms),
                    Some(down_ms),
                    Some(done),
                );
                return;
            }
            StepAction::Crash { targets } => {
                self.begin(of("crash", &targets.processes), &names(&targets.processes));
                names(&targets.processes)
                    .iter()
                    .for_each(|process| self.die(process, "killed (SIGKILL)"));
            }
            StepAction::Down { targets, for_ms } => {
                let fault = of("down", &targets.processes);
                self.stop(&targets.processes, fault, Order::Stop, for_ms, None);
            }
            StepAction::Up { targets } => names(&targets.processes)
                .iter()
                .for_each(|process| self.start(process)),
            StepAction::PowerLoss { targets, down_ms } => {
                self.begin(
                    of("power loss", &targets.processes),
                    &names(&targets.processes),
                );
                for process in names(&targets.processes) {
                    self.power_off(&process, down_ms);
                }
            }
            StepAction::Partition { between, for_ms } => self.partition(&between, for_ms),
            StepAction::Heal => {
                (0..self.partitions.len()).for_each(|index| self.heal_partition(index));
            }
            StepAction::Stall { target, for_ms } => {
                self.stall(&Arc::from(target), for_ms);
            }
            StepAction::Cut { target } => {
                let process: ProcessName = Arc::from(target);
                let fault = format!("every connection of {process} cut");
                self.recorder.note(Event::FaultBegan {
                    fault,
                    on: Vec::new(),
                });
                self.processes[&process].host.process.cut_connections();
            }
            StepAction::Expire { server } => {
                let fault = format!("every session of {server} expires");
                self.recorder.note(Event::FaultBegan {
                    fault,
                    on: Vec::new(),
                });
                self.order_server(&server, &Input::ExpireAll);
            }
            StepAction::Notify { server, tools } => {
                // The journal sees it when it is on the wire: until then nothing has settled.
                self.settled = false;
                if let Some(tools) = tools {
                    self.change_tools(&server, tools);
                    self.order_server(&server, &Input::Offer(tools));
                }
                self.order_server(&server, &Input::Notify);
            }
            StepAction::Others { on, what } => self.others(&on, what),
            StepAction::Ping { server } => {
                self.settled = false;
                self.order_server(&server, &Input::Demand(Demand::Ping));
            }
            StepAction::Ask { server, what } => {
                self.settled = false;
                self.order_server(&server, &Input::Demand(what));
            }
            other => unreachable!("not a fault: {other:?}"),
        }
        let _ = done.send(());
    }

    /// Notes a fault of processes, which is healed when all of them are up again.
    fn begin(&mut self, fault: String, targets: &[ProcessName]) {
        self.recorder.note(Event::FaultBegan {
            fault: fault.clone(),
            on: targets.to_vec(),
        });
        self.healing.push((targets.to_vec(), fault));
    }
}

/// A fault of processes in words.
fn of(what: &str, targets: &[String]) -> String {
    format!("{what} of {}", targets.join(", "))
}

fn names(targets: &[String]) -> Vec<ProcessName> {
    targets.iter().map(|t| Arc::from(t.as_str())).collect()
}
