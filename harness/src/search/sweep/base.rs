//! The run without faults, and each of the runs with one.

use std::collections::BTreeSet;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::fault::points;
use crate::journal::{Entry, Record};
use crate::runner::{Cell, RunError, Runner};
use crate::scenario;
use crate::search::columns::{Column, columns, fits};
use crate::search::findings::{Findings, Origin};
use crate::search::shown::{Violation, glance};
use crate::search::sweep::pairs::{First, Seconds, Wanted};
use crate::search::sweep::{Came, Row, Sweep, Watch, came, violations, with, without_own};
use crate::search::swept::{After, Done, Part, SWEPT_VERSION, SweptRun};

/// The run without faults, with the places at which faults can be: from here on all of a sweep is decided.
#[derive(Clone, Debug)]
pub struct Base {
    pub(super) cell: Cell,
    pub(super) record: Record,
    violations: Vec<Violation>,
    rows: Vec<Row>,
    pub(super) columns: Vec<Column>,
    /// Of each run with one fault the row and the column.
    tried: Vec<(usize, usize)>,
}

/// What came of a run with one fault.
pub(super) struct One {
    ran: SweptRun,
    /// Where a second fault can strike and with which columns, where pairs are asked for.
    pub(super) seconds: Vec<Seconds>,
}

impl Base {
    /// Runs a cell without faults.
    ///
    /// # Errors
    /// Why the run came to no end.
    pub fn of(cell: &Cell, runner: &Runner) -> Result<Self, RunError> {
        let (shown, run) = glance(cell, runner)?;
        let columns = columns(&run.record.cast);
        let mut rows: Vec<Row> = Vec::new();
        let mut tried = Vec::new();
        for point in points(&run.record, &run.findings.calms) {
            let entry = run.record.entries[point.at].clone();
            let mut came = Vec::new();
            for (column, of) in columns.iter().enumerate() {
                came.push(match fits(of, point.when.event, &entry) {
                    Ok(()) => {
                        tried.push((rows.len(), column));
                        Came::NotRun
                    }
                    Err(why) => Came::NotTried(why),
                });
            }
            rows.push(Row { point, entry, came });
        }
        Ok(Self {
            cell: cell.clone(),
            record: run.record,
            violations: shown.violations,
            rows,
            columns,
            tried,
        })
    }

    /// What names this sweep among others: the scenario, the client, the seed, what happens without faults, and the columns.
    /// Results that were written under the same name are of the same runs.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(SWEPT_VERSION.to_le_bytes());
        hash.update(self.cell.client.as_bytes());
        hash.update(self.cell.seed.to_le_bytes());
        hash.update(scenario::write(&self.cell.scenario));
        hash.update(self.record.hash());
        for column in &self.columns {
            hash.update(serde_json::to_vec(&column.fate).expect("plain data"));
        }
        hex(&hash.finalize(), 8)
    }

    /// The cell of a run with one fault.
    pub(super) fn single(&self, n: usize) -> Cell {
        let (row, column) = self.tried[n];
        let (point, fate) = (&self.rows[row].point, &self.columns[column].fate);
        with(&self.cell, &point.when, point.nth, fate)
    }

    /// Runs all of it but what is done already, with so many pairs of faults at the most; `None` is no pairs. Pairs follow
    /// when each fault was run alone.
    #[must_use]
    pub fn sweep(
        mut self,
        runner: &Runner,
        most_pairs: Option<usize>,
        done: &Done,
        watch: &dyn Watch,
    ) -> Sweep {
        let mut findings = Findings::default();
        findings.add(&self.violations, || Origin::without_faults(&self.cell));
        let all: Vec<usize> = (0..self.tried.len()).collect();
        let is_enough = |ran: &&SweptRun| most_pairs.is_none() || ran.no_end || ran.after.is_some();
        let before = |n: usize| done.get(Part::Single, n).filter(is_enough);
        watch.begins(
            Part::Single,
            all.iter().filter(|n| before(**n).is_none()).count(),
        );
        let ones = runner.for_all(&all, |runner, n| {
            if let Some(ran) = before(*n) {
                let (ran, seconds) = (ran.clone(), Vec::new());
                return Some(One { ran, seconds });
            }
            if watch.stops() {
                return None;
            }
            let one = self.one(runner, *n, most_pairs.is_some());
            watch.ran(&one.ran);
            Some(one)
        });
        let mut is_whole = ones.iter().all(Option::is_some);
        let mut runs = 1;
        let mut firsts: Vec<First> = Vec::new();
        let mut seen = BTreeSet::new();
        for (n, one) in ones.into_iter().enumerate() {
            let Some(One { ran, seconds }) = one else {
                continue;
            };
            runs += 1;
            let (row, column) = self.tried[n];
            self.rows[row].came[column] = came(&ran);
            findings.add(&ran.violations, || Origin {
                cell: self.single(n),
                faults: 1,
                seed: None,
            });
            if let Some(After { happened, pairs }) = ran.after
                && pairs > 0
                && seen.insert(happened)
            {
                let seconds = (!seconds.is_empty()).then_some(seconds);
                firsts.push(First { n, pairs, seconds });
            }
        }
        let mut pairs = None;
        if let Some(most) = most_pairs.filter(|_| is_whole) {
            let wanted = Wanted { firsts, most, done };
            let (came, whole) = wanted.run(&self, runner, watch, &mut findings);
            (runs, is_whole) = (runs + came.run, whole);
            pairs = Some(came);
        }
        Sweep {
            cell: self.cell,
            columns: self.columns,
            rows: self.rows,
            pairs,
            findings,
            runs,
            is_whole,
        }
    }

    pub(super) fn one(&self, runner: &Runner, n: usize, for_pairs: bool) -> One {
        let at = self.rows[self.tried[n].0].point.at;
        let cell = self.single(n);
        let (shown, run) = match glance(&cell, runner) {
            Ok(glanced) => glanced,
            Err(error) => {
                let ran = SweptRun::no_end(Part::Single, n, violations(Err(error)));
                let seconds = Vec::new();
                return One { ran, seconds };
            }
        };
        let mut violations = without_own(shown.violations, &cell, &self.record.cast);
        violations.extend(broken_prefix(&self.record, &run.record, at));
        let mut ran = SweptRun::of(Part::Single, n, shown.rung, violations);
        let mut seconds = Vec::new();
        if for_pairs {
            seconds = self.seconds(&run.record, &run.findings.calms, at);
            ran.after = Some(After {
                happened: happened(&run.record),
                pairs: seconds.iter().map(|(_, columns)| columns.len()).sum(),
            });
        }
        One { ran, seconds }
    }

    /// Where a second fault can strike behind the first, and with which columns.
    fn seconds(&self, record: &Record, calms: &[Range<usize>], at: usize) -> Vec<Seconds> {
        let later = points(record, calms).into_iter().filter(|p| p.at > at);
        later
            .map(|point| {
                let entry = &record.entries[point.at];
                let columns = self.columns.iter().enumerate();
                let fitting = columns.filter(|(_, c)| fits(c, point.when.event, entry).is_ok());
                let fitting = fitting.map(|(n, _)| n).collect();
                (point, fitting)
            })
            .collect()
    }
}

fn hex(bytes: &[u8], most: usize) -> String {
    let bytes = bytes.iter().take(most);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// That the run is not the base run up to the fault, or the fault fired elsewhere: then something in the harness or in a
/// real client is not deterministic.
fn broken_prefix(base: &Record, record: &Record, at: usize) -> Option<Violation> {
    let same = |n: usize| {
        let (one, other) = (&base.entries[n], record.entries.get(n));
        other.is_some_and(|o| (o.at_ms, &o.event) == (one.at_ms, &one.event))
    };
    let parts = (0..=at).find(|n| !same(*n));
    let why = match parts {
        Some(n) => {
            format!("the run parts from the one without the fault at event {n}, before the fault")
        }
        None if record.entries[at].fate.is_go() => "the fault did not fire at its point".to_owned(),
        None => return None,
    };
    Some(Violation::of_run(&RunError::Machine(why)))
}

/// What happened in a run, whatever the faults were: two cuts of which nobody saw a difference are the same.
fn happened(record: &Record) -> String {
    let mut hash = Sha256::new();
    for entry in &record.entries {
        let plain = Entry::new(entry.at_ms, entry.event.clone());
        hash.update(serde_json::to_vec(&plain).expect("plain data"));
        hash.update([u8::from(entry.fate.is_go())]);
    }
    hex(&hash.finalize(), 16)
}
