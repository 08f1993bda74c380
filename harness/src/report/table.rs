//! The verdict table of a run, and the matrix of scenarios by clients that a reviewer reads first. Styles are put in
//! here and taken out by the stream where it is no terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use textwrap::{WordSeparator, WordSplitter};

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

/// How wide the table may be, in columns; texts beneath its rows are wrapped there.
pub const WIDTH: usize = 100;

/// How much the table says of each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Rung and outcome, how many known violations there were, and what went wrong.
    Short,
    /// The known violations by name and the hash of the record too.
    Verbose,
}

/// A scenario a block, a client a row: rung, outcome and the number of violations that the scenario lists. What went
/// wrong stands beneath its row.
#[must_use]
pub fn table(results: &[CellResult], rows: Rows) -> String {
    let clients = results.iter().map(|r| label(r).len() + 2);
    let clients = clients.max().unwrap_or(0).max("SCENARIO".len());
    let mut out = String::new();
    let head = Style::new().bold();
    let _ = writeln!(
        out,
        "{head}{:<clients$}  {:<16}  {:<17}  KNOWN{head:#}",
        "SCENARIO", "RUNG", "OUTCOME",
    );
    let mut last = "";
    for result in results {
        if result.scenario != last {
            let _ = writeln!(out, "{head}{}{head:#}", result.scenario);
            last = &result.scenario;
        }
        let style = style(result.outcome);
        let known = violated(result);
        let outcome = result.outcome.as_str();
        let _ = write!(
            out,
            "  {:<of$}  {:<16}  {style}{outcome}{style:#}",
            label(result),
            rung(result),
            of = clients - 2,
        );
        let _ = match known.len() {
            0 => writeln!(out),
            many => writeln!(out, "{:1$}  {many}", "", 17 - outcome.len()),
        };
        if rows == Rows::Verbose {
            beneath(
                &mut out,
                "record ",
                &result.journal_hash,
                Style::new().dimmed(),
            );
            if !known.is_empty() {
                beneath(
                    &mut out,
                    "known  ",
                    &known.join(", "),
                    Style::new().dimmed(),
                );
            }
        }
        for problem in &result.problems {
            beneath(&mut out, "✗ ", problem, style);
        }
    }
    out
}

/// Writes a text beneath a row, wrapped and indented.
fn beneath(out: &mut String, mark: &str, text: &str, style: Style) {
    let first = format!("      {mark}");
    let indent = " ".repeat(first.chars().count());
    for line in wrap(text, &first, &indent) {
        let _ = writeln!(out, "{style}{line}{style:#}");
    }
}

/// A text as lines of at most [`WIDTH`] columns, each with its indent. A word that is longer is broken.
fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(WIDTH);
    let options = options.initial_indent(first).subsequent_indent(rest);
    // Names of invariants and clauses stay whole, so that they can be copied.
    let options = options.word_separator(WordSeparator::AsciiSpace);
    let options = options.word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(|line| line.into_owned()).collect()
}

/// The client, with its seed where that is not the usual one.
pub(super) fn label(result: &CellResult) -> String {
    if result.seed == 1 {
        result.client.clone()
    } else {
        format!("{} (seed {})", result.client, result.seed)
    }
}

/// The violations that the scenario lists.
pub(super) fn violated(result: &CellResult) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::{Rows, WIDTH, table};
    use crate::runner::{CellResult, Judged, Outcome, Said};

    fn judged(id: &str, party: &str) -> Judged {
        Judged {
            id: id.to_owned(),
            party: party.to_owned(),
            verdict: Said::Violated,
            expected: true,
            why: "why".to_owned(),
            at: None,
        }
    }

    fn result(outcome: Outcome) -> CellResult {
        let known = ["cli-recovers", "app-incognito-is-first-contact"];
        CellResult {
            scenario: "reconnect/kept-connection-closed-before-a-call".to_owned(),
            client: "connector/session-per-call".to_owned(),
            seed: u64::MAX,
            rung: None,
            outcome,
            invariants: (0..9).map(|n| judged(known[n % 2], "memory-1")).collect(),
            journal_hash: "0123456789abcdef".to_owned(),
            virtual_ms: 0,
            exchanges: 0,
            rungs: [("memory-1".to_owned(), None)].into(),
            problems: vec!["it says much ".repeat(30), "w".repeat(300)],
            arms: std::collections::BTreeSet::new(),
        }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_name_is_broken() {
        let outcomes = [Outcome::Kept, Outcome::NotDeterministic];
        let results: Vec<CellResult> = outcomes.map(result).into();
        for rows in [Rows::Short, Rows::Verbose] {
            let drawn = anstream::adapter::strip_str(&table(&results, rows)).to_string();
            for line in drawn.lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
                assert_eq!(line.trim_end(), line);
            }
            assert_eq!(drawn.matches("reconnect/kept-").count(), 1, "{drawn}");
            let shown = drawn.matches("app-incognito-is-first-contact").count();
            assert_eq!(shown, if rows == Rows::Verbose { 8 } else { 0 }, "{drawn}");
        }
    }
}
