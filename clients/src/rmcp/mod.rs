//! rmcp 3.9.0, the Rust SDK of the Model Context Protocol, as a client under test and as a real server. All that this
//! module adds is the HTTP beneath it, over a [`Dialler`](crate::Dialler) or any byte stream: sessions, retries and
//! verdicts are rmcp's own and are deliberately not tuned here.

mod bounds;
mod client;
mod exchange;
mod http;
mod server;
mod verdict;

pub use client::RmcpClientFactory;
pub use exchange::HttpError;
pub use http::HyperHttp;
pub use server::{RmcpServer, RmcpServerOptions, ToolBackend};
