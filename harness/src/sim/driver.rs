//! The loop around turmoil's steps: virtual time and its jumps. Between two steps the operator carries out the faults that
//! are not tied to one message.

use std::time::{Duration, Instant};

use crate::operator::Operator;
use crate::process::recorder::Recorder;
use crate::sim::clock::{self, Jumper};
use crate::sim::error::SimError;
use crate::sim::hosts::Hosts;
use crate::sim::os;
use crate::sim::outside::Outside;
use crate::sim::world::World;

/// The longest virtual time of a run, in milliseconds: eight days.
const VIRTUAL_LIMIT_MS: u64 = 8 * DAY_MS;
/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;
/// The longest wall-clock time of a run.
const WALL_LIMIT: Duration = Duration::from_secs(120);
/// A jump ends this long before the earliest deadline, in milliseconds: what the deadline wakes acts in a step of its own.
const SHORT_OF_DEADLINE_MS: u64 = 1;

/// The driver of one run.
pub struct Driver<'a> {
    /// Carries out faults; `settled` of it is whether nobody has anything left to do before the next deadline.
    operator: Operator<Hosts<'a>>,
    recorder: Recorder,
    jumper: Jumper,
    outside: Vec<Box<dyn Outside>>,
    /// When the first of those outside wants to go on.
    outside_deadline: Option<u64>,
    jumps: bool,
    now_ms: u64,
}

impl<'a> Driver<'a> {
    /// A driver of that world at time 0.
    #[must_use]
    pub fn new(world: World<'a>, jumps: bool) -> Self {
        let recorder = world.recorder.clone();
        let operator = Operator::new(
            world.hosts,
            world.recorder,
            world.processes,
            world.commands,
            world.reports,
        );
        Self {
            operator,
            recorder,
            jumper: world.jumper,
            outside: world.outside,
            outside_deadline: None,
            jumps,
            now_ms: 0,
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
            self.operator.attend(self.now_ms);
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
        let stepped = self.operator.machines.sim.step();
        stepped.map_err(|error| SimError::Failed(error.to_string()))?;
        self.now_ms += jump_ms.max(1);
        self.recorder.set_now_ms(self.now_ms);
        clock::set_now(self.now_ms);
        os::set_now(self.now_ms);
        // Within a step every task runs until it waits. Left over can be what a timer woke at the step's end, what is on
        // its way over the network, and, where something happened, what one process told another beside the network.
        self.operator.settled = self.recorder.len() == before
            && !clock::has_fired()
            && !self.operator.machines.has_messages();
        Ok(())
    }

    fn jump_ms(&mut self) -> u64 {
        if !self.jumps || !self.operator.settled || self.operator.is_asked() {
            return 0;
        }
        let due = self.operator.deadline_ms();
        let earliest = [clock::next_deadline(), due, self.outside_deadline];
        let earliest = earliest.into_iter().flatten().min();
        let Some(earliest) = earliest else { return 0 };
        let jump_ms = earliest.saturating_sub(self.now_ms + SHORT_OF_DEADLINE_MS);
        if jump_ms > 1 { jump_ms } else { 0 }
    }

    /// Time waits for those outside: each computes until it waits too.
    fn settle_outside(&mut self) -> Result<(), SimError> {
        self.outside_deadline = None;
        for outside in &mut self.outside {
            let standing = os::outside(|| outside.settle(self.now_ms))?;
            // What it handed over is seen in the coming step, which must not be a jump.
            self.operator.settled &= !standing.has_acted;
            let deadlines = [self.outside_deadline, standing.deadline_ms];
            self.outside_deadline = deadlines.into_iter().flatten().min();
        }
        Ok(())
    }
}
