//! Colours for a trace, by what its lines mean. Whoever prints it takes them out where they are not seen.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// The lines above the events: the cell, its summary, an empty one and the lanes.
const HEAD: usize = 4;

/// The trace with its colours.
#[must_use]
pub fn painted(trace: &str) -> String {
    let mut out = String::with_capacity(trace.len() * 5 / 4);
    for (at, line) in trace.lines().enumerate() {
        let style = style(at, line);
        let _ = writeln!(out, "{style}{line}{style:#}");
    }
    out
}

fn style(at: usize, line: &str) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    let (red, yellow, green) = (
        colour(AnsiColor::Red),
        colour(AnsiColor::Yellow),
        colour(AnsiColor::Green),
    );
    if at == 0 || at == HEAD - 1 {
        return Style::new().bold();
    }
    let footer = |word: &str| line.starts_with(word);
    match line {
        _ if line.contains("NOT EXPECTED") => red.bold(),
        _ if line.contains("✗ ") || footer("violated ") => yellow,
        _ if line.contains('⚡') => colour(AnsiColor::Magenta),
        _ if line.contains('☹') || line.contains('▼') || line.contains('✖') => red,
        _ if line.contains("────────") => colour(AnsiColor::Cyan),
        _ if line.contains('☺') && line.ends_with(" ok") || footer("held ") => green,
        _ if footer("outcome   kept") => green,
        _ if footer("outcome ") => red,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::painted;

    #[test]
    fn colours_change_no_letter() {
        let trace = "a with b, seed 1\nsummary\n\n   lanes\n+0 ms ✗ cli-no-stale-id (client): why [expected]\n\nrung      \
                     never\nheld      srv-x (s)\nviolated  cli-no-stale-id (client): why\noutcome   kept\n";
        let painted = painted(trace);
        assert_ne!(painted, trace);
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), trace);
    }
}
