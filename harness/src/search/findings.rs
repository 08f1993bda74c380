//! Findings: what was violated, each once, with the simplest run that showed it.

use std::collections::BTreeMap;

use crate::runner::Cell;
use crate::search::shown::{Failure, Violation};

/// The run that a finding comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Its cell.
    pub cell: Cell,
    /// How many faults were injected beside those of the scenario, or how much happens in a world that was drawn: fewer are
    /// simpler.
    pub faults: usize,
    /// The seed that drew its world, if one did.
    pub seed: Option<u64>,
}

impl Origin {
    /// The run without any.
    #[must_use]
    pub fn without_faults(cell: &Cell) -> Self {
        Self {
            cell: cell.clone(),
            faults: 0,
            seed: None,
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What was violated, by whom and how.
    pub failure: Failure,
    /// What happened in the simplest run, in a sentence.
    pub why: String,
    /// Whether the scenario lists it.
    pub listed: bool,
    /// In how many runs it was.
    pub count: usize,
    /// The simplest run.
    pub origin: Origin,
}

/// What was found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings(BTreeMap<Failure, Finding>);

impl Findings {
    /// Adds the violations of one run. Of two runs that are equally simple the one of the lower seed stays, or the first.
    pub fn add(&mut self, violations: &[Violation], origin: impl Fn() -> Origin) {
        for violation in violations {
            let known = self.0.get_mut(&violation.failure);
            match known {
                None => {
                    let finding = Finding {
                        failure: violation.failure.clone(),
                        why: violation.why.clone(),
                        listed: violation.listed,
                        count: 1,
                        origin: origin(),
                    };
                    self.0.insert(violation.failure.clone(), finding);
                }
                Some(finding) => {
                    finding.count += 1;
                    let other = origin();
                    if (other.faults, other.seed) < (finding.origin.faults, finding.origin.seed) {
                        finding.origin = other;
                        finding.why.clone_from(&violation.why);
                    }
                }
            }
        }
    }

    /// The findings: those that the scenario does not list first, then by party, invariant and cause.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = self.0.values().collect();
        all.sort_by_key(|f| (f.listed, f.origin.faults));
        all
    }

    /// Whether there is one that no scenario lists.
    #[must_use]
    pub fn has_unlisted(&self) -> bool {
        self.0.values().any(|f| !f.listed)
    }
}
