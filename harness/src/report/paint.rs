//! Colours for a trace, by what its lines mean, and the part of it that led to one violation. Whoever prints it takes the
//! colours out where they are not seen.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// How many lines before a violation are shown at the most.
const BEFORE: usize = 30;
/// How many lines after the last of its violations.
const AFTER: usize = 4;
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

/// The part of a trace that led to the violations of one invariant, and their verdicts; `None` where it is not violated.
#[must_use]
pub fn led_to(trace: &str, invariant: &str) -> Option<String> {
    let lines: Vec<&str> = trace.lines().collect();
    let mark = format!("✗ {invariant} (");
    let falls = |line: &&str| line.contains(&mark);
    let first = lines.iter().position(falls)?;
    let last = lines.iter().rposition(falls)?;
    let events = lines.iter().position(|line| line.starts_with("rung "));
    let from = first.saturating_sub(BEFORE).max(HEAD);
    let to = (last + AFTER + 1).min(events.unwrap_or(lines.len()) - 1);
    let mut out = String::new();
    let mut add = |line: &str| {
        let _ = writeln!(out, "{line}");
    };
    lines[..HEAD.min(first)].iter().for_each(|line| add(line));
    if from > HEAD {
        add(&format!("{:>18}  {} lines before", "⋮", from - HEAD));
    }
    lines[from..to].iter().for_each(|line| add(line));
    add("");
    let verdict = format!("violated  {invariant} (");
    let verdicts = lines.iter().filter(|line| line.starts_with(&verdict));
    verdicts.for_each(|line| add(line));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{led_to, painted};

    fn trace() -> String {
        let events: String = (0..40).map(|n| format!("+1 ms  r{n} POST\n")).collect();
        format!(
            "a with b, seed 1\nsummary\n\n   lanes\n{events}+0 ms ✗ cli-no-stale-id (client): why [expected]\n+1 ms end\n\n\
             rung      never\nheld      srv-x (s)\nviolated  cli-no-stale-id (client): why\noutcome   kept\n"
        )
    }

    #[test]
    fn what_led_to_a_violation_ends_with_its_verdict() {
        let shown = led_to(&trace(), "cli-no-stale-id").expect("it is violated");
        assert!(shown.starts_with("a with b"), "{shown}");
        assert!(
            shown.contains("⋮  10 lines before") && !shown.contains(" r9 "),
            "{shown}"
        );
        assert!(
            shown.contains(" r10 ") && shown.contains("+1 ms end"),
            "{shown}"
        );
        assert!(
            shown.ends_with("violated  cli-no-stale-id (client): why\n"),
            "{shown}"
        );
        assert!(!shown.contains("rung "), "{shown}");
        assert_eq!(led_to(&trace(), "cli-no-stale"), None);
    }

    #[test]
    fn colours_change_no_letter() {
        let trace = trace();
        let painted = painted(&trace);
        assert_ne!(painted, trace);
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), trace);
    }
}
