//! The closed set of things that can be observed in a run. Every judgement, rendering and hash is a fold over these and
//! nothing else. How an event is drawn for a reader is not here (see `report`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::journal::{
    Action, CallId, CallOutcome, ConnEnd, ConnId, Drawn, Exchange, Message, ObjectId, Phase,
    Profile, Rung, SessionEnd, Side,
};

/// A process of the simulated world, by the scenario's name: a server, a hop or `client`.
pub type ProcessName = Arc<str>;
/// A server of the scenario, by its name there. One connector leads to one server.
pub type ServerName = Arc<str>;

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
    /// The application got a bearer token for its client objects at a server: a first one, or another in place of one that is no
    /// good any more. Not an injection point.
    TokenIssued {
        /// The server.
        server: ServerName,
        /// Its name.
        token: String,
        /// Until when it is good, in milliseconds of the run; for ever if it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        good_until_ms: Option<u64>,
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
    /// When the run was over: in a climb no client can get anywhere, as a right client in a world of its own showed.
    NoProgress {
        /// The climb's number among all climbs of the run, from 0.
        climb: usize,
        /// Its server.
        server: ServerName,
        /// The hops that led requests astray in that world, or the server that opened no session.
        blamed: Vec<String>,
        /// The servers and hops that violated anything else there, where nobody is blamed for that.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        violating: Vec<String>,
        /// Those of the blamed that are full: each handshake was refused with 429 or 503 while others worked with their sessions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        full: Vec<String>,
    },
    /// When the run was over: in a climb a right client in a world of its own needed more than a retry. No client owes less.
    RightNeeds {
        /// The climb's number among all climbs of the run, from 0.
        climb: usize,
        /// Its server.
        server: ServerName,
        /// The rung that worked there.
        rung: Rung,
        /// The servers that refused a handshake of that client during the climb, and not for want of room.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refusing: Vec<String>,
    },
    /// A client object was made for a connector.
    ObjectMade {
        /// The object.
        object: ObjectId,
        /// The server it leads to.
        server: ServerName,
        /// Whether it was given a stored session.
        resumed: bool,
        /// Which of the user's client objects of that server it is, from 1; those beside the first belong to no window of the
        /// application.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        nth: u8,
    },
    /// A driven call began.
    CallBegan {
        /// The call.
        call: CallId,
        /// The connector.
        server: ServerName,
        /// The method of its request.
        #[serde(default = "tools_call", skip_serializing_if = "is_tools_call")]
        method: String,
        /// The tool; of another request the resource or the prompt.
        tool: String,
        /// The nonce in its parameters.
        nonce: String,
        /// Processes that were down or unreachable when it began; such a call counts as lost.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        during_outage: bool,
        /// Which of the user's client objects of that server is asked, from 1.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        nth: u8,
    },
    /// A driven call ended. Not an injection point.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        #[serde(flatten)]
        outcome: CallOutcome,
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
    /// A server opened a session, and has not gone on yet.
    SessionOpened {
        /// The server.
        server: ServerName,
        /// Its process.
        at: ProcessName,
        /// The id.
        session: String,
        /// Whether it is one of the other users'; such an opening is no injection point.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_others: bool,
        /// Whether whoever it is for has gone without ending it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left: bool,
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
    /// A process of a server has other tools than before. Not an injection point.
    ToolsChanged {
        /// The server.
        server: ServerName,
        /// Its process.
        at: ProcessName,
        /// The names of those that it has now, in the order in which it lists them.
        tools: Vec<String>,
    },
    /// A tool's effect became durable. Its server has not gone on yet: no answer has left.
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

/// The method of most driven calls.
pub const TOOLS_CALL: &str = "tools/call";

fn tools_call() -> String {
    TOOLS_CALL.to_owned()
}

fn is_tools_call(method: &str) -> bool {
    method == TOOLS_CALL
}

fn first() -> u8 {
    1
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_first(object: &u8) -> bool {
    *object == 1
}
