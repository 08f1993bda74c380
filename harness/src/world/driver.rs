//! The loop around turmoil's steps: virtual time and its jumps, starting and stopping processes, and the faults that are
//! not tied to one message. It acts only between two steps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use turmoil::Sim;

use crate::journal::{Event, Journal, ProcessName, ServerName, SessionEnd};
use crate::scenario::StepAction;
use crate::world::clock::{self, Jumper};
use crate::world::os;
use crate::world::shell::{Host, Order, Report, Reports};

/// A process that does not stop by itself is killed this long after it was told to, in milliseconds.
const KILL_AFTER_MS: u64 = 90_000;
/// The longest virtual time of a run, in milliseconds: eight days.
const VIRTUAL_LIMIT_MS: u64 = 8 * 24 * 3_600_000;
/// The longest wall-clock time of a run.
const WALL_LIMIT: Duration = Duration::from_secs(120);
/// Quiet steps that must pass before a jump, so that what was woken by a timer has acted.
const QUIET_STEPS: u32 = 2;
/// A jump ends this long before the earliest deadline, in milliseconds.
const SHORT_OF_DEADLINE_MS: u64 = 3;

/// What the script asks of the driver. The answer comes when the fault has begun; for restarts, when it is over.
pub struct Command {
    /// What to do.
    pub what: Ask,
    /// Told when it is done.
    pub done: oneshot::Sender<()>,
}

/// The things that can be asked.
pub enum Ask {
    /// Carry out a fault step.
    Fault(StepAction),
    /// Heal everything and bring everything up.
    Calm,
}

/// Commands on their way to the driver.
pub type Commands = Rc<RefCell<VecDeque<Command>>>;

/// The ids of the sessions that live at a model server now.
pub type LiveSessions = Rc<dyn Fn() -> Vec<String>>;

/// A process as the driver manages it.
pub struct Managed {
    /// What it shares with its shell.
    pub host: Rc<Host>,
    /// The turmoil hosts that it consists of.
    pub addresses: Vec<IpAddr>,
    /// From its death to the supervisor's restart, in milliseconds.
    pub supervisor_ms: u64,
    /// For a process of a server: the server's name, and the ids of the sessions that live here.
    pub sessions: Option<(ServerName, LiveSessions)>,
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

struct Partition {
    name: String,
    sides: (ProcessName, ProcessName),
    open: bool,
}

/// The driver of one run.
pub struct Driver<'a> {
    sim: Sim<'a>,
    journal: Journal,
    jumper: Jumper,
    processes: BTreeMap<ProcessName, Managed>,
    commands: Commands,
    reports: Reports,
    now_ms: u64,
    quiet: u32,
    due: BTreeMap<(u64, u64), Due>,
    next_due: u64,
    /// Processes that were told to stop, with the time that they stay down then; `None` is until told otherwise.
    stopping: BTreeMap<ProcessName, Option<u64>>,
    partitions: Vec<Partition>,
    held: BTreeSet<(IpAddr, IpAddr)>,
    powered_off: BTreeSet<ProcessName>,
    waiting: Vec<(Vec<ProcessName>, oneshot::Sender<()>)>,
    healing: Vec<(Vec<ProcessName>, String)>,
}

impl<'a> Driver<'a> {
    /// A driver of that simulation at time 0.
    #[must_use]
    pub fn new(
        sim: Sim<'a>,
        journal: Journal,
        jumper: Jumper,
        processes: BTreeMap<ProcessName, Managed>,
        commands: Commands,
        reports: Reports,
    ) -> Self {
        Self {
            sim,
            journal,
            jumper,
            processes,
            commands,
            reports,
            now_ms: 0,
            quiet: 0,
            due: BTreeMap::new(),
            next_due: 0,
            stopping: BTreeMap::new(),
            partitions: Vec::new(),
            held: BTreeSet::new(),
            powered_off: BTreeSet::new(),
            waiting: Vec::new(),
            healing: Vec::new(),
        }
    }

    /// Steps until `finished`, and returns the virtual time in milliseconds.
    ///
    /// # Errors
    /// A sentence for a person, if the simulation itself failed, or a limit of virtual or wall-clock time was hit.
    pub fn run(mut self, finished: impl Fn() -> bool) -> Result<u64, String> {
        let began = os::outside(Instant::now);
        let mut steps = 0_u64;
        while !finished() {
            self.between_steps();
            self.step()?;
            steps += 1;
            if self.now_ms > VIRTUAL_LIMIT_MS {
                return Err("the run did not end within eight days of virtual time".to_owned());
            }
            if steps.is_multiple_of(1024) && os::outside(|| began.elapsed()) > WALL_LIMIT {
                return Err(format!(
                    "the run did not end within {} s of wall-clock time",
                    WALL_LIMIT.as_secs()
                ));
            }
        }
        self.journal.close();
        Ok(self.now_ms)
    }

    /// One step: a plain one, or a jump over time in which nothing can happen.
    fn step(&mut self) -> Result<(), String> {
        let before = self.journal.len();
        let jump_ms = self.jump_ms();
        if jump_ms > 0 {
            self.jumper.jump(jump_ms);
        }
        self.sim
            .step()
            .map_err(|error| format!("the simulation failed: {error}"))?;
        self.now_ms += jump_ms.max(1);
        let armed = clock::take_armed();
        self.journal.set_now_ms(self.now_ms);
        clock::set_now(self.now_ms);
        os::set_now(self.now_ms);
        let active = armed || self.journal.len() != before || self.has_messages();
        self.quiet = if active { 0 } else { self.quiet + 1 };
        Ok(())
    }

    fn jump_ms(&mut self) -> u64 {
        if self.quiet < QUIET_STEPS
            || !self.commands.borrow().is_empty()
            || !self.reports.borrow().is_empty()
        {
            return 0;
        }
        let due = self.due.keys().next().map(|(at, _)| *at);
        let earliest = [clock::next_deadline(), due].into_iter().flatten().min();
        let Some(earliest) = earliest else { return 0 };
        let jump_ms = earliest.saturating_sub(self.now_ms + SHORT_OF_DEADLINE_MS);
        if jump_ms > 1 { jump_ms } else { 0 }
    }

    /// Whether a message is on a link that the harness does not itself hold.
    fn has_messages(&self) -> bool {
        let mut found = false;
        self.sim.links(|links| {
            for mut link in links {
                if !self.held.contains(&ordered(link.pair())) && link.next().is_some() {
                    found = true;
                }
            }
        });
        found
    }

    fn between_steps(&mut self) {
        let before = self.journal.len();
        for process in self.journal.take_halts() {
            self.processes[&process].host.process.set_halted(true);
            self.die(&process, "halted by the plan");
        }
        loop {
            let report = self.reports.borrow_mut().pop_front();
            match report {
                Some(Report::Stopped(process)) => self.stopped(&process),
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
            self.quiet = 0;
            self.carry_out(due);
        }
        loop {
            let command = self.commands.borrow_mut().pop_front();
            let Some(Command { what, done }) = command else {
                break;
            };
            match what {
                Ask::Fault(step) => self.fault(step, done),
                Ask::Calm => self.calm(done),
            }
        }
        self.answer_waiting();
        if self.journal.len() != before {
            self.quiet = 0;
        }
    }

    fn answer_waiting(&mut self) {
        let is_up = |processes: &BTreeMap<ProcessName, Managed>, names: &[ProcessName]| {
            names.iter().all(|n| processes[n].host.is_up.get())
        };
        for (names, fault) in std::mem::take(&mut self.healing) {
            if is_up(&self.processes, &names) {
                self.journal.note(Event::FaultHealed { fault, on: names });
            } else {
                self.healing.push((names, fault));
            }
        }
        for (names, done) in std::mem::take(&mut self.waiting) {
            if is_up(&self.processes, &names) {
                self.quiet = 0;
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
            Due::Reconnect(process) => {
                let links = self.links_of(&process);
                links.into_iter().for_each(|(a, b)| self.release(a, b));
            }
            Due::HealPartition(index) => self.heal_partition(index),
            Due::HealStall(process) => self.heal_stall(&process),
        }
    }

    fn fault(&mut self, step: StepAction, done: oneshot::Sender<()>) {
        match step {
            StepAction::Restart { targets, down_ms } => {
                self.stop(&targets, "restart", Order::Stop, Some(down_ms), Some(done));
                return;
            }
            StepAction::Drain {
                targets,
                limit_ms,
                down_ms,
            } => {
                self.stop(
                    &targets,
                    "drain",
                    Order::Drain(limit_ms),
                    Some(down_ms),
                    Some(done),
                );
                return;
            }
            StepAction::Crash { targets } => {
                self.begin("crash", &names(&targets));
                names(&targets)
                    .iter()
                    .for_each(|process| self.die(process, "killed (SIGKILL)"));
            }
            StepAction::Down { targets, for_ms } => {
                self.stop(&targets, "down", Order::Stop, for_ms, None);
            }
            StepAction::Up { targets } => names(&targets)
                .iter()
                .for_each(|process| self.start(process)),
            StepAction::PowerLoss { targets, down_ms } => {
                self.begin("power loss", &names(&targets));
                for process in names(&targets) {
                    self.power_off(&process);
                    self.schedule(down_ms, Due::PowerOn(process));
                }
            }
            StepAction::Partition { between, for_ms } => self.partition(&between, for_ms),
            StepAction::Heal => {
                (0..self.partitions.len()).for_each(|index| self.heal_partition(index))
            }
            StepAction::Stall { target, for_ms } => {
                let process: ProcessName = Arc::from(target);
                self.processes[&process].host.process.set_stalled(true);
                let fault = format!("{process} stalled");
                self.journal.note(Event::FaultBegan {
                    fault,
                    on: vec![Arc::clone(&process)],
                });
                self.schedule(for_ms, Due::HealStall(process));
            }
            StepAction::Cut { target } => {
                let process: ProcessName = Arc::from(target);
                let fault = format!("every connection of {process} cut");
                self.journal.note(Event::FaultBegan {
                    fault,
                    on: Vec::new(),
                });
                self.processes[&process].host.process.cut_connections();
            }
            StepAction::Expire { server } => {
                let fault = format!("every session of {server} expires");
                self.journal.note(Event::FaultBegan {
                    fault,
                    on: Vec::new(),
                });
                let runs_it =
                    |m: &&Managed| m.sessions.as_ref().is_some_and(|(s, _)| **s == *server);
                for managed in self.processes.values().filter(runs_it) {
                    managed.host.order(Order::ExpireAll);
                }
            }
            other => unreachable!("not a fault: {other:?}"),
        }
        let _ = done.send(());
    }

    /// Notes a fault of processes, which is healed when all of them are up again.
    fn begin(&mut self, what: &str, targets: &[ProcessName]) {
        let fault = format!("{what} of {}", targets.join(", "));
        self.journal.note(Event::FaultBegan {
            fault: fault.clone(),
            on: targets.to_vec(),
        });
        self.healing.push((targets.to_vec(), fault));
    }

    fn stop(
        &mut self,
        targets: &[String],
        what: &str,
        order: Order,
        down_ms: Option<u64>,
        done: Option<oneshot::Sender<()>>,
    ) {
        let targets = names(targets);
        self.begin(what, &targets);
        for process in &targets {
            self.stopping.insert(Arc::clone(process), down_ms);
            if self.processes[process].host.order(order) {
                let grace_ms = if let Order::Drain(limit_ms) = order {
                    limit_ms
                } else {
                    0
                };
                self.schedule(KILL_AFTER_MS + grace_ms, Due::Kill(Arc::clone(process)));
            } else {
                self.stopped(process);
            }
            // Nobody counts as up who is about to stop.
            self.processes[process].host.is_up.set(false);
        }
        if let Some(done) = done {
            self.waiting.push((targets, done));
        }
    }

    fn stopped(&mut self, process: &ProcessName) {
        let down_ms = self.stopping.remove(process).flatten();
        self.take_down(process, "stopped (SIGTERM)");
        if let Some(down_ms) = down_ms {
            self.schedule(down_ms, Due::Start(Arc::clone(process)));
        }
    }

    fn die(&mut self, process: &ProcessName, why: &str) {
        let supervisor_ms = self.processes[process].supervisor_ms;
        self.stopping.remove(process);
        self.take_down(process, why);
        self.schedule(supervisor_ms, Due::Start(Arc::clone(process)));
    }

    /// Ends the process: its connections close, its ports refuse from now on.
    fn take_down(&mut self, process: &ProcessName, cause: &str) {
        self.end_process(process, cause);
        let managed = &self.processes[process];
        managed.host.process.set_halted(false);
        for address in &managed.addresses {
            self.sim.bounce(*address);
        }
    }

    fn end_process(&mut self, process: &ProcessName, cause: &str) {
        // What the scheduled start or kill of an earlier life would do is no longer wanted.
        self.due
            .retain(|_, due| !matches!(due, Due::Start(p) | Due::Kill(p) if p == process));
        let managed = &self.processes[process];
        managed.host.is_up.set(false);
        managed.host.listens.set(false);
        managed.host.process.set_halted(true);
        self.journal.note(Event::ProcessDown {
            process: Arc::clone(process),
            cause: cause.to_owned(),
        });
        if let Some((server, sessions)) = &managed.sessions {
            for session in sessions() {
                let cause = SessionEnd::ProcessEnded;
                self.journal.note(Event::SessionEnded {
                    server: Arc::clone(server),
                    at: Arc::clone(process),
                    session,
                    cause,
                });
            }
        }
        for address in &managed.addresses {
            self.sim.crash(*address);
        }
    }

    fn start(&mut self, process: &ProcessName) {
        let managed = &self.processes[process];
        if managed.host.listens.get() {
            return;
        }
        managed.host.listens.set(true);
        managed.host.process.set_halted(false);
        for address in &managed.addresses {
            self.sim.bounce(*address);
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

    /// Peers learn nothing: no FIN, no RST. What they send meanwhile arrives when the power is back.
    fn power_off(&mut self, process: &ProcessName) {
        let links = self.links_of(process);
        links.iter().for_each(|(a, b)| self.sim.partition(*a, *b));
        self.end_process(process, "power lost");
        for (a, b) in links {
            self.sim.repair(a, b);
            self.hold(a, b);
        }
        self.powered_off.insert(Arc::clone(process));
    }

    fn power_on(&mut self, process: &ProcessName) {
        if self.powered_off.remove(process) {
            self.start(process);
            // What was held arrives once the listener is there: a real network would have sent it again.
            self.schedule(2, Due::Reconnect(Arc::clone(process)));
        }
    }

    fn hold(&mut self, a: IpAddr, b: IpAddr) {
        self.sim.hold(a, b);
        self.held.insert(ordered((a, b)));
    }

    fn release(&mut self, a: IpAddr, b: IpAddr) {
        self.sim.release(a, b);
        self.held.remove(&ordered((a, b)));
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

    fn partition(&mut self, between: &(String, String), for_ms: Option<u64>) {
        let sides: (ProcessName, ProcessName) = (Arc::from(&*between.0), Arc::from(&*between.1));
        let name = format!("partition of {} and {}", sides.0, sides.1);
        let on = vec![Arc::clone(&sides.0), Arc::clone(&sides.1)];
        self.journal.note(Event::FaultBegan {
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

    fn heal_partition(&mut self, index: usize) {
        let partition = &mut self.partitions[index];
        if !std::mem::take(&mut partition.open) {
            return;
        }
        let (fault, sides) = (partition.name.clone(), partition.sides.clone());
        self.between(&sides)
            .into_iter()
            .for_each(|(a, b)| self.release(a, b));
        self.journal.note(Event::FaultHealed {
            fault,
            on: vec![sides.0, sides.1],
        });
    }

    fn heal_stall(&mut self, process: &ProcessName) {
        if self.processes[process].host.process.is_stalled() {
            let fault = format!("{process} stalled");
            self.journal.note(Event::FaultHealed {
                fault,
                on: vec![Arc::clone(process)],
            });
            self.processes[process].host.process.set_stalled(false);
        }
    }

    /// Heals and starts everything; answers when all is up.
    fn calm(&mut self, done: oneshot::Sender<()>) {
        (0..self.partitions.len()).for_each(|index| self.heal_partition(index));
        let all: Vec<ProcessName> = self.processes.keys().cloned().collect();
        for process in &all {
            self.heal_stall(process);
            self.power_on(process);
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

fn names(targets: &[String]) -> Vec<ProcessName> {
    targets.iter().map(|t| Arc::from(t.as_str())).collect()
}

fn ordered((a, b): (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    if a < b { (a, b) } else { (b, a) }
}
