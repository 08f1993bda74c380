//! Random worlds, seed by seed: drawn, run, judged. What fails is told at once, so that nothing already found is lost; which
//! seeds are done is told in blocks, so that work can be resumed and results of many machines put together.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::journal::Rung;
use crate::registry::Registry;
use crate::runner::{Cell, Runner};
use crate::search::draw::{self, Pool, Schedule};
use crate::search::findings::{Findings, Origin};
use crate::search::shown::{ToldViolation, Violation, glance};

/// Seeds of which it is told together that they are done.
const BLOCK: u64 = 256;

/// What is explored.
#[derive(Clone, Debug, PartialEq)]
pub struct Exploration {
    /// The client.
    pub client: String,
    /// What worlds are drawn from.
    pub pool: Pool,
    /// The seeds.
    pub seeds: Range<u64>,
    /// Those of them that are done already, in order.
    pub done: Vec<Range<u64>>,
    /// After how long no new block is begun.
    pub limit: Option<Duration>,
    /// Whether what servers and hops violate counts too.
    pub others: bool,
    /// The options of the command that say the same, its seeds aside: for the line that replays a failure.
    pub options: String,
}

impl Exploration {
    /// The line that runs one seed again.
    #[must_use]
    pub fn replay(&self, seed: u64) -> String {
        let next = seed.saturating_add(1);
        format!("stalemate explore --seeds {seed}..{next} {}", self.options)
    }
}

/// A seed whose world showed a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// The client.
    pub client: String,
    /// The seed.
    pub seed: u64,
    /// The world.
    pub world: Schedule,
    /// What was violated.
    pub violations: Vec<ToldViolation>,
    /// The worst rung.
    pub rung: Option<Rung>,
    /// The line that runs the seed again.
    pub replay: String,
}

/// Whom an exploration tells.
pub trait Sink: Sync {
    /// A seed failed.
    fn failed(&self, failed: &Failed);
    /// Those seeds are done.
    fn done(&self, client: &str, seeds: Range<u64>);
    /// One more seed ran.
    fn ran(&self);
    /// Whether no further seed shall begin.
    fn stops(&self) -> bool {
        false
    }
}

/// What an exploration came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explored {
    /// How many seeds ran.
    pub runs: u64,
    /// How many of them failed.
    pub failed: u64,
    /// The seeds that ran, and those that had run before.
    pub done: Vec<Range<u64>>,
    /// What was found.
    pub findings: Findings,
}

/// The cell of a world.
///
/// # Errors
/// That there is no such dialect.
pub fn cell(
    world: &Schedule,
    client: &str,
    seed: u64,
    registry: &Registry,
) -> Result<Cell, String> {
    let mut scenario = draw::scenario(world, client, registry)?;
    scenario.name = format!("explored/seed-{seed}");
    scenario.file = format!("explored/seed-{seed}.yaml").into();
    scenario.summary = format!("The world that the seed {seed} draws.");
    Ok(Cell {
        scenario: Arc::new(scenario),
        client: client.to_owned(),
        seed: world.seed,
    })
}

/// Runs the world of a seed, and says what was violated on the client's side, and whether the run came to no end. Servers
/// and hops are models that are known for what they do wrong, so they count only where the plan says so.
///
/// # Errors
/// That there is no such dialect.
pub fn try_seed(
    plan: &Exploration,
    seed: u64,
    runner: &Runner,
) -> Result<(Cell, Option<Failed>), String> {
    let world = plan.pool.draw(seed);
    let cell = cell(&world, &plan.client, seed, runner.registry())?;
    let (violations, rung) = match glance(&cell, runner) {
        Ok((shown, _)) => (shown.violations, shown.rung),
        Err(error) => (vec![Violation::of_run(&error)], None),
    };
    let counts = |v: &Violation| plan.others || v.failure.is_clients() || v.failure.is_of_nobody();
    let violations: Vec<ToldViolation> = violations
        .into_iter()
        .filter(counts)
        .map(|v| ToldViolation {
            failure: v.failure,
            why: v.why,
        })
        .collect();
    let failed = (!violations.is_empty()).then(|| Failed {
        client: plan.client.clone(),
        seed,
        world,
        violations,
        rung,
        replay: plan.replay(seed),
    });
    Ok((cell, failed))
}

/// Runs the seeds of a plan, until they are done, the time is over, or the sink stops it.
///
/// # Errors
/// That there is no such dialect.
pub fn explore(plan: &Exploration, runner: &Runner, sink: &dyn Sink) -> Result<Explored, String> {
    let began = Instant::now();
    let mut explored = Explored {
        done: plan.done.clone(),
        ..Explored::default()
    };
    let findings = Mutex::new(Findings::default());
    for block in blocks(&without(plan.seeds.clone(), &plan.done)) {
        let over = plan.limit.is_some_and(|limit| began.elapsed() >= limit);
        if over || sink.stops() {
            break;
        }
        let seeds: Vec<u64> = block.clone().collect();
        let ran = runner.for_all(&seeds, |runner, seed| {
            if sink.stops() {
                return Ok(None);
            }
            let (cell, failed) = try_seed(plan, *seed, runner)?;
            if let Some(failed) = &failed {
                sink.failed(failed);
                let violations: Vec<Violation> =
                    failed.violations.iter().map(Violation::told).collect();
                let mut findings = findings.lock().unwrap_or_else(PoisonError::into_inner);
                findings.add(&violations, || Origin {
                    faults: failed.world.ops.len(),
                    seed: Some(*seed),
                    cell: cell.clone(),
                });
            }
            sink.ran();
            Ok(Some(failed.is_some()))
        });
        let ran: Vec<Option<bool>> = ran.into_iter().collect::<Result<_, String>>()?;
        explored.runs += ran.iter().flatten().count() as u64;
        explored.failed += ran.iter().flatten().filter(|failed| **failed).count() as u64;
        if ran.iter().all(Option::is_some) {
            sink.done(&plan.client, block.clone());
            explored.done.push(block);
        }
    }
    explored.done = joined(explored.done);
    explored.findings = findings
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(explored)
}

fn blocks(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let of = |range: &Range<u64>| {
        let (start, end) = (range.start, range.end);
        let from = (start..end).step_by(usize::try_from(BLOCK).unwrap_or(usize::MAX));
        from.map(move |from| from..(from + BLOCK).min(end))
            .collect::<Vec<_>>()
    };
    ranges.iter().flat_map(of).collect()
}

/// What of a range is in none of those others.
#[must_use]
pub fn without(range: Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::new();
    let mut from = range.start;
    for other in joined(others.to_vec()) {
        if other.start >= range.end {
            break;
        }
        if other.start > from {
            left.push(from..other.start);
        }
        from = from.max(other.end);
    }
    if from < range.end {
        left.push(from..range.end);
    }
    left
}

/// The ranges in order, those that touch or overlap as one.
#[must_use]
pub fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut().filter(|last| last.end >= range.start) {
            Some(last) => last.end = last.end.max(range.end),
            None => all.push(range),
        }
    }
    all
}

/// The part of a range that the k-th of n machines takes, k from 1: together they take all of it, and no seed twice.
#[must_use]
pub fn shard(range: &Range<u64>, k: u64, n: u64) -> Range<u64> {
    let length = u128::from(range.end - range.start);
    let at = |k: u64| {
        let offset = length * u128::from(k) / u128::from(n);
        range.start + u64::try_from(offset).unwrap_or(u64::MAX)
    };
    at(k - 1)..at(k)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shards_are_the_whole(from in 0..1_000_u64, length in 0..10_000_u64, n in 1..20_u64) {
            let range = from..from + length;
            let parts: Vec<_> = (1..=n).map(|k| shard(&range, k, n)).collect();
            prop_assert_eq!(parts.iter().map(|p| p.end - p.start).sum::<u64>(), length);
            let whole = joined(parts.into_iter().rev().collect());
            prop_assert!(whole == [range] || length == 0);
        }

        #[test]
        fn what_is_left_and_what_is_done_are_the_whole(
            done in proptest::collection::vec((0..200_u64, 0..50_u64), 0..6)
        ) {
            let done: Vec<_> = done.into_iter().map(|(from, n)| from..from + n).collect();
            let left = without(20..180, &done);
            for seed in 0..250 {
                let is_left = left.iter().any(|r| r.contains(&seed));
                let is_done = done.iter().any(|r| r.contains(&seed));
                prop_assert_eq!(is_left, (20..180).contains(&seed) && !is_done, "{}", seed);
            }
        }
    }
}
