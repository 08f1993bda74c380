//! The simulated world: turmoil with our own loop around it, virtual time, and the faults that are not tied to one
//! message. It runs the processes of a scenario and nothing else knows turmoil.

mod build;
pub mod clock;
mod command;
mod driver;
mod error;
mod ids;
mod network;
pub mod os;
mod outside;
mod panics;
mod portal;
mod run;
mod script;
mod seed;
mod spec;
mod world;

pub use build::LATENCY_MS;
pub use error::SimError;
pub use run::{Findings, Options, Run, run, run_with};
pub use seed::Generator;
pub use spec::Spec;

pub(crate) use panics::text as panic_text;
