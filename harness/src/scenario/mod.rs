//! Scenarios: what a YAML file says, checked and expanded into cells.

mod model;

pub use model::*;
