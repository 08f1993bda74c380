//! The closed set of things that can be observed in a run. Every judgement, rendering and hash is a fold over these and
//! nothing else. How an event is drawn for a reader is not here (see `lane`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stalemate_wire::{Method, Rpc};

/// A process of the simulated world, by the scenario's name: a server, a hop, `client` or `probe`.
pub type ProcessName = Arc<str>;
/// A server of the scenario, by its name there. One connector leads to one server.
pub type ServerName = Arc<str>;

/// A TCP connection, numbered in the order of dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnId(pub u32);

/// A client object: what a factory made, numbered in the order of making. The harness's own probes have one each too.
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
    /// The harness asks whether the server side works at all.
    Probe {
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
        /// The rung that worked, or [`Rung::Never`]; `None` if the server side itself made no progress.
        rung: Option<Rung>,
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
pub enum Outcome {
    /// A result.
    Ok,
    /// An error, with the text shown.
    Error(String),
    /// Nothing within the call's 60 s.
    TimedOut,
}

/// What a request says, as far as judgements go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestSummary {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The session id header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The protocol version header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The resumption cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The `Accept` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// The body's length in bytes.
    pub bytes: u64,
    /// The JSON-RPC messages in the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

impl RequestSummary {
    /// Whether the body asks for `method`.
    #[must_use]
    pub fn asks(&self, method: &str) -> bool {
        self.rpc.iter().any(|r| r.method.as_deref() == Some(method))
    }
}

/// What a response says, as far as judgements go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseSummary {
    /// The status code.
    pub status: u16,
    /// The session id header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Whether the body follows as an event stream.
    pub stream: bool,
    /// The body's length in bytes; 0 for a stream.
    pub bytes: u64,
    /// The JSON-RPC messages in the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in a result; none if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// What one event of an SSE stream says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SseSummary {
    /// The event id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The `retry` field, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// The length of the data in bytes; 0 for a priming event or a comment.
    pub bytes: u64,
    /// Whether it is a comment and nothing else, as servers send to keep a stream alive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub comment: bool,
    /// The JSON-RPC messages in the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in a result; none if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The first 8 hexadecimal digits of the SHA-256 of a notification's data, by which copies of it are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A message on the wire, as seen at one end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A whole request.
    Request(RequestSummary),
    /// A whole response, or the head of a stream.
    Response(ResponseSummary),
    /// One event of a stream.
    Sse(SseSummary),
    /// The end of a response body: clean, or short of what its framing promised.
    End {
        /// Whether the body ended as its framing promised.
        clean: bool,
    },
}

/// Which end saw a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The end that sends it.
    Sent,
    /// The end that receives it.
    Received,
}

/// Why a session ended at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The client's DELETE.
    Deleted,
    /// The server's idle timeout.
    Expired,
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

/// Everything observable. One journal entry holds one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A phase began. Not an injection point.
    Phase(Phase),
    /// The user did something.
    UserActed {
        /// What.
        action: Action,
        /// To which connector; none for actions on the whole page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<ServerName>,
        /// In which browser profile.
        profile: Profile,
    },
    /// An action of the user came to its end.
    UserActionEnded {
        /// What.
        action: Action,
        /// To which connector.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<ServerName>,
        /// The error shown, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The application committed a disconnect or a deletion: from here on it may not use the connector's session.
    Committed {
        /// [`Action::Disconnect`] or [`Action::Delete`].
        action: Action,
        /// The connector.
        server: ServerName,
    },
    /// The settings page was drawn for a connector.
    Drawn {
        /// The connector.
        server: ServerName,
        /// In which browser profile.
        profile: Profile,
        /// What it says.
        shown: Drawn,
    },
    /// The harness's own probe of a server's path came to its end.
    ProbeEnded {
        /// The server.
        server: ServerName,
        /// Whether a fresh client could work.
        works: bool,
    },
    /// A client object was made for a connector.
    ObjectMade {
        /// The object.
        object: ObjectId,
        /// The server it leads to.
        server: ServerName,
        /// Whether it was given a stored session.
        resumed: bool,
    },
    /// A driven call began.
    CallBegan {
        /// The call.
        call: CallId,
        /// The connector.
        server: ServerName,
        /// The tool.
        tool: String,
        /// The nonce in its arguments.
        nonce: String,
        /// Processes that were down or unreachable when it began; such a call counts as lost.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        during_outage: bool,
    },
    /// A driven call ended. Not an injection point.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A connection was opened.
    ConnOpened {
        /// The connection.
        conn: ConnId,
        /// Who dialled.
        from: ProcessName,
        /// Who accepted.
        to: ProcessName,
        /// The client object it belongs to, at its own first hop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<ObjectId>,
    },
    /// A connection ended, or an attempt failed, as the dialling side saw it.
    ConnEnded {
        /// The connection.
        conn: ConnId,
        /// Who dialled.
        from: ProcessName,
        /// Who was dialled.
        to: ProcessName,
        /// How.
        how: ConnEnd,
    },
    /// A message passed one end of a connection.
    Http {
        /// Which exchange it belongs to.
        exchange: Exchange,
        /// The process at this end.
        at: ProcessName,
        /// The process at the other end.
        peer: ProcessName,
        /// Which end this is.
        side: Side,
        /// The client object whose own connection this is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<ObjectId>,
        /// The server that the path leads to.
        server: ServerName,
        /// The message.
        message: Message,
    },
    /// A hop sends a request onward.
    Forwarded {
        /// The hop.
        at: ProcessName,
        /// The exchange it received.
        parent: Exchange,
        /// The exchange it began.
        child: Exchange,
    },
    /// A server opened a session.
    SessionOpened {
        /// The server.
        server: ServerName,
        /// Its process.
        at: ProcessName,
        /// The id.
        session: String,
    },
    /// A server's session ended.
    SessionEnded {
        /// The server.
        server: ServerName,
        /// Its process.
        at: ProcessName,
        /// The id.
        session: String,
        /// Why.
        cause: SessionEnd,
    },
    /// A tool's effect became durable.
    EffectCommitted {
        /// The server.
        server: ServerName,
        /// Its process.
        at: ProcessName,
        /// The tool.
        tool: String,
        /// The driven call whose nonce it carries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallId>,
    },
    /// A process is up and listens.
    ProcessUp {
        /// The process.
        process: ProcessName,
    },
    /// A process ended.
    ProcessDown {
        /// The process.
        process: ProcessName,
        /// Why, in a few words.
        cause: String,
    },
    /// A fault began. Not an injection point.
    FaultBegan {
        /// What, as a reader of the trace wants it.
        fault: String,
        /// The processes that it touches; empty for a fault of one moment on the wire.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on: Vec<ProcessName>,
    },
    /// A fault was healed. Not an injection point.
    FaultHealed {
        /// What.
        fault: String,
        /// The processes that it touched.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        on: Vec<ProcessName>,
    },
}
