//! The search for what breaks: every fault at every point of a run where that is small, random worlds where it is large;
//! and what was found made small enough for a person to read, as a scenario file that runs as it stands.

mod columns;
mod counterexample;
pub mod draw;
mod explore;
mod findings;
mod results;
mod shown;
mod shrink;
mod sweep;
mod swept;

pub use columns::{Column, Why, columns, fits, kinds};
pub use counterexample::Counterexample;
pub use explore::{
    Exploration, Explored, Failed, Sink, cell, explore, joined, shard, try_seed, without,
};
pub use findings::{Finding, Findings, Origin};
pub use results::{EXPLORED_VERSION, Line, Merged, OfClient, ResultsError};
pub use shown::{Failure, Shown, ToldViolation, Violation, show};
pub use shrink::{RUNS, ShrinkError, Small, shrink};
pub use sweep::{Base, Came, Pairs, Row, Sweep, Watch, sweep};
pub use swept::{After, Before, Done, Part, SWEPT_VERSION, Second, SweptLine, SweptRun};
