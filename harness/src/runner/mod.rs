//! Running cells: each twice, compared as it goes, within limits of wall-clock time, many side by side; models on a fresh
//! thread each, what draws from what a process shares in a process of its own. What comes of it is judged against what
//! the scenario promises.

mod cell;
mod error;
mod judge;
mod own_process;
mod promise;
mod reference;
mod result;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

pub use cell::{Cell, Loaded, scenarios};
pub use error::RunError;
pub use judge::{judge, judge_record, never_shown, no_progress};
pub use own_process::serve_if_child;
pub use promise::{promise, promised};
pub use reference::RIGHT;
pub use result::{CellResult, Judged, Outcome, RESULTS_VERSION, Results, Said, is_clients};

use stalemate_clients::Program;

use crate::journal::Record;
use crate::registry::{Registry, Subject};
use crate::runner::reference::{References, needs_more_than_a_retry};
use crate::scenario::ServerKind;
use crate::sim::{self, Options, Run, RunNotes, SimError, Spec};

/// How long things may take, in wall-clock time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One run; above the simulation's own limit, which ends a run that still steps.
    pub run: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            run: Duration::from_secs(180),
        }
    }
}

/// What came of a cell.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The verdicts.
    pub result: CellResult,
    /// What was observed in the first of its two runs.
    pub record: Arc<Record>,
    /// What that run showed besides.
    pub findings: RunNotes,
}

/// Runs cells with the clients and servers of a registry.
#[derive(Clone)]
pub struct Runner {
    registry: Registry,
    jobs: usize,
    limits: Limits,
    references: References,
}

impl Runner {
    /// A runner that uses every core.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            jobs: thread::available_parallelism().map_or(1, usize::from),
            limits: Limits::default(),
            references: References::default(),
        }
    }

    /// The same with so many cells at once; 0 counts as 1.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// The same with those limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whose clients and servers it runs.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs a cell once, and finds out whether any client could have got anywhere.
    ///
    /// # Errors
    /// [`RunError`]: a bug in the harness, or a client that never comes to rest.
    pub fn run_once(&self, cell: &Cell) -> Result<Run, RunError> {
        let mut run = self.run_against(cell, None)?;
        self.measure(&cell.scenario, &mut run.record)?;
        Ok(run)
    }

    /// As [`run_once`](Self::run_once), but where all went well it is not asked whether that was luck: a search sees many
    /// runs, and asking costs twelve more of each.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once).
    pub fn glance(&self, cell: &Cell) -> Result<Run, RunError> {
        let mut run = self.run_against(cell, None)?;
        if needs_more_than_a_retry(&run.record) {
            self.add_no_progress(&cell.scenario, &mut run.record)?;
        }
        Ok(run)
    }

    /// Runs a cell twice and judges it.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once).
    pub fn run(&self, cell: &Cell) -> Result<Ran, RunError> {
        let Run {
            record, findings, ..
        } = self.run_against(cell, None)?;
        let record = Arc::new(record);
        let again = self.run_against(cell, Some(&record))?;
        let difference = again.difference.as_ref();
        let mut record = Arc::unwrap_or_clone(record);
        self.measure(&cell.scenario, &mut record)?;
        let record = Arc::new(record);
        let result = judge(&cell.scenario, &record, &findings, difference);
        Ok(Ran {
            result,
            record,
            findings,
        })
    }

    /// Does something with each of many things, side by side, and returns what it gave in their order.
    pub fn for_all<C: Sync, T: Send>(
        &self,
        all: &[C],
        act: impl Fn(&Self, &C) -> T + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<T>>> = Mutex::new(all.iter().map(|_| None).collect());
        thread::scope(|scope| {
            for _ in 0..self.jobs.min(all.len()) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = all.get(at) else { break };
                        let gave = act(self, one);
                        done.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(gave);
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.into_iter()
            .map(|gave| gave.expect("each was taken by somebody"))
            .collect()
    }

    fn run_against(&self, cell: &Cell, first: Option<&Arc<Record>>) -> Result<Run, RunError> {
        let subject = self.registry.subject(&cell.scenario, &cell.client);
        let subject = subject.ok_or_else(|| RunError::NoClient(cell.client.clone()))?;
        let mut servers = cell.scenario.servers.iter();
        let real_server = servers.any(|s| matches!(s.kind, ServerKind::Real(_)));
        if real_server || subject.factory().needs_own_process() {
            let dialects = self.registry.dialect_directories();
            let program = subject.factory().program();
            if let Some(remedy) = program.and_then(Program::missing) {
                return Err(RunError::NotInstalled(
                    cell.client.clone(),
                    remedy.to_owned(),
                ));
            }
            return own_process::run(cell, dialects, program, first, self.limits.run);
        }
        on_thread(cell, &subject, first, self.limits.run)
    }
}

/// Runs a cell on a fresh thread, because hash seeds and other thread-locals outlive a run.
fn on_thread(
    cell: &Cell,
    subject: &Subject,
    first: Option<&Arc<Record>>,
    limit: Duration,
) -> Result<Run, RunError> {
    let (cell, subject) = (cell.clone(), subject.clone());
    let options = Options {
        against: first.cloned(),
        ..Options::default()
    };
    let run = move || {
        let spec = Spec {
            scenario: &cell.scenario,
            client: &cell.client,
            subject: &subject,
            seed: cell.seed,
        };
        sim::run_with(spec, &options)
    };
    let (sender, receiver) = mpsc::channel();
    let worker = thread::Builder::new()
        .name("world".to_owned())
        .spawn(move || {
            let _ = sender.send(run());
        })
        .map_err(|error| RunError::Machine(format!("failed to start a thread: {error}")))?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result?),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(RunError::Stuck(limit.as_secs())),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(match worker.join() {
            Err(panic) => SimError::Panicked(sim::panic_text(&*panic).to_owned()).into(),
            Ok(()) => RunError::Machine("the run ended without a result".to_owned()),
        }),
    }
}
