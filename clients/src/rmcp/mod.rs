//! rmcp 3.9.0, the Rust SDK of the Model Context Protocol, as a client under test. All that this
//! module adds is the HTTP beneath it, over a [`Dialler`](crate::Dialler): sessions, retries and
//! verdicts are rmcp's own and are deliberately not tuned here.
//!
//! What to expect of it, held by tests: a 404 to a call with a session (SES-08) makes it
//! initialize anew and repeat the call once; a 400 whose body is a JSON-RPC error without the request's id is taken for
//! a reply to nothing, so that the call never ends; any other 400 is an error to the caller, and the session is kept; a
//! GET stream refused at the beginning is logged and not tried again.

mod bounds;
mod client;
mod exchange;
mod http;
mod verdict;

pub use client::RmcpClientFactory;
pub use exchange::HttpError;
pub use http::HyperHttp;
