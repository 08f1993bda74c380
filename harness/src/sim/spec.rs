//! What a run is a run of.

use crate::registry::Subject;
use crate::scenario::Scenario;

/// What to run.
#[derive(Clone, Copy)]
pub struct Spec<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The client's name.
    pub client: &'a str,
    /// The client.
    pub subject: &'a Subject,
    /// The seed.
    pub seed: u64,
}
