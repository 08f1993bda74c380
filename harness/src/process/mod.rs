//! Processes: shells around the cores and taps around their connections, over any [`network::Network`]. They carry out
//! what cores and fault plan decide, and tell the recorder what happens. Neither the simulated network nor scenarios are
//! known here.

pub mod body;
pub mod convert;
pub mod framer;
pub mod hop_shell;
mod lane;
pub mod link;
pub mod log;
pub mod maker;
pub mod net;
pub mod network;
pub mod passage;
#[cfg(feature = "rmcp")]
pub mod real_shell;
pub mod recorder;
mod relay;
#[cfg(feature = "rmcp")]
mod rmcp_server;
pub mod server_shell;
pub mod shell;
pub mod state;
mod summary;
pub mod tap;
pub mod tokens;

#[cfg(feature = "rmcp")]
pub use rmcp_server::{RmcpServer, RmcpServerOptions, ToolBackend};
