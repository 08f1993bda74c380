//! A row of the diagram: its strip, what stands in it, and the time at its left.

use super::super::label::plain;
use super::super::model::{Lane, Row, What};
use super::pen::{Anchor, MONO, Pen, SANS, fit, lines, width};
use super::{EDGE, FIRST, LONG, Layout, TIMES, ladder, message};
use crate::report::markup::escape;
use crate::report::names::span;

/// How tall a row is, without what sets it apart from the one before.
pub(super) fn height(what: &What, layout: &Layout) -> usize {
    match what {
        What::Message { .. } => 30,
        What::Note { .. } => 24,
        What::Fault { .. } => 30,
        What::Violation { why, .. } => 32 + 16 * whys(why, layout).len(),
        What::Phase { .. } => 34,
        What::Folded(_) => 20,
    }
}

/// Why something is violated, in lines.
fn whys(why: &str, layout: &Layout) -> Vec<String> {
    lines(why, SANS, layout.width - TIMES - 8 - EDGE - 44, 2)
}

/// What a row says in full.
fn title(row: &Row, lanes: &[Lane]) -> String {
    match &row.what {
        What::Message {
            from, to, label, ..
        } => {
            let (from, to) = (&lanes[*from].name, &lanes[*to].name);
            format!("{from} → {to}: {}", plain(label))
        }
        What::Note { text, .. } | What::Phase { text, .. } | What::Fault { text, .. } => {
            text.clone()
        }
        What::Violation { id, party, why, .. } => format!("{id} ({party}): {why}"),
        What::Folded(many) => hidden_rows(*many),
    }
}

/// What kind of row it is.
fn class(what: &What) -> &'static str {
    match what {
        What::Message { refused: true, .. } => "row is-refusal",
        What::Message { .. } => "row is-message",
        What::Note { .. } => "row is-note",
        What::Fault { .. } => "row is-fault",
        What::Violation { .. } => "row is-violation",
        What::Phase { .. } => "row is-phase",
        What::Folded(_) => "row is-folded",
    }
}

/// What a page asks of a row.
fn data(row: &Row) -> String {
    let key = row.key();
    match &row.what {
        What::Violation { id, party, .. } => {
            let (id, party) = (escape(id), escape(party));
            format!("data-key=\"{key}\" data-id=\"{id}\" data-party=\"{party}\"")
        }
        _ => format!("data-key=\"{key}\""),
    }
}

/// Begins a row, at its place.
pub(super) fn begin(pen: &mut Pen, row: &Row, y: usize, lanes: &[Lane]) {
    pen.group(class(&row.what), &data(row), y, &title(row, lanes));
}

/// Draws a row that has begun, from there on, and ends it.
pub(super) fn draw(pen: &mut Pen, row: &Row, y: usize, layout: &Layout) {
    let tall = height(&row.what, layout);
    // What takes the pointer, and shows where it is.
    pen.rect("hit", (0, y), (layout.width, tall), 0);
    let band = (TIMES + 8, y + 3);
    let wide = layout.width - EDGE - band.0;
    match &row.what {
        What::Message { .. } => message::draw(pen, &row.what, y, layout),
        What::Note { lane, mark, text } => note(pen, layout, *lane, *mark, text, y),
        What::Fault { text, over } => {
            pen.rect("band-fault", band, (wide, 24), 4);
            pen.rect("edge-warn", band, (4, 24), 2);
            if !over {
                pen.path(
                    "edge-warn",
                    &format!("M{} {}l-7 10h5l-2 7 8-11h-5l3-6z", band.0 + 20, y + 7),
                );
            }
            let class = if *over { "soft" } else { "b" };
            pen.text(
                class,
                Anchor::Start,
                (band.0 + 32, y + 19),
                &fit(text, SANS, wide - 40),
            );
        }
        What::Violation {
            lane,
            id,
            party,
            why,
            expected,
        } => {
            let why = whys(why, layout);
            pen.rect("band-bad", band, (wide, 26 + 16 * why.len()), 4);
            pen.rect("edge-bad", band, (4, 26 + 16 * why.len()), 2);
            let x = layout.lanes[*lane];
            pen.path(
                "cb cross",
                &format!("M{} {}l8 8m0-8l-8 8", band.0 + 14, y + 12),
            );
            pen.mono("b bad", (band.0 + 32, y + 21), id);
            let after = band.0 + 32 + width(id, MONO) + 10;
            let mark = if *expected { "" } else { "  — not expected" };
            let who = format!("{party}{mark}");
            let room = (layout.width - EDGE).saturating_sub(after + 8);
            pen.text(
                "soft",
                Anchor::Start,
                (after, y + 21),
                &fit(&who, SANS, room),
            );
            for (n, line) in why.iter().enumerate() {
                pen.text("", Anchor::Start, (band.0 + 32, y + 38 + 16 * n), line);
            }
            pen.path("edge-bad", &format!("M{} {}l5 -6h-10z", x, y + 5));
        }
        What::Phase {
            text,
            rung,
            over,
            hidden,
        } => {
            pen.line("rule", (TIMES + 8, y + 17), (layout.width - EDGE, y + 17));
            let text = fit(text, SANS, wide - 60);
            let wide = width(&text, SANS) + 28;
            let class = match (rung, over) {
                (Some(rung), true) => ladder::class(Some(*rung)),
                _ => "box",
            };
            pen.rect(class, (FIRST - 20, y + 6), (wide, 22), 11);
            let x = FIRST - 20 + wide / 2;
            pen.text("b", Anchor::Middle, (x, y + 21), &text);
            if *hidden > 0 {
                let x = FIRST - 20 + wide + 12;
                pen.text(
                    "soft halo",
                    Anchor::Start,
                    (x, y + 21),
                    &hidden_rows(*hidden),
                );
            }
        }
        What::Folded(many) => {
            let x = FIRST + 13;
            pen.text("soft halo", Anchor::Start, (x, y + 14), &hidden_rows(*many));
        }
    }
    if row.wait_ms > 0 {
        let class = if row.wait_ms >= LONG {
            "time b"
        } else {
            "time"
        };
        let text = fit(&format!("+{}", short(row.wait_ms)), SANS, TIMES);
        pen.text(class, Anchor::End, (TIMES, y + 19), &text);
    }
    pen.end();
}

fn hidden_rows(many: usize) -> String {
    match many {
        1 => "1 row not shown".to_owned(),
        many => format!("{many} rows not shown"),
    }
}

/// A span that fits into the column of times.
fn short(ms: u64) -> String {
    if ms < 60_000 {
        return span(ms);
    }
    let (h, min, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    match (h, min, s) {
        (0, min, 0) => format!("{min} min"),
        (0, min, s) => format!("{min} min {s:02} s"),
        (h, 0, _) => format!("{h} h"),
        (h, min, _) => format!("{h} h {min:02} min"),
    }
}

/// A mark at a lane, and what it means.
fn note(pen: &mut Pen, layout: &Layout, lane: usize, mark: char, text: &str, y: usize) {
    let (x, middle) = (layout.lanes[lane], y + 12);
    let diamond = format!("M{x} {}l6 6 -6 6 -6 -6z", middle - 6);
    let square = format!("M{} {}h10v10h-10z", x - 5, middle - 5);
    let (shape, solid) = match mark {
        '☺' | '☹' | '◦' => (
            format!("M{} {middle}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", x - 5),
            mark != '◦',
        ),
        '◇' => (diamond, false),
        '◆' => (diamond, true),
        '▼' => (format!("M{} {}h12l-6 10z", x - 6, middle - 5), true),
        '▲' => (format!("M{} {}h12l-6 -10z", x - 6, middle + 5), true),
        '✖' => (
            format!("M{} {}l10 10m0 -10l-10 10", x - 5, middle - 5),
            false,
        ),
        '▤' => (square, false),
        _ => (square, true),
    };
    let (colour, class) = match mark {
        '☹' => ("cb", "bad"),
        '▼' | '◆' | '✖' => ("cb", ""),
        '▲' | '◇' | '✎' => ("cg", ""),
        '▤' => ("ci", "soft"),
        _ => ("ci", ""),
    };
    let kind = if solid { "mark solid" } else { "mark" };
    pen.path(&format!("{colour} {kind}"), &shape);
    let (anchor, at, room) = layout.beside(x);
    let class = format!("halo {class}");
    pen.text(
        class.trim_end(),
        anchor,
        (at, y + 16),
        &fit(text, SANS, room),
    );
}
