//! What a record may tell of, and what a judgement needs to be told. A record with less than an invariant needs leaves
//! it undecided.

use serde::{Deserialize, Serialize};

/// A kind of thing that is or is not observed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Connections, request lines, statuses and headers, and which request a hop made of which.
    Heads,
    /// The JSON-RPC messages in bodies, and the events of streams.
    Bodies,
    /// What a server truly did: sessions opened and ended, effects committed, processes up and down.
    ServerTruth,
    /// What the user did and was shown, the calls and the climb among it.
    UserView,
    /// Which client object a connection belongs to, and whether it was made from a stored session.
    ClientObjects,
    /// What was done to the network and its processes. Without it a record has of a message that a fault met what reached
    /// its receiver.
    Faults,
}

impl Evidence {
    /// Everything, as a simulated network observes it.
    pub const ALL: [Self; 6] = [
        Self::Heads,
        Self::Bodies,
        Self::ServerTruth,
        Self::UserView,
        Self::ClientObjects,
        Self::Faults,
    ];

    /// The name in records and texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Heads => "heads",
            Self::Bodies => "bodies",
            Self::ServerTruth => "server-truth",
            Self::UserView => "user-view",
            Self::ClientObjects => "client-objects",
            Self::Faults => "faults",
        }
    }
}
