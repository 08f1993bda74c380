//! What `stalemate run` says beneath its table: how many cells came out how, and what to do next.

use std::fmt::Write as _;

use crate::cli::args::RunOptions;
use crate::cli::wanted;
use crate::runner::{Cell, CellResult, Outcome, Said};

/// The counts of a run, and the next step. `failed` are the cells that were not kept.
pub(super) fn summary(results: &[CellResult], failed: &[&Cell], options: &RunOptions) -> String {
    let of = |outcome| results.iter().filter(|r| r.outcome == outcome).count();
    let many = match results.len() {
        1 => "1 cell".to_owned(),
        many => format!("{many} cells"),
    };
    let mut out = format!("\n{many}: {} kept", of(Outcome::Kept));
    for outcome in [
        Outcome::Broken,
        Outcome::NoProgress,
        Outcome::NotDeterministic,
        Outcome::Vacuous,
    ] {
        if of(outcome) > 0 {
            let _ = write!(out, ", {} {}", of(outcome), outcome.as_str());
        }
    }
    out.push('\n');
    out.push_str(&next(results, failed, options));
    out
}

fn next(results: &[CellResult], failed: &[&Cell], options: &RunOptions) -> String {
    let program = program();
    if let Some(cell) = failed.first() {
        return format!(
            "next: `{}` shows what happened\n      `{program} explain ID` explains an invariant\n      accept a known violation \
             in the scenario: the client's under `expect`, a server's or hop's\n      under `violates`\n",
            replay(cell, options)
        );
    }
    let mut judged = results.iter().flat_map(|r| &r.invariants);
    let has_known = judged.any(|j| j.expected && j.verdict == Said::Violated);
    if !has_known || options.verbose {
        return String::new();
    }
    format!(
        "next: `-v` names the known violations; `{program} trace FILE --client NAME` shows how one came about\n"
    )
}

/// The command that replays a cell, for a bug report.
pub(super) fn replay(cell: &Cell, options: &RunOptions) -> String {
    let client = wanted::option(&cell.client, &options.client_command);
    let dialects = wanted::dialect_options(&options.dialects);
    format!("{} {}{dialects}", program(), cell.replay_with(&client))
}

/// This program, as it was called.
pub(super) fn program() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "stalemate".to_owned())
}
