//! The loop around turmoil's steps: virtual time and its jumps, and the faults that are not tied to one message. It acts
//! only between two steps. The lives of processes are in `life`, what happens to links in `links`.

mod life;
mod links;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use turmoil::Sim;

use crate::journal::{Event, ProcessName};
use crate::process::recorder::Recorder;
use crate::process::shell::{Order, Report, Reports};
use crate::scenario::StepAction;
use crate::server::{Demand, Input};
use crate::sim::clock::{self, Jumper};
use crate::sim::command::{Ask, Command, Commands};
use crate::sim::error::SimError;
use crate::sim::network::SharedReach;
use crate::sim::os;
use crate::sim::outside::Outside;
use crate::sim::world::{Managed, World};

/// The longest virtual time of a run, in milliseconds: eight days.
const VIRTUAL_LIMIT_MS: u64 = 8 * DAY_MS;
/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;
/// The longest wall-clock time of a run.
const WALL_LIMIT: Duration = Duration::from_secs(120);
/// A jump ends this long before the earliest deadline, in milliseconds: what the deadline wakes acts in a step of its own.
const SHORT_OF_DEADLINE_MS: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    Start(ProcessName),
    Kill(ProcessName),
    PowerOn(ProcessName),
    Reconnect(ProcessName),
    HealPartition(usize),
    HealStall(ProcessName),
}

/// The driver of one run.
pub struct Driver<'a> {
    sim: Sim<'a>,
    recorder: Recorder,
    jumper: Jumper,
    processes: BTreeMap<ProcessName, Managed>,
    outside: Vec<Box<dyn Outside>>,
    /// When the first of those outside wants to go on.
    outside_deadline: Option<u64>,
    commands: Commands,
    reports: Reports,
    jumps: bool,
    now_ms: u64,
    /// Whether nobody has anything left to do before the next deadline.
    settled: bool,
    due: BTreeMap<(u64, u64), Due>,
    next_due: u64,
    /// Processes that were told to stop, with the time that they stay down then; `None` is until told otherwise.
    stopping: BTreeMap<ProcessName, Option<u64>>,
    /// Processes without power: when it comes back, and whether they start then.
    powered_off: BTreeMap<ProcessName, (u64, bool)>,
    /// Until when stalled processes are.
    stalled: BTreeMap<ProcessName, u64>,
    partitions: Vec<links::Partition>,
    /// How many faults hold a link.
    held: BTreeMap<(IpAddr, IpAddr), u32>,
    reach: SharedReach,
    waiting: Vec<(Vec<ProcessName>, oneshot::Sender<()>)>,
    healing: Vec<(Vec<ProcessName>, String)>,
}

impl<'a> Driver<'a> {
    /// A driver of that world at time 0.
    #[must_use]
    pub fn new(world: World<'a>, jumps: bool) -> Self {
        Self {
            sim: world.sim,
            recorder: world.recorder,
            jumper: world.jumper,
            processes: world.processes,
            outside: world.outside,
            outside_deadline: None,
            commands: world.commands,
            reports: world.reports,
            reach: world.reach,
            jumps,
            now_ms: 0,
            settled: false,
            due: BTreeMap::new(),
            next_due: 0,
            stopping: BTreeMap::new(),
            powered_off: BTreeMap::new(),
            stalled: BTreeMap::new(),
            partitions: Vec::new(),
            held: BTreeMap::new(),
            waiting: Vec::new(),
            healing: Vec::new(),
        }
    }

    /// Steps until `finished`, and returns the virtual time in milliseconds.
    ///
    /// # Errors
    /// [`SimError`] if the simulation itself failed, or a limit of virtual or wall-clock time was hit.
    pub fn run(&mut self, finished: impl Fn() -> bool) -> Result<u64, SimError> {
        let began = os::outside(Instant::now);
        let mut steps = 0_u64;
        while !finished() {
            self.between_steps();
            self.settle_outside()?;
            self.step()?;
            steps += 1;
            if self.now_ms > VIRTUAL_LIMIT_MS {
                return Err(SimError::NeverRests(VIRTUAL_LIMIT_MS / DAY_MS));
            }
            if steps.is_multiple_of(1024) && os::outside(|| began.elapsed()) > WALL_LIMIT {
                return Err(SimError::TooLong(WALL_LIMIT.as_secs()));
            }
        }
        self.recorder.close();
        Ok(self.now_ms)
    }

    /// One step: a plain one, or a jump over time in which nothing can happen.
    fn step(&mut self) -> Result<(), SimError> {
        let before = self.recorder.len();
        let jump_ms = self.jump_ms();
        if jump_ms > 0 {
            self.jumper.jump(jump_ms);
        }
        self.sim
            .step()
            .map_err(|error| SimError::Failed(error.to_string()))?;
        self.now_ms += jump_ms.max(1);
        self.recorder.set_now_ms(self.now_ms);
        clock::set_now(self.now_ms);
        os::set_now(self.now_ms);
        // Within a step every task runs until it waits. Left over can be what a timer woke at the step's end, what is on
        // its way over the network, and, where something happened, what one process told another beside the network.
        self.settled = self.recorder.len() == before && !clock::has_fired() && !self.has_messages();
        Ok(())
    }

    fn jump_ms(&mut self) -> u64 {
        if !self.jumps
            || !self.settled
            || !self.commands.borrow().is_empty()
            || !self.reports.borrow().is_empty()
        {
            return 0;
        }
        let due = self.due.keys().next().map(|(at, _)| *at);
        let earliest = [clock::next_deadline(), due, self.outside_deadline];
        let earliest = earliest.into_iter().flatten().min();
        let Some(earliest) = earliest else { return 0 };
        let jump_ms = earliest.saturating_sub(self.now_ms + SHORT_OF_DEADLINE_MS);
        if jump_ms > 1 { jump_ms } else { 0 }
    }

    fn between_steps(&mut self) {
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

    /// Time waits for those outside: each computes until it waits too.
    fn settle_outside(&mut self) -> Result<(), SimError> {
        self.outside_deadline = None;
        for outside in &mut self.outside {
            let standing = os::outside(|| outside.settle(self.now_ms))?;
            // What it handed over is seen in the coming step, which must not be a jump.
            self.settled &= !standing.has_acted;
            let deadlines = [self.outside_deadline, standing.deadline_ms];
            self.outside_deadline = deadlines.into_iter().flatten().min();
        }
        Ok(())
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
