//! Showing results: the trace, the verdict table, the matrix, JSON and explanations. Everything here is made from a
//! judged cell and its journal; nothing is judged here.

mod chain;
mod footer;
mod names;
mod table;
mod trace;

pub use table::{matrix, table};
pub use trace::{Detail, trace};

/// temporary
pub fn topics(_: &[(String, String)]) -> Vec<(&'static str, String, String)> {
    vec![]
}
/// temporary
pub fn explain(_: &str, _: &[(String, String)]) -> Result<String, Vec<String>> {
    Err(vec![])
}
