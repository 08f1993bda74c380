//! The words that events are made of: the numbers of things, what a user does and is shown, the rungs of the ladder, and
//! how things end.

use serde::{Deserialize, Serialize};

use crate::journal::ServerName;

/// A TCP connection, numbered in the order of dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnId(pub u32);

/// A client object: what a factory made, numbered in the order of making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub u32);

/// A driven call, numbered in the order of beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u32);

/// One request and its response: a connection and the request's ordinal on it, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exchange {
    /// The connection.
    pub conn: ConnId,
    /// The request's ordinal on the connection, from 0.
    pub ordinal: u32,
}

/// The two phases of a run, and within calm the climb of the recovery ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// Faults may happen.
    Faults,
    /// Everything is healed and up; progress is demanded of this server's path.
    Calm {
        /// The server.
        server: ServerName,
    },
    /// A rung of the ladder is tried.
    Rung {
        /// The server.
        server: ServerName,
        /// The rung.
        rung: Rung,
    },
    /// The climb ended.
    Climbed {
        /// The server.
        server: ServerName,
        /// The rung that worked, or [`Rung::Never`].
        rung: Rung,
    },
    /// Nothing happened for a while after the climb: whatever a client puts off, it has had its time.
    Settled {
        /// The server.
        server: ServerName,
    },
}

/// The rungs of the recovery ladder, from the best to the worst.
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
pub enum Rung {
    /// Nothing: no error was shown since calm, and no call in flight at the fault ended otherwise than ok.
    Transparent,
    /// The same call again, after 30 s, on the same handle.
    Retry,
    /// A new conversation; nothing closed.
    NewConversation,
    /// Disconnect, reload the page, connect.
    Reconnect,
    /// Delete the connector, add it again, connect.
    ReAdd,
    /// Another browser profile, same account.
    Incognito,
    /// Nothing helped.
    Never,
}

impl Rung {
    /// All rungs, best first.
    pub const ALL: [Self; 7] = [
        Self::Transparent,
        Self::Retry,
        Self::NewConversation,
        Self::Reconnect,
        Self::ReAdd,
        Self::Incognito,
        Self::Never,
    ];

    /// The name as scenarios and tables spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transparent => "transparent",
            Self::Retry => "retry",
            Self::NewConversation => "new-conversation",
            Self::Reconnect => "reconnect",
            Self::ReAdd => "re-add",
            Self::Incognito => "incognito",
            Self::Never => "never",
        }
    }
}

/// The browser profiles of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The profile that the user works in.
    Normal,
    /// A private window: no local state, same account.
    Incognito,
}

/// What the user does to a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Adds the connector; adding connects.
    Add,
    /// Presses Connect.
    Connect,
    /// Presses Disconnect.
    Disconnect,
    /// Deletes the connector.
    Delete,
    /// Reloads the settings page.
    Reload,
    /// Opens a new conversation.
    NewConversation,
    /// Opens a private window, with a new conversation in it.
    OpenIncognito,
    /// Returns to the normal profile's window.
    OpenNormal,
}

impl Action {
    /// Every action there is.
    pub const ALL: [Self; 8] = [
        Self::Add,
        Self::Connect,
        Self::Disconnect,
        Self::Delete,
        Self::Reload,
        Self::NewConversation,
        Self::OpenIncognito,
        Self::OpenNormal,
    ];

    /// The name in journals and scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Delete => "delete",
            Self::Reload => "reload",
            Self::NewConversation => "new-conversation",
            Self::OpenIncognito => "open-incognito",
            Self::OpenNormal => "open-normal",
        }
    }

    /// Whether it is done to one connector; the others are done to the whole page or browser.
    #[must_use]
    pub fn is_on_connector(self) -> bool {
        match self {
            Self::Add | Self::Connect | Self::Disconnect | Self::Delete => true,
            Self::Reload | Self::NewConversation | Self::OpenIncognito | Self::OpenNormal => false,
        }
    }
}

/// What the settings page says of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// "Connected".
    Connected,
    /// "Disconnected".
    Disconnected,
    /// Added, but in trouble: the page asks the user to act.
    Failing,
    /// The connector is not on the page.
    Absent,
}

/// How a call ended, as the user was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "text")]
#[non_exhaustive]
pub enum CallOutcome {
    /// A result.
    Ok,
    /// An error, with the text shown.
    Error(String),
    /// What looked like a result, with its text, though no result of that call had come from its server (F23).
    Hollow(String),
    /// The user gave it up after so many milliseconds, sooner than need be: it may still come to its end, which is not known,
    /// and held against nobody.
    GivenUp(u64),
    /// Nothing for as long as the user waited, in milliseconds.
    TimedOut(u64),
}

/// Why a session ended at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionEnd {
    /// The client's DELETE.
    Deleted,
    /// The server's idle timeout.
    Expired,
    /// It had lived as long as the server lets any live, however busy it was.
    LifetimeOver,
    /// The server needed its place for another one.
    Evicted,
    /// The scenario made it expire.
    ExpiredByScenario,
    /// Its process ended: a restart, a crash, a power loss.
    ProcessEnded,
    /// The server destroyed it on a refusal that should have been harmless (supergateway 3.4.3's 409, 406 and
    /// repeated initialize).
    RefusalKilledIt,
    /// The process behind it (a stdio child) ended.
    ChildEnded,
}

/// How a connection or an attempt at one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnEnd {
    /// Nobody listened.
    Refused,
    /// The peer or the network broke it, or it was left with a message unfinished.
    Cut,
    /// Closed between messages.
    Closed,
}
