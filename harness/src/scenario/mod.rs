//! Scenarios: what a YAML file says, checked; and how one is written.
//!
//! Each part (a server, a hop, a step, an injection, a promise) has one file: its value, its shape, its checks, its
//! writing. The whole is put together in `file`, `check` and `write`, and `load` stands on top.

mod check;
mod client;
mod cut;
mod file;
mod find;
mod hops;
mod inject;
mod keys;
mod kind;
mod lasting;
mod load;
mod machines;
mod model;
mod names;
mod promises;
mod schema;
mod secret;
mod server;
mod step;
mod timeline;
mod tools;
mod vocabulary;
mod words;
mod write;

pub use crate::yaml::{Diagnostic, Diagnostics};
pub use client::{OwnClient, knobs_of};
pub use find::find;
pub use hops::Hop;
pub use keys::{Key, KeyKind, keys};
pub use kind::ServerKind;
pub use load::{load, load_text};
pub use model::Scenario;
pub use promises::Expectation;
pub use schema::schema;
pub use server::{MOST_REPLICAS, SUPERVISOR_MS, Server};
pub use step::{
    Becomes, Call, CallExpect, DOWN_MS, DRAIN_MS, MOST_PADDING, Request, Step, StepAction, Targets,
};
pub use vocabulary::Vocabulary;
pub(crate) use write::tree;
pub use write::{promises, write};

/// The longest duration that a scenario can name, in milliseconds: 7 days. The shortest is 1 ms.
pub const LONGEST_MS: u64 = crate::yaml::duration::LONGEST_MS;
