//! Models of MCP clients: one streamable HTTP client of our own whose *policy* is a plain struct of knobs, from a client
//! that never lets go of a dead session to one that does everything right. What an application does around a client
//! (what it stores and caches, what its settings page shows) is deliberately not here, nor is resuming the stream of a
//! POST by GET: a response that did not arrive on its own stream is lost.
//!
//! Everything runs on one thread inside a `LocalSet`, on tokio's clock, and draws nothing at random.

mod attempts;
mod broken;
mod client;
mod exchange;
mod failure;
mod http;
mod policy;
mod session;
mod stream;

pub use broken::broken;
pub use client::{ModelClient, ModelFactory};
pub use policy::{Backoff, LostSignal, Policy, Reinit, ReinitBounds, Reopen};
