//! What the outcome of a cell means, and what to do about it.

use crate::runner::Outcome;

use super::page::Page;

/// All outcomes, the good one first.
pub(super) const ALL: [Outcome; 5] = [
    Outcome::Kept,
    Outcome::Broken,
    Outcome::NoProgress,
    Outcome::Vacuous,
    Outcome::NotDeterministic,
];

/// What it means.
pub(super) fn means(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "what happened is what the scenario promises, known violations included",
        Outcome::Broken => {
            "a promise was not kept: another rung, a call that did not end as expected, a violation that the scenario \
             does not list, or a listed one that did not happen"
        }
        Outcome::NoProgress => {
            "the server side did not work once everything was healed: a fresh client that follows the specification \
             cannot work either, so there is no rung"
        }
        Outcome::Vacuous => {
            "what the scenario is about never happened: a fault under `inject` did not fire, nothing exercised a clause under \
             `spec` or a listed violation, or nobody called a tool"
        }
        Outcome::NotDeterministic => "two runs with the same seed gave different records",
    }
}

fn what_to_do(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "nothing; `stalemate run -v` names the known violations",
        Outcome::Broken => {
            "see what happened with `stalemate trace`; then fix the client, the server or the hop, or list the violation \
             in the scenario with the reason"
        }
        Outcome::NoProgress => {
            "look for what the server or a hop violates; a scenario that means this promises `progress: none`"
        }
        Outcome::Vacuous => {
            "see with `stalemate trace` how far it came, and change the steps or what stands under `spec`"
        }
        Outcome::NotDeterministic => {
            "look for what the client takes from its machine: threads that race, the file system, process ids"
        }
    }
}

/// The page about it.
pub(super) fn page(outcome: Outcome) -> String {
    let mut page = Page::new(outcome.as_str(), "an outcome of a cell");
    page.field("Means", means(outcome));
    page.field("To do", what_to_do(outcome));
    page.field("Exit code", &outcome.exit_code().to_string());
    page.finish()
}
