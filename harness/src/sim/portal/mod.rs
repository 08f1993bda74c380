//! The portal: programs of other languages, unmodified, in the simulation's time and network. A program's clock, waits,
//! random numbers and connections are ours (see the library below `harness/portal`), its clients act as any other.
//!
//! Proven by construction: a program sees no other time and reaches no other network; it learns of one thing at a time,
//! and of the next only when all of it waits; its lookups of names end in the same way, one at a time. Measured only: what
//! threads of one program do beside each other between two such points. So each cell runs twice and must give the same record.

// Without programs, much of what is said of them is of no use.
#![cfg_attr(not(portal), allow(dead_code))]

#[cfg(portal)]
mod birth;
#[cfg(portal)]
mod child;
#[cfg(not(portal))]
#[path = "nowhere.rs"]
mod child;
#[cfg(portal)]
mod conns;
mod front;
mod lines;
#[cfg(portal)]
mod quiet;
mod relay;
#[cfg(portal)]
mod sys;
mod watch;
mod words;

pub(crate) use lines::refusals;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stalemate_clients::Speaks;
use tokio::sync::mpsc::UnboundedSender;

use crate::setup::seed::Generator;
use crate::sim::SimError;
use crate::sim::outside::{Outside, Standing};
use child::Child;
pub(super) use front::PortalFactory;
use lines::Said;
use watch::Watch;
pub use watch::{Passed, What};
use words::{Did, Give, Order, SERVER, Seen, Start};

/// The most virtual time that a program may use up before it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What the simulation wants of programs, by their numbers, in order.
#[derive(Default)]
pub(super) struct Desk {
    next: u32,
    orders: VecDeque<(u32, Order)>,
}

impl Desk {
    /// A number for a program that is to be started.
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }
}

/// As programs' clients and the portal share it.
#[derive(Clone, Default)]
pub(super) struct SharedDesk(Arc<Mutex<Desk>>);

impl SharedDesk {
    fn with<T>(&self, act: impl FnOnce(&mut Desk) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn order(&self, program: u32, order: Order) {
        self.with(|desk| desk.orders.push_back((program, order)));
    }
}

/// A program that runs.
struct Running {
    number: u32,
    watch: Watch,
    child: Child,
    speaks: Speaks,
    port: u16,
    to: UnboundedSender<Did>,
    /// The numbers under which it was told something that it has not answered.
    open: BTreeSet<u64>,
    is_ready: bool,
    has_spoken: bool,
    /// Whether it was told to come to its end, or has come to it.
    ends: bool,
}

/// All programs of a run.
pub(super) struct Portal {
    desk: SharedDesk,
    running: BTreeMap<u32, Running>,
    seed: u64,
    watch: Watch,
}

impl Portal {
    /// A portal without programs, and the desk on which they are ordered. What passes is told to `watch`.
    pub(super) fn new(seed: u64, watch: Option<Sender<Passed>>) -> (Self, SharedDesk) {
        let desk = SharedDesk::default();
        let portal = Self {
            desk: desk.clone(),
            running: BTreeMap::new(),
            seed,
            watch: Watch::new(watch),
        };
        (portal, desk)
    }

    fn start(&mut self, number: u32, start: Start, now_ms: u64) -> Result<(), SimError> {
        let seed = Generator::new(self.seed, &format!("program {number}")).number();
        self.watch.tell(number, || What::Started(start.url.clone()));
        let child = Child::start(&start, seed, now_ms)?;
        let mut running = Running {
            number,
            watch: self.watch.clone(),
            child,
            speaks: start.program.speaks,
            port: start.port,
            to: start.to,
            open: BTreeSet::new(),
            is_ready: start.program.speaks == Speaks::McpStdio,
            has_spoken: false,
            ends: false,
        };
        running.start()?;
        self.running.insert(number, running);
        Ok(())
    }

    fn carry_out(&mut self, number: u32, order: Order, now_ms: u64) -> Result<(), SimError> {
        let order = match order {
            Order::Start(start) => return self.start(number, start, now_ms),
            Order::End => {
                self.watch.tell(number, || What::Killed);
                self.running.remove(&number);
                return Ok(());
            }
            order => order,
        };
        let Some(running) = self.running.get_mut(&number) else {
            return Ok(());
        };
        match order {
            Order::Say(line, id) => {
                running.open.extend(id);
                running.child.say(&line);
                self.watch.tell(number, || What::Told(line, id));
            }
            Order::Give(conn, what) => running.child.give(conn, what)?,
            Order::HangUp => {
                running.ends = true;
                running.child.hang_up();
                self.watch.tell(number, || What::HungUp);
            }
            Order::Start(_) | Order::End => {}
        }
        running.settle()
    }
}

impl Running {
    /// Lets it come so far that it can be told what to do. What time it uses up for that is its own.
    fn start(&mut self) -> Result<(), SimError> {
        let mut used = Duration::ZERO;
        self.settle()?;
        while !self.is_ready {
            let Some(granted) = self.child.grant() else {
                return Err(self.child.wrong("waits, and has not said that it is ready"));
            };
            used += granted;
            if used > START_LIMIT {
                return Err(self
                    .child
                    .wrong("is not ready within a minute of its own time"));
            }
            self.go_on()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), SimError> {
        let seen = self.child.settle()?;
        self.see(seen)
    }

    fn go_on(&mut self) -> Result<(), SimError> {
        let seen = self.child.go_on()?;
        self.see(seen)
    }

    /// Tells the simulation what it did.
    fn see(&mut self, seen: Vec<Seen>) -> Result<(), SimError> {
        self.watch.tell(self.number, || What::Settled);
        let mut answers = Vec::new();
        for seen in seen {
            let did = match seen {
                Seen::Connect(conn, to, port) if (to, port) == (SERVER, self.port) => {
                    Did::Connect(conn)
                }
                // Nobody is there.
                Seen::Connect(conn, ..) => {
                    self.child.give(conn, Give::Refused)?;
                    answers.push(None);
                    continue;
                }
                Seen::Bytes(conn, bytes) => {
                    self.watch
                        .tell(self.number, || What::Sent(conn, bytes.clone()));
                    Did::Bytes(conn, bytes)
                }
                Seen::Finished(conn) => Did::Finished(conn),
                Seen::Closed(conn) => Did::Closed(conn),
                Seen::Line(line) => match self.heard(&line)? {
                    Said::Asks(id, method) => {
                        answers.push(Some(lines::reply(&id, &method)));
                        continue;
                    }
                    Said::Log => continue,
                    said => Did::Said(said),
                },
            };
            // Nobody may listen any more.
            let _ = self.to.send(did);
        }
        if self.child.is_gone() {
            // A program that hosts start may end when it likes, once it has worked: its host shows that to the user.
            let may = self.ends || self.speaks == Speaks::McpStdio && self.has_spoken;
            if !may {
                return Err(self.child.end());
            }
            self.ends = true;
            let how = format!(
                "the client's program has ended ({})",
                self.child.how_it_ended()
            );
            let _ = self.to.send(Did::Ended(how));
            return Ok(());
        }
        if answers.is_empty() {
            return Ok(());
        }
        for line in answers.into_iter().flatten() {
            self.child.say(&line);
            self.watch.tell(self.number, || What::Told(line, None));
        }
        self.settle()
    }

    fn heard(&mut self, line: &str) -> Result<Said, SimError> {
        self.watch.tell(self.number, || What::Said(line.to_owned()));
        self.read(line)
    }

    fn read(&mut self, line: &str) -> Result<Said, SimError> {
        let wrong = |why: String| format!("does not keep to its protocol: {why}");
        let said = lines::read(self.speaks, line).map_err(|why| self.child.wrong(&wrong(why)))?;
        self.has_spoken = true;
        match &said {
            Said::Ready(_) if self.is_ready => {
                return Err(self.child.wrong(&wrong("it is ready twice".to_owned())));
            }
            Said::Ready(_) => self.is_ready = true,
            Said::Answer(id, _) if !self.open.remove(id) => {
                let why = format!("nothing was asked under {id}, or it is answered twice");
                return Err(self.child.wrong(&wrong(why)));
            }
            _ => {}
        }
        Ok(said)
    }
}

impl Outside for Portal {
    fn settle(&mut self, now_ms: u64) -> Result<Standing, SimError> {
        let mut has_acted = false;
        self.watch.set_time(now_ms);
        for running in self.running.values_mut() {
            running.child.set_time(now_ms);
        }
        while let Some((number, order)) = self.desk.with(|desk| desk.orders.pop_front()) {
            has_acted = true;
            self.carry_out(number, order, now_ms)?;
        }
        for running in self.running.values_mut() {
            if running.child.deadline_ms().is_some_and(|at| at <= now_ms) {
                has_acted = true;
                running.go_on()?;
            }
        }
        // One that ended as it was told to is of no use any more.
        self.running
            .retain(|_, running| !(running.ends && running.child.is_gone()));
        let deadlines = self.running.values().filter_map(|r| r.child.deadline_ms());
        Ok(Standing {
            has_acted,
            deadline_ms: deadlines.min(),
        })
    }
}
