//! The verdict table of a run, and the matrix of scenarios by clients that a reviewer reads first. Styles are put in
//! here and taken out by the stream where it is no terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::journal::Rung;
use crate::runner::{CellResult, Outcome, Said, is_clients};

fn style(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Kept => AnsiColor::Green,
        Outcome::Vacuous | Outcome::NoProgress => AnsiColor::Yellow,
        Outcome::Broken | Outcome::NotDeterministic => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// `no progress` where a climb got nowhere because of the path or the server, `-` where nobody climbed.
pub(super) fn rung(result: &CellResult) -> &'static str {
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
        party if is_clients(party) => j.id.clone(),
        party => format!("{} ({party})", j.id),
    };
    expected.map(name).collect()
}

/// What each scenario takes of whom: a line a rung below the scenario, with the clients that need it; of several seeds the
/// worst. One verdict that changes, or one client more, changes two lines and no others.
#[must_use]
pub fn matrix(results: &[CellResult]) -> String {
    let mut scenarios: BTreeMap<&str, BTreeMap<u8, Vec<&CellResult>>> = BTreeMap::new();
    for ((scenario, _), result) in worst(results) {
        let rungs = scenarios.entry(scenario).or_default();
        rungs.entry(order(result)).or_default().push(result);
    }
    let mut out = String::new();
    for (scenario, rungs) in scenarios {
        let _ = writeln!(out, "{scenario}");
        for of_rung in rungs.values() {
            let clients: Vec<&str> = of_rung.iter().map(|r| r.client.as_str()).collect();
            let _ = writeln!(out, "  {:<16}  {}", rung(of_rung[0]), clients.join(", "));
        }
    }
    out
}

/// The results by scenario and client; of several seeds the worst.
pub(super) fn worst(results: &[CellResult]) -> BTreeMap<(&str, &str), &CellResult> {
    let mut all: BTreeMap<(&str, &str), &CellResult> = BTreeMap::new();
    for result in results {
        let cell = (result.scenario.as_str(), result.client.as_str());
        let worst = all.entry(cell).or_insert(result);
        if order(worst) < order(result) {
            *worst = result;
        }
    }
    all
}

/// The worse, the more.
fn order(result: &CellResult) -> u8 {
    result.rung.map_or(u8::MAX, |rung| rung as u8)
}
