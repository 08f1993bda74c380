//! The table of a sweep, points by fates with the rung in each cell, and what it covered.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::fault::{Point, TriggerEvent};
use crate::journal::Rung;
use crate::search::{Came, Row, Sweep};

/// The letter of a rung in the table; of a run in which something was violated that the scenario does not list, the other one.
fn letters(rung: Option<Rung>) -> (char, char) {
    match rung {
        None => ('-', '~'),
        Some(Rung::Transparent) => ('.', '!'),
        Some(Rung::Retry) => ('r', 'R'),
        Some(Rung::NewConversation) => ('n', 'N'),
        Some(Rung::Reconnect) => ('c', 'C'),
        Some(Rung::ReAdd) => ('a', 'A'),
        Some(Rung::Incognito) => ('i', 'I'),
        Some(Rung::Never) => ('x', 'X'),
    }
}

/// What stands for a run that came to no end.
const NO_END: char = '#';
/// What stands for a run that is to be made still.
const NOT_RUN: char = '?';

/// The table, its columns' and its letters' meanings, and the coverage.
#[must_use]
pub fn sweep(sweep: &Sweep) -> String {
    let bold = Style::new().bold();
    let mut out = String::new();
    let (scenario, client) = (&sweep.cell.scenario.name, &sweep.cell.client);
    let _ = writeln!(out, "{bold}{scenario} with {client}{bold:#}");
    let labels: Vec<String> = sweep.rows.iter().map(|row| label(&row.point)).collect();
    let width = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    let height = sweep
        .columns
        .iter()
        .map(|c| c.code.len())
        .max()
        .unwrap_or(0);
    for line in 0..height {
        let code = |code: &str| code.chars().nth(line).unwrap_or(' ');
        let codes: String = sweep.columns.iter().map(|c| code(&c.code)).collect();
        let _ = writeln!(out, "{:>10}  {:<width$}  {codes}", "", "");
    }
    for (row, label) in sweep.rows.iter().zip(labels) {
        let at_ms = row.entry.at_ms;
        let _ = write!(
            out,
            "{:>4}.{:03} s  {label:<width$}  ",
            at_ms / 1000,
            at_ms % 1000
        );
        cells(&mut out, row);
        out.push('\n');
    }
    legend(&mut out, sweep);
    covered(&mut out, sweep);
    out
}

fn cells(out: &mut String, row: &Row) {
    let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
    for came in &row.came {
        let _ = match came {
            Came::NotTried(_) => write!(out, " "),
            Came::NotRun => write!(out, "{NOT_RUN}"),
            Came::NoEnd => write!(out, "{red}{NO_END}{red:#}"),
            Came::Ran(rung, false) => write!(out, "{}", letters(*rung).0),
            Came::Ran(rung, true) => write!(out, "{red}{}{red:#}", letters(*rung).1),
        };
    }
}

fn legend(out: &mut String, sweep: &Sweep) {
    let columns = sweep.columns.iter();
    let columns: Vec<String> = columns.map(|c| format!("{} {}", c.code, c.says)).collect();
    let _ = writeln!(out, "\ncolumns: {}", columns.join("; "));
    let rungs = Rung::ALL.iter();
    let rungs: Vec<String> = rungs
        .map(|rung| {
            let (kept, broken) = letters(Some(*rung));
            format!("{kept} {broken} {}", rung.as_str())
        })
        .collect();
    let _ = writeln!(
        out,
        "letters: {}; - ~ no client gets anywhere; {NO_END} no end; {NOT_RUN} not run yet. The second of two: something was \
         violated that the scenario does not list",
        rungs.join("; ")
    );
}

fn covered(out: &mut String, sweep: &Sweep) {
    let of_all = |which: fn(&Came) -> bool| {
        let singles = sweep.rows.iter().flat_map(|row| &row.came);
        singles.filter(|came| which(came)).count()
    };
    let all = of_all(|came| !matches!(came, Came::NotTried(_)));
    let left = of_all(|came| *came == Came::NotRun);
    let runs = match left {
        0 => format!("{all} runs with one fault, every one that applies"),
        _ => format!(
            "{} of {all} runs with one fault, then it was ended",
            all - left
        ),
    };
    let _ = writeln!(
        out,
        "covered: {} points by {} fates: {runs}",
        sweep.rows.len(),
        sweep.columns.len()
    );
    for (why, count) in sweep.not_tried() {
        let _ = writeln!(out, "  {count} not tried: {}", why.as_str());
    }
    if let Some(pairs) = &sweep.pairs {
        let _ = writeln!(
            out,
            "  {} of {} pairs, evenly spread; a second fault follows each of the {} first ones after which something else \
             happens",
            pairs.run, pairs.all, pairs.firsts
        );
    }
    if !sweep.is_whole {
        let _ = writeln!(
            out,
            "  ended before its end; --results and --resume go on from there"
        );
    }
}

/// What is seen at a point, and which of the sightings it is.
pub(crate) fn label(point: &Point) -> String {
    let when = &point.when;
    let at = when.at.as_deref().unwrap_or("");
    let what = when.rpc.as_deref().or(when.method.as_deref()).unwrap_or("");
    let mut text = match when.event {
        TriggerEvent::RequestSent => format!("{at} sends {what}"),
        TriggerEvent::RequestReceived => format!("{at} gets {what}"),
        TriggerEvent::ResponseSent => format!("{at} answers {what}"),
        TriggerEvent::ResponseReceived => format!("{at} is answered {what}"),
        TriggerEvent::SseSent => format!("{at} streams to {what}"),
        TriggerEvent::SseReceived => format!("{at} is streamed to {what}"),
        TriggerEvent::Effect => {
            let tool = when.tool.map_or("", |tool| tool.as_str());
            format!("{at} did {tool}")
        }
        TriggerEvent::SessionOpened => format!("{at} opened a session"),
        TriggerEvent::UserActs => {
            let action = when.action.map_or("", |action| action.as_str());
            format!("the user: {action} {at}")
        }
    };
    if point.nth > 1 {
        let _ = write!(text, " #{}", point.nth);
    }
    text.trim_end().to_owned()
}
