//! Which connection an end is an end of.

use std::sync::Arc;

use crate::journal::{ConnId, ObjectId, ServerName};
use crate::process::framer::Passages;

/// What both ends know of a connection.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its number.
    pub conn: ConnId,
    /// Who dialled.
    pub from: Arc<str>,
    /// Who accepted.
    pub to: Arc<str>,
    /// The client object whose own connection it is.
    pub object: Option<ObjectId>,
    /// The server that it leads to.
    pub server: ServerName,
    /// What its ends tell each other, where both are tapped.
    pub passages: Option<Passages>,
}

/// Finds the link of an accepted connection once its dialler has registered it.
pub type Resolve = Box<dyn Fn() -> Option<Link> + Send + Sync>;

/// How an end knows which connection it is an end of. One of the two ends tells of the connection's end.
pub enum Identity {
    /// This end dialled, and tells.
    Dialled(Link),
    /// This end accepted, and looks up what the dialling end has registered when the first byte passes; the other tells.
    Looked(Resolve),
    /// This end accepted from somebody without a tap, numbered the connection itself, and tells.
    Given(Link),
}
