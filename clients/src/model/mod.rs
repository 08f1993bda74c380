//! Models of MCP clients: one streamable HTTP client of our own whose *policy* is a plain struct of knobs, from a client
//! that never lets go of a dead session to one that does everything right. What an application does around a client
//! (what it stores and caches, what its settings page shows) is deliberately not here.
//!
//! Everything runs on one thread inside a `LocalSet`, on tokio's clock, and draws nothing at random.

mod attempts;
mod broken;
mod calls;
mod client;
mod exchange;
mod failure;
mod http;
mod knobs;
mod listing;
mod opening;
mod policy;
mod refusals;
mod reinit;
mod sdk;
mod session;
mod stream;
mod token;

pub use broken::broken;
pub use client::{ModelClient, ModelFactory};
pub use knobs::{
    Anew, Answerless, Backoff, BelievedId, FailedReinit, Fault, Killed, LostShown, LostSignal,
    Reinit, ReinitBounds, Reopen, Reopening, Resume, SessionPer, TokenRenewal, VersionHeader,
};
pub use policy::Policy;
pub use sdk::sdks;
