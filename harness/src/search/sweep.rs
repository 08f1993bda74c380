//! The sweep: every fate at every point of one run, one at a time, and a number of pairs.
//!
//! A run without faults gives the points. By the prefix rule a run with a fault at one of them is the same up to there, so
//! the fault fires at the very event that was meant; each run is held to that.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::fault::{Injection, Point, points};
use crate::journal::{Cast, Entry, Fate, Record, Rung};
use crate::runner::{Cell, RunError, Runner};
use crate::search::columns::{Column, Why, columns, fits};
use crate::search::findings::{Findings, Origin};
use crate::search::shown::{Shown, Violation, glance};

/// What a sweep tells while it works.
pub trait Watch: Sync {
    /// So many runs are to be made for that part of the work.
    fn begins(&self, part: &'static str, runs: usize);
    /// One of them was made.
    fn ran(&self);
}

/// What came of one fate at one point.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// It was not tried.
    NotTried(Why),
    /// The run's worst rung, and whether anything was violated that the scenario does not list.
    Ran(Option<Rung>, bool),
    /// The run came to no end.
    NoEnd,
}

/// A point of the base run, and what came of each column there.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The point.
    pub point: Point,
    /// The event.
    pub entry: Entry,
    /// What came of it, a column each.
    pub came: Vec<Came>,
}

/// How much was covered by pairs of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// First faults after which something else happened than after any other.
    pub firsts: usize,
    /// How many pairs there are.
    pub all: usize,
    /// How many were run.
    pub run: usize,
}

/// What a sweep came to.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The scenario and the client.
    pub cell: Cell,
    /// The columns.
    pub columns: Vec<Column>,
    /// The points.
    pub rows: Vec<Row>,
    /// The pairs; `None` if none were asked for.
    pub pairs: Option<Pairs>,
    /// What was found.
    pub findings: Findings,
    /// How many runs it took.
    pub runs: usize,
}

impl Sweep {
    /// How often columns were not tried, by the reason.
    #[must_use]
    pub fn not_tried(&self) -> BTreeMap<Why, usize> {
        let mut counts = BTreeMap::new();
        for came in self.rows.iter().flat_map(|row| &row.came) {
            if let Came::NotTried(why) = came {
                *counts.entry(*why).or_insert(0) += 1;
            }
        }
        counts
    }
}

/// Without what servers and hops did at whose own doors the faults stood: a server whose answer a fault replaces is one that
/// answers so, and here that is the sweep's doing.
fn without_own(mut violations: Vec<Violation>, cell: &Cell, cast: &Cast) -> Vec<Violation> {
    let places = cell.scenario.inject.iter();
    let places = places.filter_map(|injection| injection.when.at.as_deref());
    let own: BTreeSet<&str> = places
        .flat_map(|at| [Some(at), cast.server_of(at).map(|server| &**server)])
        .flatten()
        .collect();
    violations.retain(|v| v.failure.is_clients() || !own.contains(v.failure.party.as_str()));
    violations
}

/// The cell with a fault beside its own.
fn with(cell: &Cell, point: &Point, fate: &Fate) -> Cell {
    let mut scenario = (*cell.scenario).clone();
    let last = scenario.inject.iter().map(|i| i.line).max().unwrap_or(0);
    scenario.inject.push(Injection {
        line: last + 1,
        when: point.when.clone(),
        nth: point.nth,
        fate: fate.clone(),
        ..Injection::default()
    });
    Cell {
        scenario: Arc::new(scenario),
        ..cell.clone()
    }
}

/// What is kept of a run with one fault.
struct One {
    came: Came,
    violations: Vec<Violation>,
    /// What a second fault needs to know, where pairs are asked for.
    after: Option<After>,
}

/// How a run with one fault went on.
struct After {
    /// What happened, apart from what the fault is called.
    happened: [u8; 32],
    /// The points after the fault, with their events.
    points: Vec<(Point, Entry)>,
}

/// Sweeps a cell, with so many pairs of faults at the most; `None` is no pairs.
///
/// # Errors
/// Why the run without faults came to no end.
pub fn sweep(
    cell: &Cell,
    runner: &Runner,
    most_pairs: Option<usize>,
    watch: &dyn Watch,
) -> Result<Sweep, RunError> {
    let (base, run) = glance(cell, runner)?;
    let points = points(&run.record, &run.findings.calms);
    let columns = columns(&run.record.cast);
    let mut findings = Findings::default();
    findings.add(&base.violations, || Origin::without_faults(cell));
    let mut rows: Vec<Row> = Vec::new();
    let mut tried: Vec<(usize, usize, Cell)> = Vec::new();
    for point in points {
        let entry = run.record.entries[point.at].clone();
        let mut came = Vec::new();
        for (column, of) in columns.iter().enumerate() {
            match fits(of, point.when.event, &entry) {
                Ok(()) => {
                    tried.push((rows.len(), column, with(cell, &point, &of.fate)));
                    came.push(Came::NoEnd);
                }
                Err(why) => came.push(Came::NotTried(why)),
            }
        }
        rows.push(Row { point, entry, came });
    }
    watch.begins("single faults", tried.len());
    let ones = runner.for_all(&tried, |runner, (row, _, cell)| {
        let at = rows[*row].point.at;
        let one = one(cell, runner, &run.record, at, most_pairs.is_some());
        watch.ran();
        one
    });
    let mut runs = 1 + ones.len();
    let mut firsts: Vec<First> = Vec::new();
    let mut seen = BTreeSet::new();
    for ((row, column, cell), one) in tried.into_iter().zip(ones) {
        rows[row].came[column] = one.came;
        findings.add(&one.violations, || Origin {
            cell: cell.clone(),
            faults: 1,
            seed: None,
        });
        let after = one.after.filter(|after| seen.insert(after.happened));
        if let Some(after) = after.filter(|after| !after.points.is_empty()) {
            firsts.push(First::new(cell, after.points, &columns));
        }
    }
    let mut pairs = None;
    if let Some(most) = most_pairs {
        let all: usize = firsts.iter().map(|f| f.pairs).sum();
        let chosen = spread(&firsts, &columns, most);
        watch.begins("pairs", chosen.len());
        let shown = runner.for_all(&chosen, |runner, cell| {
            let shown = violations(glance(cell, runner).map(|(shown, _)| shown));
            let shown = without_own(shown, cell, &run.record.cast);
            watch.ran();
            shown
        });
        runs += chosen.len();
        for (cell, violations) in chosen.iter().zip(shown) {
            findings.add(&violations, || Origin {
                cell: cell.clone(),
                faults: 2,
                seed: None,
            });
        }
        pairs = Some(Pairs {
            firsts: firsts.len(),
            all,
            run: chosen.len(),
        });
    }
    Ok(Sweep {
        cell: cell.clone(),
        columns,
        rows,
        pairs,
        findings,
        runs,
    })
}

fn one(cell: &Cell, runner: &Runner, base: &Record, at: usize, keeps_points: bool) -> One {
    let (shown, run) = match glance(cell, runner) {
        Ok(glanced) => glanced,
        Err(error) => {
            return One {
                came: Came::NoEnd,
                violations: violations(Err(error)),
                after: None,
            };
        }
    };
    let mut violations = without_own(shown.violations, cell, &base.cast);
    violations.extend(broken_prefix(base, &run.record, at));
    let after = keeps_points.then(|| After {
        happened: happened(&run.record),
        points: points_after(&run.record, &run.findings.calms, at),
    });
    One {
        came: Came::Ran(shown.rung, violations.iter().any(|v| !v.listed)),
        violations,
        after,
    }
}

fn violations(shown: Result<Shown, RunError>) -> Vec<Violation> {
    match shown {
        Ok(shown) => shown.violations,
        Err(error) => vec![Violation::of_run(&error)],
    }
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

fn points_after(record: &Record, calms: &[Range<usize>], at: usize) -> Vec<(Point, Entry)> {
    let later = points(record, calms).into_iter().filter(|p| p.at > at);
    later
        .map(|point| {
            let entry = record.entries[point.at].clone();
            (point, entry)
        })
        .collect()
}

/// What happened in a run, whatever the faults were: two cuts of which nobody saw a difference are the same.
fn happened(record: &Record) -> [u8; 32] {
    let mut hash = Sha256::new();
    for entry in &record.entries {
        let plain = Entry::new(entry.at_ms, entry.event.clone());
        hash.update(serde_json::to_vec(&plain).expect("plain data"));
        hash.update([u8::from(entry.fate.is_go())]);
    }
    hash.finalize().into()
}

/// A first fault, and the second ones that can follow it: each point with the columns that are tried there.
struct First {
    cell: Cell,
    points: Vec<(Point, Vec<usize>)>,
    pairs: usize,
}

impl First {
    fn new(cell: Cell, points: Vec<(Point, Entry)>, columns: &[Column]) -> Self {
        let tried = |(point, entry): (Point, Entry)| {
            let fitting = columns.iter().enumerate();
            let fitting = fitting.filter(|(_, c)| fits(c, point.when.event, &entry).is_ok());
            let fitting = fitting.map(|(n, _)| n).collect();
            (point, fitting)
        };
        let points: Vec<(Point, Vec<usize>)> = points.into_iter().map(tried).collect();
        Self {
            cell,
            pairs: points.iter().map(|(_, columns)| columns.len()).sum(),
            points,
        }
    }

    /// The cell of its n-th pair.
    fn pair(&self, mut n: usize, columns: &[Column]) -> Option<Cell> {
        for (point, fitting) in &self.points {
            match fitting.get(n) {
                Some(column) => return Some(with(&self.cell, point, &columns[*column].fate)),
                None => n -= fitting.len(),
            }
        }
        None
    }
}

/// So many pairs, evenly spread over all of them; all if there are no more.
fn spread(firsts: &[First], columns: &[Column], most: usize) -> Vec<Cell> {
    let all: usize = firsts.iter().map(|f| f.pairs).sum();
    let run = most.min(all);
    let mut firsts = firsts.iter();
    let (mut current, mut before) = (firsts.next(), 0);
    let mut chosen = Vec::with_capacity(run);
    for n in 0..run {
        let place = n * all / run;
        while let Some(first) = current
            && place >= before + first.pairs
        {
            before += first.pairs;
            current = firsts.next();
        }
        chosen.extend(current.and_then(|first| first.pair(place - before, columns)));
    }
    chosen
}
