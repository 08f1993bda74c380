//! The rows of messages: an arrow, and above it what the message says.

use super::super::label::Part;
use super::super::model::What;
use super::pen::{MONO, Pen, fit, width};
use super::{EDGE, Layout, TIMES};

/// The colours that there are for sessions; after that they begin again.
const COLOURS: usize = 8;

/// The class that gives a session its colour.
fn colour(session: Option<usize>) -> String {
    session.map_or("c0".to_owned(), |n| format!("c{}", (n - 1) % COLOURS + 1))
}

/// A part's text.
fn text(part: &Part) -> String {
    match part {
        Part::Text(text) | Part::Faint(text) => text.clone(),
        Part::Session(n) => format!("S{n}"),
        Part::NoSession => "no session".to_owned(),
        Part::Status(status) => status.to_string(),
    }
}

/// The room that a part takes, with what stands around it.
fn room(part: &Part) -> usize {
    let badge = match part {
        Part::Session(_) | Part::NoSession | Part::Status(_) => 10,
        Part::Text(_) | Part::Faint(_) => 0,
    };
    width(&text(part), MONO) + badge
}

/// The parts that go into so much room: texts are shortened, from the last one on.
fn fitted(label: &[Part], most: usize) -> Vec<Part> {
    let mut label = label.to_vec();
    for at in (0..label.len()).rev() {
        let all: usize = label.iter().map(|part| room(part) + MONO).sum();
        let over = all.saturating_sub(most);
        if over == 0 {
            break;
        }
        if let Part::Text(long) = &label[at] {
            let left = width(long, MONO).saturating_sub(over);
            if left < 4 * MONO {
                label.remove(at);
            } else {
                label[at] = Part::Text(fit(long, MONO, left));
            }
        }
    }
    label
}

/// Draws it in the strip that begins at `y`.
pub(super) fn draw(pen: &mut Pen, what: &What, y: usize, layout: &Layout) {
    let What::Message {
        from,
        to,
        label,
        session,
        refused,
        answers,
        dead,
    } = what
    else {
        return;
    };
    let (begin, end) = (layout.lanes[*from], layout.lanes[*to]);
    let class = if *refused {
        "cb".to_owned()
    } else {
        colour(*session)
    };
    let middle = y + 23;
    pen.raw(&format!("<g class=\"{class}\">\n"));
    if begin == end {
        // It never left its process.
        pen.path(
            "a",
            &format!("M{begin} {middle}h22m-5 -5l10 10m0 -10l-10 10"),
        );
    } else {
        let toward = |x: usize, by: usize| if end > begin { x - by } else { x + by };
        let kind = if *answers { "a answers" } else { "a" };
        pen.line(kind, (begin, middle), (toward(end, 8), middle));
        let back = if end > begin {
            "l-9 -4.5v9z"
        } else {
            "l9 -4.5v9z"
        };
        pen.path("head", &format!("M{end} {middle}{back}"));
        pen.path(
            "dot",
            &format!("M{} {middle}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z", begin - 3),
        );
    }
    pen.raw("</g>\n");
    let left = begin.min(end);
    let all: usize = label.iter().map(|part| room(part) + MONO).sum();
    let right = layout.width - EDGE;
    // From the left end on if there is room for it, or else as far to the left as it needs.
    let start = (left + 10).min(right.saturating_sub(all)).max(TIMES + 8);
    let mut x = start;
    for part in fitted(label, right - start) {
        let wide = room(&part);
        let said = text(&part);
        match part {
            Part::Text(_) => pen.mono("halo", (x, y + 14), &said),
            Part::Faint(_) => pen.mono("soft halo", (x, y + 14), &said),
            Part::Session(n) => {
                pen.raw(&format!("<g class=\"{}\">\n", colour(Some(n))));
                pen.rect(
                    if *dead { "chip dead" } else { "chip" },
                    (x, y + 3),
                    (wide, 15),
                    4,
                );
                pen.mono("chip-text", (x + 5, y + 14), &said);
                if *dead {
                    pen.line("strike", (x + 3, y + 15), (x + wide - 3, y + 6));
                }
                pen.raw("</g>\n");
            }
            Part::NoSession => {
                pen.raw("<g class=\"c0\">\n");
                pen.rect("chip dead", (x, y + 3), (wide, 15), 4);
                pen.mono("soft", (x + 5, y + 14), &said);
                pen.raw("</g>\n");
            }
            Part::Status(status) => {
                let good = status < 400;
                let pill = if good { "pill-good" } else { "pill-bad" };
                pen.rect(pill, (x, y + 3), (wide, 15), 4);
                let class = if good { "good b" } else { "bad b" };
                pen.mono(class, (x + 5, y + 14), &said);
            }
        }
        x += wide + MONO;
    }
}
