//! Making a failing scenario small: parts of its file are taken away, then put into a simpler form, for as long as the run
//! still shows the same failure, of the same party for the same cause. What is left of it is needed.

mod edits;

use std::fmt;
use std::sync::Arc;

use crate::runner::{Cell, Outcome, RunError, Runner, judge};
use crate::scenario::{self, Scenario, Vocabulary};
use crate::search::counterexample::{Counterexample, bare};
use crate::search::shown::{Failure, show};
use crate::yaml::write::Yaml;

/// How many runs a shrinking may cost unless somebody says otherwise.
pub const RUNS: usize = 600;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Small {
    /// The small scenario.
    pub example: Counterexample,
    /// How many runs it took.
    pub runs: usize,
    /// Whether it was ended, or the runs were used up, before nothing more could be taken away.
    pub is_cut_short: bool,
}

/// Why a run could not be made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShrinkError {
    /// It does not show the failure.
    NotShown(Failure),
    /// The scenario cannot be written as a file that can be read again.
    NotWritten(String),
}

impl fmt::Display for ShrinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotShown(failure) => {
                let Failure {
                    party,
                    invariant,
                    cause,
                } = failure;
                write!(
                    f,
                    "the run does not show that {party} violates {invariant}: {cause}"
                )
            }
            Self::NotWritten(why) => write!(f, "the scenario cannot be written as a file: {why}"),
        }
    }
}

impl std::error::Error for ShrinkError {}

/// Makes the scenario of a cell as small as it goes within so many `runs`, as long as it shows the failure. `ran` is called
/// after each run, and says whether to go on.
///
/// # Errors
/// [`ShrinkError`].
pub fn shrink(
    cell: &Cell,
    failure: &Failure,
    runner: &Runner,
    runs: usize,
    ran: &dyn Fn() -> bool,
) -> Result<Small, ShrinkError> {
    let mut search = Search {
        runner,
        failure,
        client: &cell.client,
        of: &cell.scenario,
        vocabulary: runner.registry().vocabulary(),
        left: runs.max(1),
        spent: 0,
        outcome: None,
        ran,
    };
    let mut tree = scenario::tree(&bare(cell));
    let read = search.read(&tree).map_err(ShrinkError::NotWritten)?;
    let mut example = search
        .shows(read)
        .ok_or_else(|| ShrinkError::NotShown(failure.clone()))?;
    loop {
        let before = tree.clone();
        for pass in edits::PASSES {
            let mut at = 0;
            // What was taken away makes room for the next at the same place.
            while let Some(candidate) = pass(&tree).into_iter().nth(at) {
                if search.left == 0 {
                    break;
                }
                match search.tries(&candidate) {
                    Some(smaller) => (tree, example) = (candidate, smaller),
                    None => at += 1,
                }
            }
        }
        if tree == before || search.left == 0 {
            break;
        }
    }
    Ok(Small {
        example,
        runs: search.spent,
        is_cut_short: search.left == 0,
    })
}

struct Search<'s> {
    runner: &'s Runner,
    failure: &'s Failure,
    client: &'s str,
    of: &'s Scenario,
    vocabulary: Vocabulary,
    left: usize,
    spent: usize,
    /// How the best file so far comes out when it is run: a smaller one must not come out worse.
    outcome: Option<Outcome>,
    ran: &'s dyn Fn() -> bool,
}

impl Search<'_> {
    /// The scenario of a tree.
    fn read(&self, tree: &Yaml) -> Result<Scenario, String> {
        let text = tree.document();
        scenario::load_text(&self.of.name, &self.of.file, &text, &self.vocabulary)
            .map_err(|diagnostics| diagnostics.to_string())
    }

    fn tries(&mut self, tree: &Yaml) -> Option<Counterexample> {
        let scenario = self.read(tree).ok()?;
        self.shows(scenario)
    }

    /// The counterexample that a scenario is, if it shows the failure.
    fn shows(&mut self, scenario: Scenario) -> Option<Counterexample> {
        self.left -= 1;
        self.spent += 1;
        let cell = Cell {
            client: self.client.to_owned(),
            seed: *scenario.seeds.first()?,
            scenario: Arc::new(scenario),
        };
        let shown = show(&cell, self.runner);
        if !(self.ran)() {
            self.left = 0;
        }
        match shown {
            Ok((shown, run, result)) => {
                let example = Counterexample::of(&cell, &shown, &result, self.failure)?;
                // As somebody who runs the file would judge it.
                let outcome = judge(&example.scenario, &run.record, &run.findings, None).outcome;
                let is_as_good = self.outcome.is_none_or(|best| outcome <= best);
                is_as_good.then(|| {
                    self.outcome = Some(outcome);
                    example
                })
            }
            Err(error) => self.of_error(&cell, &error),
        }
    }

    fn of_error(&self, cell: &Cell, error: &RunError) -> Option<Counterexample> {
        let is_it = Failure::of_run(error) == *self.failure;
        is_it.then(|| Counterexample::of_error(cell, error))
    }
}
