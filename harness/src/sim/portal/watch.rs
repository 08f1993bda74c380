//! What passes between a program and the simulation, told to whoever wants to see it as it is: records only say what it means.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::Sender;

/// One thing that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The number of the program, from 1 in the order in which they are started.
    pub program: u32,
    /// When, in virtual milliseconds of the run.
    pub at_ms: u64,
    /// What.
    pub what: What,
}

/// What passed between a program and the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The program was started, as the client of the endpoint at that URL.
    Started(String),
    /// It was told that line on its standard input, which has no line feed. Under a number, an answer is expected.
    Told(String, Option<u64>),
    /// It said that line on its standard output.
    Said(String),
    /// It sent those bytes on the connection of that number.
    Sent(u32, Vec<u8>),
    /// It came to rest, after it was told or given something or because one of its waits was over.
    Settled,
    /// Its standard input was closed.
    HungUp,
    /// It was killed.
    Killed,
}

/// Tells somebody, or nobody, what passes.
#[derive(Clone, Default)]
pub(super) struct Watch {
    to: Option<Sender<Passed>>,
    now_ms: Rc<Cell<u64>>,
}

impl Watch {
    pub(super) fn new(to: Option<Sender<Passed>>) -> Self {
        Self {
            to,
            now_ms: Rc::default(),
        }
    }

    pub(super) fn set_time(&self, now_ms: u64) {
        self.now_ms.set(now_ms);
    }

    pub(super) fn tell(&self, program: u32, what: impl FnOnce() -> What) {
        if let Some(to) = &self.to {
            let at_ms = self.now_ms.get();
            // Nobody may listen any more.
            let _ = to.send(Passed {
                program,
                at_ms,
                what: what(),
            });
        }
    }
}
