//! The sweep: every fate at every point of one run, one at a time, and a number of pairs.
//!
//! A run without faults gives the points. By the prefix rule a run with a fault at one of them is the same up to there, so
//! the fault fires at the very event that was meant; each run is held to that.

mod base;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fault::{Injection, Point, Trigger};
use crate::journal::{Cast, Entry, Fate, Rung};
use crate::runner::{Cell, RunError, Runner};
use crate::search::columns::{Column, Why};
use crate::search::findings::Findings;
use crate::search::shown::{Shown, Violation};
use crate::search::swept::{Done, Part, SweptRun};

pub use base::Base;

/// Whom a sweep tells while it works, and who can end it.
pub trait Watch: Sync {
    /// So many runs are to be made for that part of the work.
    fn begins(&self, part: Part, runs: usize);
    /// One of them was made.
    fn ran(&self, ran: &SweptRun);
    /// Whether no further run shall begin.
    fn stops(&self) -> bool {
        false
    }
}

/// What came of one fate at one point.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// It was not tried.
    NotTried(Why),
    /// It is to be tried still: the sweep was ended before.
    NotRun,
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
    /// How many runs there are in it: those that were made, and those that had been made before.
    pub runs: usize,
    /// Whether all that was wanted was run; pairs follow when each fault was run alone.
    pub is_whole: bool,
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

/// As the table shows it.
fn came(ran: &SweptRun) -> Came {
    match ran.no_end {
        true => Came::NoEnd,
        false => Came::Ran(ran.rung, ran.violations.iter().any(|v| !v.listed)),
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
fn with(cell: &Cell, when: &Trigger, nth: u32, fate: &Fate) -> Cell {
    let mut scenario = (*cell.scenario).clone();
    let last = scenario.inject.iter().map(|i| i.line).max().unwrap_or(0);
    scenario.inject.push(Injection {
        line: last + 1,
        when: when.clone(),
        nth,
        fate: fate.clone(),
        ..Injection::default()
    });
    Cell {
        scenario: Arc::new(scenario),
        ..cell.clone()
    }
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
    let base = Base::of(cell, runner)?;
    Ok(base.sweep(runner, most_pairs, &Done::default(), watch))
}

fn violations(shown: Result<Shown, RunError>) -> Vec<Violation> {
    match shown {
        Ok(shown) => shown.violations,
        Err(error) => vec![Violation::of_run(&error)],
    }
}
