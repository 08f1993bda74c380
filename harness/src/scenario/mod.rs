//! Scenarios: what a YAML file says, checked and expanded into cells.

mod actions;
mod cast;
mod check;
mod choice;
mod decode;
mod diagnose;
mod enumerations;
mod file;
mod forms;
mod hops;
mod load;
mod model;
mod promises;
mod scalar;
mod schema;
mod timeline;
mod tree;
mod words;

pub use diagnose::{Diagnostic, Diagnostics};
pub use load::{InvariantParty, Vocabulary, find, load, load_text};
pub use model::*;
pub use schema::schema;
