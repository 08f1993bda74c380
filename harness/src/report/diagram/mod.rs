//! A record as a sequence diagram: a lane a process, an arrow a message, time downwards. One model of it, drawn as an SVG
//! for people and as Mermaid's text for pages that draw it themselves.

mod label;
mod mermaid;
mod model;
mod svg;

use crate::journal::Record;
use crate::report::rows::Detail;
use crate::runner::CellResult;

/// How much a diagram shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Each of the client's exchanges from end to end, or every message on every link.
    pub detail: Detail,
    /// Whether rows are left out that are not about what was violated; how many they are is shown in their place.
    pub folded: bool,
}

/// The diagram of a judged record as a whole SVG document, which needs neither script nor font nor anything else from
/// elsewhere, and follows the reader's choice of light or dark.
#[must_use]
pub fn svg(result: &CellResult, record: &Record, view: View) -> String {
    svg::draw(&model::Diagram::of(result, record, view))
}

/// The same as text for Mermaid, which draws sequence diagrams in issues and pull requests.
#[must_use]
pub fn mermaid(result: &CellResult, record: &Record, view: View) -> String {
    mermaid::draw(&model::Diagram::of(result, record, view))
}
