//! Stalemate: deterministic simulation and fault injection for MCP sessions. When the session dies, what must the user do
//! before it works again?
//!
//! To put your own client under test, implement [`clients::Client`] and [`clients::ClientFactory`], add the factory to a
//! [`registry::Registry`], and call [`main()`] in a command of your own or [`check()`] in a test of your own. Everything
//! runs in a simulated network, but for [`live`], which talks to servers on this machine alone.

#[cfg(not(tokio_unstable))]
compile_error!(
    "Stalemate needs `--cfg tokio_unstable`: put `[build] rustflags = [\"--cfg\", \"tokio_unstable\"]` into \
     .cargo/config.toml; if the environment sets RUSTFLAGS, add the flag there, because RUSTFLAGS replaces the file's."
);

pub mod app;
pub mod check;
pub mod clause;
mod cli;
pub mod diagnose;
pub mod dialect;
pub mod failure_mode;
pub mod fault;
mod input;
pub mod invariant;
pub mod journal;
pub mod live;
pub mod operator;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod registry;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod search;
pub mod serve;
pub mod server;
pub mod setup;
pub mod sim;
pub mod yaml;

pub use check::check;
pub use cli::main;

pub use stalemate_clients as clients;
pub use stalemate_wire as wire;
