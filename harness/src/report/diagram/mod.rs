//! A record as a sequence diagram: a lane a process, an arrow a message, time downwards. One model of it, drawn as an SVG
//! for people and as Mermaid's text for pages that draw it themselves.

mod details;
mod label;
mod mermaid;
mod model;
mod svg;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::journal::Record;
use crate::report::rows::{Detail, rows};
use crate::runner::CellResult;
pub(super) use svg::STYLE;

/// How much a diagram shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// Each of the client's exchanges from end to end, or every message on every link.
    pub detail: Detail,
    /// Whether rows are left out that are not about what was violated; how many they are is shown in their place.
    pub folded: bool,
    /// Of a folded diagram: the one invariant whose violation it is about; all that are violated unless given.
    pub at: Option<&'a str>,
}

impl View<'_> {
    /// All rows, in that detail.
    #[must_use]
    pub fn whole(detail: Detail) -> Self {
        View {
            detail,
            folded: false,
            at: None,
        }
    }
}

/// The diagram of a judged record as a whole SVG document, which needs neither script nor font nor anything else from
/// elsewhere, and follows the reader's choice of light or dark.
#[must_use]
pub fn svg(result: &CellResult, record: &Record, view: View<'_>) -> String {
    svg::draw(&model::Diagram::of(result, record, view), true)
}

/// The same as text for Mermaid, which draws sequence diagrams in issues and pull requests.
#[must_use]
pub fn mermaid(result: &CellResult, record: &Record, view: View<'_>) -> String {
    mermaid::draw(&model::Diagram::of(result, record, view))
}

/// The diagrams of a record as a page has them, with the details of their rows. The page has the style.
#[derive(Serialize)]
pub(super) struct Drawn {
    /// Without the rows that are not about what was violated.
    folded: String,
    /// With all rows.
    all: String,
    /// By what tells a row from all others.
    details: BTreeMap<String, details::Details>,
}

/// Draws a record for a page.
pub(super) fn draw(result: &CellResult, record: &Record) -> Drawn {
    let view = |folded| View {
        detail: Detail::Short,
        folded,
        at: None,
    };
    let (lines, names) = rows(result, record, Detail::Short);
    let of = |folded| model::Diagram::made(result, record, (&lines, &names), view(folded));
    let (all, folded) = (of(false), of(true));
    let details = all.rows.iter().map(|row| {
        let of_row = match &row.what {
            model::What::Violation { id, .. } => details::of_invariant(id),
            _ => details::of_entry(&record.entries[row.entry], &names),
        };
        (row.key(), of_row)
    });
    Drawn {
        folded: svg::draw(&folded, false),
        details: details.collect(),
        all: svg::draw(&all, false),
    }
}
