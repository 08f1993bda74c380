//! Showing results: the trace, the verdict table, the matrix, JSON and explanations. Everything here is made from a
//! judged cell and its journal; nothing is judged here.

mod chain;
mod coverage;
mod diagnosis;
mod diagram;
mod difference;
mod explain;
mod fold;
mod footer;
mod grid;
mod html;
mod junit;
mod markdown;
mod markup;
mod names;
mod others;
mod paint;
mod probe;
mod probe_junit;
mod rows;
mod sequences;
mod sweep;
mod table;
mod trace;
mod whom;
mod words;

pub use coverage::{coverage, never_tested};
pub use diagnosis::{Diagnosis, json as diagnosis_json, table as diagnosis_table};
pub use diagram::{View, mermaid, svg};
pub use difference::{Drawn, difference};
pub use explain::{ClientTopic, KeyTopic, explain, topics};
pub use html::{PackedCell, html};
pub use junit::junit;
pub use markdown::markdown;
pub use names::{Names, span};
pub use paint::painted;
pub use probe::{Needs, json as probe_json, table as probe_table};
pub use probe_junit::{probe_junit, sequences_junit};
pub use rows::Detail;
pub use sequences::{json as sequences_json, table as sequences_table};
pub use sweep::sweep;
pub use table::{Rows, WIDTH, matrix, table};
pub use trace::trace;
pub use whom::{summary, to_whom, undecided};
