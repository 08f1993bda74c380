//! Clients that Stalemate puts under test: the [`Client`] trait, models of client policies, and adapters to real SDKs.
//! Nothing here knows the harness: a client gets a way to dial and does HTTP. Judging is not done here.

#![forbid(unsafe_code)]

mod client;
mod dial;
pub mod model;
mod program;
#[cfg(feature = "rmcp")]
pub mod rmcp;

pub use client::{
    CallResult, Client, ClientError, ClientFactory, Health, LocalBoxFuture, NotificationSink,
    RequestMethod, StoredSession,
};
pub use dial::{BoxIo, Credentials, Dial, Dialler, Io};
pub use program::{Program, ProgramFactory, Speaks, URL};
