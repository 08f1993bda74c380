//! The simulated world: the only module that knows turmoil, sockets and clocks. It runs the cores as processes on a
//! simulated network, carries out faults and fates, and moves virtual time.

mod body;
pub mod clock;
mod convert;
mod driver;
pub mod framer;
mod hop_shell;
mod maker;
mod net;
pub mod os;
mod panics;
mod probe;
mod process;
mod real_shell;
mod relay;
mod run;
mod script;
mod seed;
mod server_shell;
mod shell;
mod summary;
mod tap;

pub(crate) use panics::text as panic_text;
pub use run::{CLIENT, LATENCY_MS, Options, PROBE, Run, run, run_with};
pub use seed::Generator;
