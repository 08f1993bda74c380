//! One run: the world of a scenario built for one client and one seed, driven to its end. Nothing is decided here.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};
use stalemate_wire::marks;
use tracing::subscriber::DefaultGuard;

use crate::fault::{Plan, Unfired};
use crate::journal::Record;
use crate::process::recorder::{Parting, Recorder};
use crate::sim::build::cast;
use crate::sim::clock::{self, TimerReports};
use crate::sim::driver::Driver;
use crate::sim::error::SimError;
use crate::sim::spec::Spec;
use crate::sim::world::World;
use crate::sim::{Passed, os, panics};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was observed; of a run that was compared with another, nothing.
    pub record: Record,
    /// Where it parted from the run that it was compared with.
    pub difference: Option<Parting>,
    /// What is no part of the record.
    pub findings: RunNotes,
}

/// What a run showed besides its record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunNotes {
    /// Steps that did not end as they demanded, with their lines.
    pub failures: Vec<(u64, String)>,
    /// Injections that never fired.
    pub unfired: Vec<Unfired>,
    /// The hops' access logs: hop and line, in order.
    pub access_log: Vec<(Arc<str>, String)>,
    /// How long it lasted, in virtual milliseconds.
    pub virtual_ms: u64,
    /// The spans of entries in calm, in which nothing is injected that does not last.
    #[serde(default)]
    pub calms: Vec<Range<usize>>,
    /// The arms of decisions of servers, hops and model clients that were taken: whose, and which (see `stalemate_wire::marks`).
    #[serde(default)]
    pub arms: BTreeSet<(String, String)>,
}

/// How a run is carried out, its content aside. A record does not depend on it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether time in which nothing happens is jumped over. Without it every millisecond is a step of its own: for tests
    /// of the clock.
    pub jump: bool,
    /// A record to compare with as things happen, in place of keeping a record.
    pub against: Option<Arc<Record>>,
    /// Who is told what passes between the run and clients that are programs of their own.
    pub watch: Option<Sender<Passed>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jump: true,
            against: None,
            watch: None,
        }
    }
}

/// Runs a scenario with one client and one seed, on this thread, which should be a fresh one: hash seeds live as long as
/// threads do.
///
/// # Errors
/// [`SimError`] if the run could not come to its end: a bug in the harness, a client that panics, or one that never comes
/// to rest.
pub fn run(spec: Spec<'_>) -> Result<Run, SimError> {
    run_with(spec, &Options::default())
}

/// As [`run`], with options.
///
/// # Errors
/// As [`run`].
pub fn run_with(spec: Spec<'_>, options: &Options) -> Result<Run, SimError> {
    run_in(spec, options, |_| {})
}

/// A run whose world is prepared once it is built.
fn run_in(
    spec: Spec<'_>,
    options: &Options,
    prepare: impl FnOnce(&mut World<'_>),
) -> Result<Run, SimError> {
    let _inside = os::enter(spec.seed);
    clock::begin();
    marks::keep();
    let _reports: DefaultGuard = tracing::subscriber::set_default(TimerReports);
    clock::make_known();
    let cast = Arc::new(cast(spec));
    let plan = Plan::new(&spec.scenario.inject, Arc::clone(&cast));
    let recorder = match &options.against {
        Some(record) => Recorder::against(Arc::clone(record), plan),
        None => Recorder::new(cast, plan),
    };
    let mut world = World::build(spec, recorder, options.watch.clone());
    prepare(&mut world);
    drive(world, options)
}

fn drive(world: World<'_>, options: &Options) -> Result<Run, SimError> {
    let (recorder, logs) = (world.recorder.clone(), Rc::clone(&world.logs));
    let (script, watched) = (Rc::clone(&world.findings), Rc::clone(&world.findings));
    let mut driver = Driver::new(world, options.jump);
    let ran = panics::caught(|| driver.run(move || watched.borrow().finished));
    // Apart from a panic of the run itself, which would otherwise meet a second one here.
    let taken_apart = panics::caught(|| {
        drop(driver);
        Ok(())
    });
    let virtual_ms = ran?;
    taken_apart?;
    let script = script.take();
    let arms = marks::taken().into_iter();
    Ok(Run {
        difference: recorder.difference(),
        record: recorder.take_record(),
        findings: RunNotes {
            failures: script.failures,
            unfired: recorder.unfired(),
            access_log: logs.take(),
            virtual_ms,
            calms: recorder.calms(),
            arms: arms
                .map(|(of, arm)| (of.to_owned(), arm.to_owned()))
                .collect(),
        },
    })
}

#[cfg(test)]
mod tests;
