//! What passes between the simulation and a program behind the portal.

use std::net::Ipv4Addr;

use stalemate_clients::Program;
use tokio::sync::mpsc::UnboundedSender;

use crate::sim::portal::lines::Said;

/// The one address of the simulation that a program can reach.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// What the simulation wants of a program.
pub(super) enum Order {
    /// That it be started.
    Start(Start),
    /// That it be told a line; an answer with that number is expected.
    Say(String, Option<u64>),
    /// That this happen to one of its connections.
    Give(u32, Give),
    /// That it come to its end by itself: it is told nothing more.
    HangUp,
    /// That it be gone.
    End,
}

/// How to start a program.
pub(super) struct Start {
    /// The program.
    pub(super) program: Program,
    /// The endpoint that it is to connect to.
    pub(super) url: String,
    /// The name of the endpoint's host.
    pub(super) host: String,
    /// The endpoint's port.
    pub(super) port: u16,
    /// Whom to tell what it does.
    pub(super) to: UnboundedSender<Did>,
}

/// What happens to a program's connection.
#[derive(Debug)]
pub(super) enum Give {
    /// It is there.
    Connected,
    /// It was refused.
    Refused,
    /// Bytes come.
    Bytes(Vec<u8>),
    /// The other end sends no more.
    Finished,
    /// It is broken.
    Reset,
}

/// What a program does.
#[derive(Debug)]
pub(super) enum Did {
    /// It connects.
    Connect(u32),
    /// It sends.
    Bytes(u32, Vec<u8>),
    /// It sends no more.
    Finished(u32),
    /// It has closed.
    Closed(u32),
    /// It said something.
    Said(Said),
    /// It has come to its end, as it was told to or as its host may see it: how.
    Ended(String),
}

/// What was seen of a program.
#[derive(Debug)]
pub(super) enum Seen {
    /// It connects to that address and port.
    Connect(u32, Ipv4Addr, u16),
    /// It sends.
    Bytes(u32, Vec<u8>),
    /// It sends no more.
    Finished(u32),
    /// It has closed.
    Closed(u32),
    /// It said a line.
    Line(String),
}
