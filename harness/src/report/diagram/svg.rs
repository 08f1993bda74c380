//! The diagram as an SVG. Each row has a strip of its own, so that no text meets another one.

mod ladder;
mod message;
mod pen;
mod row;

use std::fmt::Write as _;

use super::model::{Diagram, What};
use crate::journal::{Role, Rung};
use crate::report::markup::escape;
use crate::runner::Outcome;
use pen::{Anchor, Pen, SANS, fit, lines, width};

/// Colours and fonts, for light and for dark.
pub(in crate::report) const STYLE: &str = include_str!("svg/style.css");
/// Where the times end, from the left.
const TIMES: usize = 84;
/// Where the first lane is.
const FIRST: usize = 146;
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

/// The whole document. One that stands alone has its style and says how it all came out; a page has these itself.
pub(super) fn draw(diagram: &Diagram, alone: bool) -> String {
    let layout = Layout::of(diagram);
    let mut body = Pen::default();
    let mut y = if alone {
        head(&mut body, diagram, &layout)
    } else {
        0
    };
    y += 14;
    boxes(&mut body, diagram, &layout, y);
    y += 36;
    let mut down = vec![false; diagram.lanes.len()];
    for row in &diagram.rows {
        let pause = if row.wait_ms >= LONG { PAUSE } else { 0 };
        let tall = row::height(&row.what, &layout) + pause;
        // What is drawn in a row does not depend on its place, so that alike rows pack well.
        row::begin(&mut body, row, y, &diagram.lanes);
        lifelines(&mut body, &row.what, &mut down, (pause, tall), &layout);
        row::draw(&mut body, row, pause, &layout);
        y += tall;
    }
    y += 8;
    boxes(&mut body, diagram, &layout, y);
    y += 44;
    y = ladder::draw(&mut body, diagram, y, layout.width);
    let mut pen = Pen::default();
    let (title, about) = (escape(&diagram.title), escape(&diagram.about));
    let style = if alone {
        format!("<style>\n{STYLE}</style>\n")
    } else {
        String::new()
    };
    pen.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sd\" viewBox=\"0 0 {0} {y}\" width=\"{0}\" height=\"{y}\" \
         role=\"img\" aria-labelledby=\"sd-title sd-about\">\n<title id=\"sd-title\">{title}</title>\n\
         <desc id=\"sd-about\">{about}</desc>\n{style}",
        layout.width,
    ));
    pen.rect("bg", (0, 0), (layout.width, y), 0);
    pen.raw(&body.out);
    pen.raw("</svg>\n");
    pen.out
}

/// The lanes of a row: a process is down from the middle of the row that says so to the middle of the one that says it is up.
fn lifelines(
    pen: &mut Pen,
    what: &What,
    down: &mut [bool],
    (pause, tall): (usize, usize),
    layout: &Layout,
) {
    let mut paths = [String::new(), String::new(), String::new()];
    let mut draw = |class: usize, x: usize, from: usize, to: usize| {
        let _ = write!(paths[class], "M{x} {from}V{to}");
    };
    for (down, (n, x)) in down.iter_mut().zip(layout.lanes.iter().enumerate()) {
        match what {
            What::Note { lane, mark, .. } if *lane == n && matches!(mark, '▼' | '▲') => {
                let middle = usize::midpoint(pause, tall);
                draw(usize::from(*down), *x, 0, middle);
                *down = *mark == '▼';
                draw(usize::from(*down), *x, middle, tall);
            }
            What::Folded(_) => draw(2, *x, 0, tall),
            _ => draw(usize::from(*down), *x, 0, tall),
        }
    }
    for (class, path) in ["life", "down", "dots"].into_iter().zip(&paths) {
        if !path.is_empty() {
            pen.path(class, path);
        }
    }
}

/// The title with the rung, and what the scenario is about.
fn head(pen: &mut Pen, diagram: &Diagram, layout: &Layout) -> usize {
    let room = layout.width - 2 * EDGE;
    let (said, pill) = match diagram.outcome {
        Outcome::Kept => (diagram.rung_said.to_owned(), ladder::class(diagram.rung)),
        // What was not promised is the worse news.
        outcome => {
            let said = format!("{}, {}", diagram.rung_said, outcome.as_str());
            (said, "pill-bad")
        }
    };
    let wide = width(&said, SANS) + 20;
    let right = layout.width - EDGE;
    pen.rect(pill, (right - wide, 12), (wide, 22), 11);
    pen.text("b", Anchor::Middle, (right - wide / 2, 27), &said);
    let title = fit(&diagram.title, 10, room - wide - 8);
    pen.text("title", Anchor::Start, (EDGE, 28), &title);
    let mut y = 30;
    for line in lines(&diagram.about, SANS, room, 2) {
        y += 18;
        pen.text("soft", Anchor::Start, (EDGE, y), &line);
    }
    y
}

fn boxes(pen: &mut Pen, diagram: &Diagram, layout: &Layout, y: usize) {
    pen.raw("<g class=\"lanes\">\n");
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
    pen.end();
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
