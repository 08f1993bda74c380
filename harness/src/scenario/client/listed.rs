//! The knobs that make up a model, as a file has them.

use super::knobs;
use crate::app::Model;
use crate::yaml::write::{Entries, Yaml};

/// The knobs in which a model differs from another, each as a file has it.
#[must_use]
pub fn knobs_of(model: &Model, from: &Model) -> Vec<String> {
    let Yaml::Map(entries) = knobs::written(Entries::default(), model, from).map() else {
        return Vec::new();
    };
    let line = |entry| Yaml::Lines(vec![entry]).document().trim().to_owned();
    entries.into_iter().map(line).collect()
}
