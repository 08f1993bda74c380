//! The trace: the journal drawn one line an event, a lane a process, time as the step since the line before, verdicts at
//! the event that they fall on.

use std::fmt::Write as _;

use crate::journal::Record;
use crate::report::diagram::View;
use crate::report::fold::in_view;
use crate::report::footer::footer;
use crate::report::grid::Grid;
use crate::report::names::span;
use crate::report::rows::rows;
use crate::runner::CellResult;

/// The trace of a judged record.
#[must_use]
pub fn trace(result: &CellResult, record: &Record, view: View<'_>) -> String {
    let cast = &*record.cast;
    let grid = Grid::new(cast.lanes().map(ToString::to_string).collect());
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} with {}, seed {}",
        cast.scenario, cast.client, cast.seed
    );
    let _ = writeln!(out, "{}\n", cast.summary);
    let _ = writeln!(out, "{:>18}  {}", "", grid.head());
    let mut last_ms = 0;
    let lines = rows(result, record, view.detail).0;
    let kept = in_view(result, record, &lines, view);
    let mut hidden = 0;
    for (line, kept) in lines.iter().zip(kept) {
        if !kept {
            hidden += 1;
            continue;
        }
        if hidden > 0 {
            let _ = writeln!(out, "{:>18}  {hidden} lines folded", "⋮");
            hidden = 0;
        }
        let step = format!("+{}", span(line.at_ms - last_ms));
        last_ms = line.at_ms;
        let text = format!("{step:>18}  {}  {}", grid.draw(&line.row), line.text);
        let _ = writeln!(out, "{}", text.trim_end());
    }
    if hidden > 0 {
        let _ = writeln!(out, "{:>18}  {hidden} lines folded", "⋮");
    }
    out.push('\n');
    out.push_str(&footer(result, record));
    out
}
