//! Message values of MCP over streamable HTTP: HTTP messages, JSON-RPC bodies, SSE events, session ids, protocol
//! revisions. Values in, values out: there is no socket, no clock and no async code in this crate.

#![forbid(unsafe_code)]

mod http;
mod jsonrpc;
pub mod marks;
mod revision;
mod session;
pub mod sse;

pub use http::{Headers, Method, Request, Response, header, reason};
pub use jsonrpc::{Rpc, RpcError, RpcKind, notification, request, summarize};
pub use revision::Revision;
pub use session::{InvalidSessionId, SessionId};
