//! The diagram as an SVG. Each row has a strip of its own, so that no text meets another one.

mod ladder;
mod message;
mod pen;

use super::model::{Diagram, Row, What};
use crate::journal::{Role, Rung};
use crate::report::names::span;
use crate::runner::Outcome;
use pen::{Anchor, MONO, Pen, SANS, fit, lines, width};

/// Colours and fonts, for light and for dark.
const STYLE: &str = include_str!("svg/style.css");
/// Where the times end, from the left.
const TIMES: usize = 76;
/// Where the first lane is.
const FIRST: usize = 138;
/// What is left beside the last lane.
const LAST: usize = 84;
/// What is left at the right edge.
const EDGE: usize = 12;
/// The least distance of lanes.
const APART: usize = 150;
/// The least width.
const WIDTH: usize = 900;
/// From this wait on a row stands apart from the one before, in milliseconds.
const LONG: u64 = 1_000;
/// How far apart.
const PAUSE: usize = 16;

/// Where everything is.
struct Layout {
    width: usize,
    /// The middle of each lane.
    lanes: Vec<usize>,
}

impl Layout {
    fn of(diagram: &Diagram) -> Self {
        let gaps = diagram.lanes.len().saturating_sub(1).max(1);
        let width = WIDTH.max(FIRST + LAST + gaps * APART);
        let between = (width - FIRST - LAST) / gaps;
        let lanes = (0..diagram.lanes.len()).map(|n| FIRST + n * between);
        Self {
            width,
            lanes: lanes.collect(),
        }
    }

    /// Where a text goes that belongs to a point: to that side of it where there is more room. With how much there is.
    fn beside(&self, x: usize) -> (Anchor, usize, usize) {
        if x <= self.width / 2 {
            (Anchor::Start, x + 13, self.width - EDGE - x - 13)
        } else {
            (Anchor::End, x - 13, x - 13 - TIMES - 8)
        }
    }
}

/// The whole document.
pub(super) fn draw(diagram: &Diagram) -> String {
    let layout = Layout::of(diagram);
    let mut body = Pen::default();
    let mut y = head(&mut body, diagram, &layout);
    let mut down = vec![false; diagram.lanes.len()];
    for row in &diagram.rows {
        let pause = if row.wait_ms >= LONG { PAUSE } else { 0 };
        let tall = height(&row.what, &layout) + pause;
        // A process is down from the middle of the row that says so to the middle of the one that says it is up.
        let middle = y + pause + (tall - pause) / 2;
        for (n, x) in layout.lanes.iter().enumerate() {
            let class = |down: bool| if down { "down" } else { "life" };
            match row.what {
                What::Note { lane, mark, .. } if lane == n && matches!(mark, '▼' | '▲') => {
                    body.line(class(down[n]), (*x, y), (*x, middle));
                    down[n] = mark == '▼';
                    body.line(class(down[n]), (*x, middle), (*x, y + tall));
                }
                What::Folded(_) => body.line("dots", (*x, y), (*x, y + tall)),
                _ => body.line(class(down[n]), (*x, y), (*x, y + tall)),
            }
        }
        draw_row(&mut body, row, y + pause, &layout);
        y += tall;
    }
    y += 8;
    boxes(&mut body, diagram, &layout, y);
    y += 44;
    y = ladder::draw(&mut body, diagram, y, layout.width);
    let mut pen = Pen::default();
    pen.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sd\" viewBox=\"0 0 {0} {y}\" width=\"{0}\" height=\"{y}\" \
         role=\"img\" aria-labelledby=\"sd-title sd-about\">\n<title id=\"sd-title\">{1}</title>\n\
         <desc id=\"sd-about\">{2}</desc>\n<style>\n{STYLE}</style>\n",
        layout.width,
        pen::escape(&diagram.title),
        pen::escape(&diagram.about),
    ));
    pen.rect("bg", (0, 0), (layout.width, y), 0);
    pen.raw(&body.out);
    pen.raw("</svg>\n");
    pen.out
}

/// The title with how it came out, what the scenario is about, and the names of the lanes.
fn head(pen: &mut Pen, diagram: &Diagram, layout: &Layout) -> usize {
    let room = layout.width - 2 * EDGE;
    let outcome = diagram.outcome.as_str();
    let wide = width(outcome, SANS) + 20;
    let pill = match diagram.outcome {
        Outcome::Kept => "pill-good",
        Outcome::Vacuous | Outcome::NoProgress => "pill-warn",
        Outcome::Broken | Outcome::NotDeterministic => "pill-bad",
    };
    let right = layout.width - EDGE;
    pen.rect(pill, (right - wide, 12), (wide, 22), 11);
    pen.text("b", Anchor::Middle, (right - wide / 2, 27), outcome);
    let title = fit(&diagram.title, 10, room - wide - 8);
    pen.text("title", Anchor::Start, (EDGE, 28), &title);
    let mut y = 30;
    for line in lines(&diagram.about, SANS, room, 2) {
        y += 18;
        pen.text("soft", Anchor::Start, (EDGE, y), &line);
    }
    y += 14;
    boxes(pen, diagram, layout, y);
    y + 36
}

fn boxes(pen: &mut Pen, diagram: &Diagram, layout: &Layout, y: usize) {
    let between = layout
        .lanes
        .get(1)
        .map_or(APART, |next| next - layout.lanes[0]);
    for (lane, x) in diagram.lanes.iter().zip(&layout.lanes) {
        let name = fit(&lane.name, 8, (between - 12).min(2 * LAST - 2 * EDGE));
        let wide = width(&name, 8) + 24;
        let r = if lane.role == Role::Hop { 4 } else { 13 };
        pen.rect("box", (x - wide / 2, y), (wide, 26), r);
        pen.text("b", Anchor::Middle, (*x, y + 17), &name);
    }
}

fn height(what: &What, layout: &Layout) -> usize {
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
fn title(row: &Row) -> String {
    match &row.what {
        What::Message { label, .. } => message::plain(label),
        What::Note { text, .. } | What::Phase { text, .. } | What::Fault { text, .. } => {
            text.clone()
        }
        What::Violation { id, party, why, .. } => format!("{id} ({party}): {why}"),
        What::Folded(many) => hidden_rows(*many),
    }
}

fn draw_row(pen: &mut Pen, row: &Row, y: usize, layout: &Layout) {
    pen.group("row", row.entry, &title(row));
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
        let text = format!("+{}", short(row.wait_ms));
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
    if h > 0 {
        format!("{h} h {min:02} min")
    } else {
        format!("{min} min {s:02} s")
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

/// The colours of a rung.
fn tone(rung: Option<Rung>) -> &'static str {
    match rung {
        Some(Rung::Transparent | Rung::Retry) => "good",
        Some(Rung::Never) => "bad",
        Some(_) => "warn",
        None => "off",
    }
}
