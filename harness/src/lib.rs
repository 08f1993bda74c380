//! Stalemate: deterministic simulation and fault injection for MCP sessions. When the session dies, what must the user do
//! before it works again?
//!
//! # Your own client
//!
//! Implement [`clients::Client`] around it and [`clients::ClientFactory`], which makes a fresh one. Its network is a
//! [`clients::Dialler`]; it speaks HTTP over the streams of that. Make the factory known in a [`Registry`]:
//!
//! ```
//! use std::sync::Arc;
//! use stalemate::Registry;
//! use stalemate::clients::model::{ModelFactory, Policy};
//!
//! // A model in place of a client of one's own; `examples/own_client.rs` is a whole one.
//! let factory = Arc::new(ModelFactory { policy: Policy::spec_404() });
//! let registry = Registry::builtin().client("my-client", "ours", factory);
//! assert!(registry.get("my-client").is_some());
//! ```
//!
//! In a test target with `harness = false`, [`check()`] makes every cell of your scenarios a test; [`main()`] is the whole
//! command with your client in it.
//!
//! # One cell
//!
//! A [`Scenario`] with one client is a [`Cell`]. A [`Runner`] runs it twice, compares the two, and judges it:
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//! use stalemate::{Cell, Outcome, Registry, Runner, scenario};
//!
//! let registry = Registry::builtin();
//! let text = "\
//! summary: The server is restarted while nobody talks to it.
//! servers: {memory: {dialect: supergateway-4.0.0}}
//! clients: [connector/recovering]
//! steps:
//!   - add: memory
//!   - restart: memory
//! expect: {connector/recovering: {rung: transparent}}
//! ";
//! let file = Path::new("restart.yaml");
//! let scenario = scenario::load_text("restart", file, text, &registry.vocabulary()).map_err(|e| e.to_string())?;
//! let cell = &Cell::of(&Arc::new(scenario))[0];
//! let ran = Runner::new(registry).run(cell).map_err(|e| e.to_string())?;
//! assert_eq!(ran.result.outcome, Outcome::Kept);
//! assert!(ran.record.entries.len() > 10, "everything that was observed");
//! # Ok::<(), String>(())
//! ```
//!
//! What is observed is in [`journal`]; an application's rules are in [`app`], a server's in [`dialect`]. Everything runs in a
//! simulated network, but for `probe` and `serve`, which talk to this machine alone. What is not shown here is public for the
//! tests of this repository, and may change at any time.

#[cfg(not(tokio_unstable))]
compile_error!(
    "Stalemate needs `--cfg tokio_unstable`: put `[build] rustflags = [\"--cfg\", \"tokio_unstable\"]` into \
     .cargo/config.toml; if the environment sets RUSTFLAGS, add the flag there, because RUSTFLAGS replaces the file's."
);

#[doc(hidden)]
pub mod any_bytes;
pub mod app;
#[doc(hidden)]
pub mod arms;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod clause;
mod cli;
#[doc(hidden)]
pub mod diagnose;
pub mod dialect;
#[doc(hidden)]
pub mod failure_mode;
#[doc(hidden)]
pub mod fault;
mod input;
#[doc(hidden)]
pub mod invariant;
pub mod journal;
#[doc(hidden)]
pub mod live;
#[doc(hidden)]
pub mod operator;
#[doc(hidden)]
pub mod process;
#[doc(hidden)]
pub mod programs;
#[doc(hidden)]
pub mod proxy;
pub mod registry;
#[doc(hidden)]
pub mod report;
pub mod runner;
pub mod scenario;
#[doc(hidden)]
pub mod search;
#[doc(hidden)]
pub mod serve;
#[doc(hidden)]
pub mod server;
#[doc(hidden)]
pub mod setup;
#[doc(hidden)]
pub mod sim;
#[doc(hidden)]
pub mod yaml;

pub use check::check;
pub use cli::main;
pub use journal::Record;
pub use registry::Registry;
pub use runner::{Cell, CellResult, Judged, Outcome, Ran, Results, RunError, Runner};
pub use scenario::Scenario;

pub use stalemate_clients as clients;
#[doc(hidden)]
pub use stalemate_wire as wire;
