//! What one run showed: which invariants were violated, by whom and how, and the rung. What stands in a scenario's lists is
//! told apart from what does not.

use serde::{Deserialize, Serialize};

use crate::journal::{Event, Rung};
use crate::runner::{Cell, CellResult, Judged, RunError, Runner, Said, is_clients, judge};
use crate::sim::{self, Run};

/// The name that stands for a party where a run came to no end.
const RUN: &str = "run";

/// What was violated, by whom and how: what a smaller run must show too, to be the same failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failure {
    /// `client`, `application`, the name of a server or hop; `run` of a run that came to no end.
    pub party: String,
    /// The invariant; `progress` where a right client gets nowhere and nobody is to blame, `run-ends` where the run did not
    /// come to its end.
    pub invariant: String,
    /// What happened, with every number written as N.
    pub cause: String,
}

impl Failure {
    fn new(party: &str, invariant: &str, why: &str) -> Self {
        Self {
            party: party.to_owned(),
            invariant: invariant.to_owned(),
            cause: cause(why),
        }
    }

    /// Of a run that came to no end.
    #[must_use]
    pub fn of_run(error: &RunError) -> Self {
        Self::new(RUN, "run-ends", &error.to_string())
    }

    /// Whether the run came to no end, which is nobody's violation.
    #[must_use]
    pub fn is_of_run(&self) -> bool {
        self.party == RUN && self.invariant == "run-ends"
    }

    /// Whether it is due to nobody: the run came to no end, or a right client gets nowhere without a reason.
    #[must_use]
    pub fn is_of_nobody(&self) -> bool {
        self.party == RUN
    }

    /// Whether it is of the client's side: the client's own or its application's.
    #[must_use]
    pub fn is_clients(&self) -> bool {
        is_clients(&self.party)
    }
}

/// A violation as it was in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What was violated, by whom and how.
    #[serde(flatten)]
    pub failure: Failure,
    /// What happened, in a sentence.
    pub why: String,
    /// Whether the scenario lists it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
}

/// A violation as a line of results has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldViolation {
    /// What was violated, by whom and how.
    #[serde(flatten)]
    pub failure: Failure,
    /// What happened, in a sentence.
    pub why: String,
}

impl Violation {
    /// Of a run that came to no end.
    #[must_use]
    pub fn of_run(error: &RunError) -> Self {
        Self {
            failure: Failure::of_run(error),
            why: error.to_string(),
            listed: false,
        }
    }

    /// As it was told.
    pub(super) fn told(told: &ToldViolation) -> Self {
        Self {
            failure: told.failure.clone(),
            why: told.why.clone(),
            listed: false,
        }
    }
}

/// What a run showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The violations, in the order of the invariants, those of servers and hops that are listed left out.
    pub violations: Vec<Violation>,
    /// The worst rung; `None` where nobody climbed or no client gets anywhere.
    pub rung: Option<Rung>,
    /// Whether there was a climb in which no client gets anywhere.
    pub no_progress: bool,
}

impl Shown {
    /// What it showed of that failure.
    #[must_use]
    pub fn of(&self, failure: &Failure) -> Option<&Violation> {
        self.violations.iter().find(|v| v.failure == *failure)
    }
}

/// Runs a cell once and says what it showed, with the run and its verdicts.
///
/// # Errors
/// As [`Runner::run_once`].
pub fn show(cell: &Cell, runner: &Runner) -> Result<(Shown, Run, CellResult), RunError> {
    caught(|| Ok(seen(cell, runner.run_once(cell)?)))
}

/// As [`show`], by a [`Runner::glance`].
///
/// # Errors
/// As [`Runner::glance`].
pub(super) fn glance(cell: &Cell, runner: &Runner) -> Result<(Shown, Run), RunError> {
    let (shown, run, _) = caught(|| Ok(seen(cell, runner.glance(cell)?)))?;
    Ok((shown, run))
}

/// One run must not end a search of thousands: what panics outside of the world, e.g. a verdict, is told as its failure.
fn caught<T>(run: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    sim::caught(|| Ok(run()))?
}

fn seen(cell: &Cell, run: Run) -> (Shown, Run, CellResult) {
    let result = judge(&cell.scenario, &run.record, &run.findings, None);
    let keeps_connections = cell.scenario.path.iter().any(|hop| hop.keepalive);
    let shown = shown(&run, &result, keeps_connections);
    (shown, run, result)
}

/// `keeps_connections`: a hop keeps connections to its upstream. Those that died without a word fail a request each, in calm
/// too, so that a right client may need more than a retry there.
fn shown(run: &Run, result: &CellResult, keeps_connections: bool) -> Shown {
    let violated = |j: &&Judged| j.verdict == Said::Violated;
    let mut violations: Vec<Violation> = result
        .invariants
        .iter()
        .filter(violated)
        .filter(|j| !(is_others(j) && j.expected))
        .map(|j| Violation {
            failure: Failure::new(&j.party, &j.id, &j.why),
            why: j.why.clone(),
            listed: j.expected,
        })
        .collect();
    let (mut no_progress, mut is_unexplained) = (false, false);
    let others_violate = result.invariants.iter().filter(violated).any(is_others);
    for entry in &run.record.entries {
        match &entry.event {
            Event::NoProgress { .. } => no_progress = true,
            Event::RightNeeds { .. } => {}
            _ => continue,
        }
        is_unexplained |= !others_violate && !keeps_connections;
    }
    if is_unexplained {
        let why =
            "a right client gets nowhere, and no server and no hop is seen to violate anything";
        violations.push(Violation {
            failure: Failure::new(RUN, "progress", why),
            why: why.to_owned(),
            listed: false,
        });
    }
    Shown {
        violations,
        rung: result.rung,
        no_progress,
    }
}

fn is_others(judged: &Judged) -> bool {
    !is_clients(&judged.party)
}

/// A sentence without its numbers, which differ from run to run where the failure is the same.
fn cause(why: &str) -> String {
    let mut text = String::with_capacity(why.len());
    let mut in_number = false;
    for c in why.chars() {
        let is_digit = c.is_ascii_digit();
        if !is_digit {
            text.push(c);
        } else if !in_number {
            text.push('N');
        }
        in_number = is_digit;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_no_numbers() {
        assert_eq!(cause("12 tries in 3 s, then 404"), "N tries in N s, then N");
    }
}
