//! The diagram as Mermaid's text: pages that draw it themselves take it in a fenced block, as issues and pull requests do.

use std::fmt::Write as _;

use super::label::plain;
use super::model::{Diagram, Row, What};
use crate::report::names::span;

/// What a text may be long, in characters; Mermaid does not break lines by itself.
const LONGEST: usize = 100;
/// From this wait on it is shown, in milliseconds.
const LONG: u64 = 1_000;

/// The whole text.
pub(super) fn draw(diagram: &Diagram) -> String {
    let mut out = "sequenceDiagram\n".to_owned();
    let _ = writeln!(out, "    title: {}", text(&diagram.title));
    let _ = writeln!(out, "    accTitle: {}", text(&diagram.title));
    let _ = writeln!(out, "    accDescr: {}", text(&diagram.about));
    for (n, lane) in diagram.lanes.iter().enumerate() {
        let _ = writeln!(out, "    participant p{n} as {}", text(&lane.name));
    }
    let across = match diagram.lanes.len() {
        0 => return out,
        1 => "p0".to_owned(),
        many => format!("p0,p{}", many - 1),
    };
    for row in &diagram.rows {
        if row.wait_ms >= LONG {
            let _ = writeln!(out, "    Note over {across}: {} later", span(row.wait_ms));
        }
        draw_row(&mut out, row, &across);
    }
    for climb in &diagram.climbs {
        let rung = climb.rung.map_or("no progress", |rung| rung.as_str());
        let said = format!("recovery of {}: {rung}", climb.server);
        let _ = writeln!(out, "    Note over {across}: {}", text(&said));
    }
    out
}

fn draw_row(out: &mut String, row: &Row, across: &str) {
    let _ = match &row.what {
        What::Message {
            from,
            to,
            label,
            refused,
            answers,
            ..
        } => {
            let arrow = match (answers, refused) {
                _ if from == to => "-x",
                (false, _) => "->>",
                (true, false) => "-->>",
                (true, true) => "--x",
            };
            writeln!(out, "    p{from}{arrow}p{to}: {}", text(&plain(label)))
        }
        What::Note {
            lane, text: said, ..
        } => {
            writeln!(out, "    Note over p{lane}: {}", text(said))
        }
        What::Fault { text: said, over } => {
            let mark = if *over { "" } else { "⚡ " };
            writeln!(out, "    Note over {across}: {mark}{}", text(said))
        }
        What::Violation {
            lane,
            id,
            party,
            why,
            expected,
        } => {
            let mark = if *expected { "" } else { ", not expected" };
            let who = text(&format!("✗ {id} ({party}{mark})"));
            writeln!(
                out,
                "    rect rgba(207, 34, 46, 0.15)\n    Note over p{lane}: {who}<br/>{}\n    end",
                text(why)
            )
        }
        What::Phase {
            text: said, hidden, ..
        } => {
            let hidden = match hidden {
                0 => String::new(),
                many => format!("<br/>({many} not shown)"),
            };
            writeln!(out, "    Note over {across}: {}{hidden}", text(said))
        }
        What::Folded(many) => writeln!(out, "    Note over {across}: … {many} not shown"),
    };
}

/// A text of one line in which nothing is Mermaid's or HTML's: what has a meaning there is written by its number.
fn text(said: &str) -> String {
    let mut out = String::new();
    let long = said.chars().count() > LONGEST;
    let most = if long { LONGEST - 1 } else { LONGEST };
    for c in said.chars().take(most) {
        match c {
            c if c.is_control() => out.push(' '),
            '#' | ';' | '<' | '>' | '&' | '"' | '`' | '%' | '\\' | '$' | '{' | '}' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    if long {
        out.push('…');
    }
    // A text must not be empty, nor be taken for a word of the language.
    match out.trim() {
        "" => "·".to_owned(),
        "end" => "#101;nd".to_owned(),
        out => out.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn nothing_from_a_wire_is_mermaids() {
        assert_eq!(text("a; b # c\n<b>"), "a#59; b #35; c #60;b#62;");
        assert_eq!([text(" "), text("end")], ["·", "#101;nd"]);
        assert_eq!(text(&"x".repeat(101)).chars().count(), 100);
    }
}
