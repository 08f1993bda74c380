//! Where two traces part. Names in the order of first sight and times as steps make what happened the same way look the
//! same.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// A drawn record.
pub struct Drawn {
    /// What it is called.
    pub name: String,
    /// Its trace as text.
    pub trace: String,
}

/// The places at which they differ, with so many lines around each that are the same; `None` where they differ nowhere.
#[must_use]
pub fn difference(one: &Drawn, two: &Drawn, context: usize) -> Option<String> {
    // The first line names scenario, client and seed: it is no event.
    let (head_one, events_one) = split(&one.trace);
    let (head_two, events_two) = split(&two.trace);
    let diff = TextDiff::from_lines(events_one, events_two);
    let groups = diff.grouped_ops(context);
    let first = groups
        .first()?
        .iter()
        .find(|op| op.tag() != similar::DiffTag::Equal)?;
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    let (red, green) = (colour(AnsiColor::Red), colour(AnsiColor::Green));
    let mut out = String::new();
    let _ = writeln!(out, "{red}- {}: {head_one}{red:#}", one.name);
    let _ = writeln!(out, "{green}+ {}: {head_two}{green:#}", two.name);
    let _ = writeln!(out, "They part after {} lines.", first.old_range().start);
    let mut shown = 0;
    for group in &groups {
        let from = group.first().map_or(0, |op| op.old_range().start);
        if from > shown {
            same(&mut out, from - shown);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, style) = match change.tag() {
                ChangeTag::Delete => ('-', red),
                ChangeTag::Insert => ('+', green),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = format!("{mark} {}", change.value().trim_end_matches('\n'));
            let _ = writeln!(out, "{style}{}{style:#}", line.trim_end());
        }
        shown = group.last().map_or(0, |op| op.old_range().end);
    }
    let rest = diff.old_slices().len().saturating_sub(shown);
    if rest > 0 {
        same(&mut out, rest);
    }
    Some(out)
}

/// Says how many lines are left out.
fn same(out: &mut String, many: usize) {
    let dim = Style::new().dimmed();
    let _ = match many {
        1 => writeln!(out, "{dim}  … 1 line is the same{dim:#}"),
        many => writeln!(out, "{dim}  … {many} lines are the same{dim:#}"),
    };
}

fn split(trace: &str) -> (&str, &str) {
    trace.split_once('\n').unwrap_or((trace, ""))
}
