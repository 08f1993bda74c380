//! The recovery ladder below a diagram: what the user tried for each server, and what worked.

use super::super::model::Diagram;
use super::pen::{Anchor, Pen, SANS, fit, width};
use super::{EDGE, FIRST, tone};
use crate::journal::Rung;
use crate::report::markup::escape;

/// The class of a rung's badge.
pub(super) fn class(rung: Option<Rung>) -> &'static str {
    match tone(rung) {
        "good" => "pill-good",
        "bad" => "pill-bad",
        "warn" => "pill-warn",
        _ => "pill-off",
    }
}

/// Draws it, and returns where it ends.
pub(super) fn draw(pen: &mut Pen, diagram: &Diagram, y: usize, wide: usize) -> usize {
    let mut y = y;
    for climb in &diagram.climbs {
        let said = match climb.rung {
            Some(Rung::Never) => format!("{}: nothing that the user tried helped", climb.server),
            Some(rung) => format!("{}: {} was enough", climb.server, rung.as_str()),
            None => format!("{}: no client can get anywhere", climb.server),
        };
        pen.raw("<g class=\"ladder\">");
        pen.raw(&format!("<title>{}</title>\n", escape(&said)));
        let name = fit(&climb.server, 8, 110);
        pen.text("b", Anchor::Start, (EDGE, y + 16), &name);
        let mut x = FIRST;
        for rung in Rung::ALL {
            let text = rung.as_str();
            let this = width(text, SANS) + 16;
            let reached = climb.rung == Some(rung);
            let tried = climb.rung.is_some_and(|last| rung < last);
            let shape = if reached {
                class(Some(rung))
            } else {
                "pill-off"
            };
            pen.rect(shape, (x, y), (this, 24), 12);
            let of_text = if reached { "b" } else { "soft" };
            pen.text(of_text, Anchor::Middle, (x + this / 2, y + 16), text);
            if tried {
                pen.line("tried", (x + 7, y + 12), (x + this - 7, y + 12));
            }
            x += this + 10;
        }
        if climb.rung.is_none() {
            let room = wide.saturating_sub(x + EDGE);
            pen.text(
                "soft",
                Anchor::Start,
                (x, y + 16),
                &fit("no progress", SANS, room),
            );
        }
        pen.raw("</g>\n");
        y += 34;
    }
    y + 8
}
