//! The verdict table of a run, and the matrix of scenarios by clients that a reviewer reads first. Styles are put in
//! here and taken out by the stream where it is no terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::journal::Rung;
use crate::runner::{CellResult, Outcome, Said};

fn style(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Kept => AnsiColor::Green,
        Outcome::Vacuous | Outcome::NoProgress => AnsiColor::Yellow,
        Outcome::Broken | Outcome::NotDeterministic => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// `no progress` where a climb got nowhere because of the path or the server, `-` where nobody climbed.
fn rung(result: &CellResult) -> &'static str {
    let nobody_climbed = result.rungs.values().all(Option::is_some);
    match result.rung {
        Some(rung) => Rung::as_str(rung),
        None if nobody_climbed => "-",
        None => "no progress",
    }
}

/// One row a cell: scenario, client, rung, outcome, what was violated as promised, and below a row what went wrong.
#[must_use]
pub fn table(results: &[CellResult]) -> String {
    let width = |of: fn(&CellResult) -> usize, head: &str| {
        results
            .iter()
            .map(of)
            .chain([head.len()])
            .max()
            .unwrap_or(0)
    };
    let (scenarios, clients) = (
        width(|r| r.scenario.len(), "SCENARIO"),
        width(|r| label(r).len(), "CLIENT"),
    );
    let mut out = String::new();
    let head = Style::new().bold();
    let _ = writeln!(
        out,
        "{head}{:<scenarios$}  {:<clients$}  {:<16}  {:<17}  {:<16}  VIOLATED, AS THE SCENARIO SAYS{head:#}",
        "SCENARIO", "CLIENT", "RUNG", "OUTCOME", "JOURNAL",
    );
    let mut last = "";
    for result in results {
        let scenario = if result.scenario == last {
            ""
        } else {
            &result.scenario
        };
        last = &result.scenario;
        let style = style(result.outcome);
        let _ = writeln!(
            out,
            "{scenario:<scenarios$}  {:<clients$}  {:<16}  {style}{:<17}{style:#}  {:<16}  {}",
            label(result),
            rung(result),
            result.outcome.as_str(),
            result.journal_hash,
            violated(result).join(", "),
        );
        for problem in &result.problems {
            let _ = writeln!(out, "{:scenarios$}  {style}↳ {problem}{style:#}", "");
        }
    }
    out
}

fn label(result: &CellResult) -> String {
    if result.seed == 1 {
        result.client.clone()
    } else {
        format!("{} (seed {})", result.client, result.seed)
    }
}

fn violated(result: &CellResult) -> Vec<String> {
    let expected = result
        .invariants
        .iter()
        .filter(|j| j.verdict == Said::Violated && j.expected);
    let name = |j: &crate::runner::Judged| match j.party.as_str() {
        "client" | "application" => j.id.clone(),
        party => format!("{} ({party})", j.id),
    };
    expected.map(name).collect()
}

/// Scenarios by clients, a rung a cell; of several seeds the worst.
#[must_use]
pub fn matrix(results: &[CellResult]) -> String {
    let scenarios: BTreeSet<&str> = results.iter().map(|r| r.scenario.as_str()).collect();
    let clients: BTreeSet<&str> = results.iter().map(|r| r.client.as_str()).collect();
    let first = scenarios.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out = format!("{:<first$}", "");
    for client in &clients {
        let _ = write!(out, "  {client:<16}");
    }
    out = out.trim_end().to_owned() + "\n";
    for scenario in scenarios {
        let mut line = format!("{scenario:<first$}");
        for client in &clients {
            let of_cell = results
                .iter()
                .filter(|r| r.scenario == scenario && r.client == *client);
            let text = of_cell
                .max_by_key(|r| r.rung.map_or(99, |r| r as u8))
                .map_or("", rung);
            let _ = write!(line, "  {text:<width$}", width = client.len().max(16));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
