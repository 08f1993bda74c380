//! Showing results: the trace, the verdict table, the matrix, JSON and explanations. Everything here is made from a
//! judged cell and its journal; nothing is judged here.

mod chain;
mod coverage;
mod explain;
mod footer;
mod grid;
mod markdown;
mod names;
mod others;
mod sweep;
mod table;
mod trace;
mod words;

pub use coverage::{coverage, never_tested};
pub use explain::{ClientTopic, KeyTopic, explain, topics};
pub use markdown::markdown;
pub use sweep::sweep;
pub use table::{matrix, table};
pub use trace::{Detail, trace};
