//! A scenario for an application that nobody can script: its servers and hops listen on this machine, faults happen when a
//! person says so, and what the simulated user would do is asked of them. The same cores, taps, record and invariants as in
//! the simulation, in real time: nothing here is deterministic.

mod door;
mod follow;
mod front;
mod guide;
mod machines;
mod pace;
pub mod page;
mod run;
mod signs;
mod state;
pub mod terminal;
mod words;
mod world;

pub use door::Ports;
pub use follow::picture;
pub use guide::{Guide, News};
pub use pace::Pace;
pub use run::{CannotServe, Ends, Play, Played, models, on_this_thread, serve};
pub use state::{Address, Answer, Happened, Kind, Prompt, Shown, Standing, State};
