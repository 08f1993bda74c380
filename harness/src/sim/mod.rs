//! The simulated world: turmoil with our own loop around it, virtual time, and the faults that are not tied to one
//! message. It runs the processes of a scenario and nothing else knows turmoil.

mod build;
pub mod clock;
mod driver;
mod error;
mod hosts;
mod network;
pub mod os;
mod outside;
mod panics;
mod portal;
mod run;
mod spec;
mod world;

pub use build::LATENCY_MS;
pub use error::SimError;
pub(crate) use portal::refusals;
pub use portal::{Passed, What};
pub use run::{Options, Run, RunNotes, run, run_with};
pub use spec::Spec;

pub(crate) use panics::{caught, text as panic_text};
