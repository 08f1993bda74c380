//! What `stalemate run` says beneath its table: how many cells came out how, and what to do next.

use std::fmt::Write as _;

use crate::cli::args::RunOptions;
use crate::cli::wanted;
use crate::runner::{Cell, CellResult, Outcome};

/// A run, as its summary needs it.
pub(super) struct Told<'a> {
    /// What came of the cells.
    pub(super) results: &'a [CellResult],
    /// Those that were not kept.
    pub(super) failed: &'a [&'a Cell],
    /// What was asked for.
    pub(super) options: &'a RunOptions,
}

impl Told<'_> {
    /// The counts, and the next step.
    pub(super) fn summary(&self) -> String {
        let of = |outcome| self.results.iter().filter(|r| r.outcome == outcome).count();
        let many = match self.results.len() {
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
        out.push_str(&self.next());
        out
    }

    fn next(&self) -> String {
        let program = program();
        if let Some(cell) = self.failed.first() {
            return format!(
                "next: `{}` shows what happened\n      `{program} explain ID` explains an invariant\n      accept a known violation \
                 in the scenario: the client's under `expect`, a server's or hop's\n      under `violates`\n",
                self.replay(cell)
            );
        }
        let known = |r: &&CellResult| r.invariants.iter().any(|j| j.expected && !j.why.is_empty());
        match self.results.iter().any(|r| known(&r)) {
            true if !self.options.verbose => format!(
                "next: `-v` names the known violations; `{program} trace FILE --client NAME` shows how one came about\n"
            ),
            _ => String::new(),
        }
    }

    /// The command that replays a cell, for a bug report.
    pub(super) fn replay(&self, cell: &Cell) -> String {
        let dialects = self.options.dialects.iter();
        let dialects: String = dialects
            .map(|directory| format!(" --dialects {}", directory.display()))
            .collect();
        let client = wanted::option(&cell.client, &self.options.client_command);
        format!("{} {}{dialects}", program(), cell.replay_with(&client))
    }
}

/// This program, as it was called.
pub(super) fn program() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "stalemate".to_owned())
}
