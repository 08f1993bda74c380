//! The model MCP server: a pure core, and the wording and the hazards of real servers as data files (dialects).
//!
//! Values in, ordered outputs out. There is no socket, no clock and no async code here: the shell in `process` carries the
//! outputs out in their order, which is the order in which things happen in the real server, and may stop between any two
//! of them. Authorization is a bearer token that says itself how long it is good; whose it is, and `Origin` (ORG-02), are
//! deliberately absent.

mod admit;
mod answer;
mod call;
mod child;
mod core;
mod deliver;
mod demand;
mod dialect;
mod life;
mod listen;
mod offer;
mod others;
mod schema;
mod session;
mod state;
mod store;
mod stream;
mod tool;

use serde_json::Value;
use stalemate_wire::{Headers, Request, Response, sse};

pub use self::answer::{Answer, Framing, HeaderList, Then};
pub use self::demand::Demand;
pub use self::dialect::{
    Beyond, Cancelled, Cap, Check, Dialect, EndedCall, Exit, Finished, Flaw, GetStreams, Hazards,
    IdShape, IdleClock, JsonAnswers, Keepalive, Messages, Misfit, Offers, PoisonedIds, Priming,
    RequestStream, Resume, RpcFault, Scope, SessionOf, Sessions, Situation, Sse, StreamEnd, Tokens,
};
pub use self::offer::{Prompt, Resource, completions, fill_in, read as read_resource};
pub use self::others::Others;
pub use self::state::ServerCore;
pub use self::store::{Entity, Store};
pub use self::tool::{Done, Tool, Tools, run as run_tool};

/// An exchange at this server, named by the shell. A key is used for one request only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// A timer that the core asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u64);

/// What one process of the server is started with.
pub struct Options {
    /// The endpoint's path, e.g. `/mcp`.
    pub path: String,
    /// Draws the id of the next session, in the shape that the dialect describes.
    pub ids: Box<dyn FnMut() -> String>,
    /// The idle timeout of sessions in milliseconds, at least 1, where it differs from the dialect's; `Some(None)` is
    /// "never".
    pub session_timeout_ms: Option<Option<u64>>,
    /// What outlives the process in the [`Store`].
    pub durable: Durable,
    /// The tools that it has when it starts.
    pub tools: Tools,
}

/// What outlives a process in the [`Store`]. The graph always does; calls in flight never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durable {
    /// Only the graph: the process's end ends the sessions.
    #[default]
    Nothing,
    /// The table of the sessions, but not their transports: their ids are known, and `not-initialized` is all that is
    /// answered to them. The sessions themselves end with the process.
    Table,
    /// The sessions too, but no event of their streams. A server with a single session in its life has a transport that
    /// cannot be put back: to it this is as [`Durable::Table`].
    Sessions,
    /// The sessions, and their streams with the events that were kept.
    Streams,
}

impl Durable {
    /// Every choice there is.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Table, Self::Sessions, Self::Streams];

    /// What of that a server of that dialect keeps.
    #[must_use]
    pub fn of(self, dialect: &Dialect) -> Self {
        match self {
            Self::Nothing | Self::Table => self,
            _ if !dialect.has_sessions() => Self::Nothing,
            _ if dialect.sessions.single => Self::Table,
            Self::Sessions | Self::Streams => self,
        }
    }

    /// The name in scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Table => "table",
            Self::Sessions => "sessions",
            Self::Streams => "streams",
        }
    }
}

/// What happens to the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A whole request arrived.
    Request {
        /// The exchange.
        key: Key,
        /// The request.
        request: Request,
    },
    /// The peer went away before the answer was complete. For any other exchange this says nothing.
    Aborted {
        /// The exchange.
        key: Key,
    },
    /// A timer is due. One that no longer matters says nothing.
    Timer(TimerId),
    /// SIGTERM. Open streams are cut or ended, as the dialect says; the sessions are left for
    /// [`ServerCore::mortal_sessions`], because the process ends them, not the server.
    Terminate,
    /// The scenario makes every session expire, whatever is open on it.
    ExpireAll,
    /// The scenario gives the server other tools. Nobody is told.
    Offer(Tools),
    /// The scenario makes the server tell every session's client that the list of tools changed.
    Notify,
    /// The scenario has other users do something with sessions of theirs.
    Others(Others),
    /// The scenario makes the server ask something of every session's client.
    Demand(Demand),
    /// The stdio child behind a session ended.
    ChildDied {
        /// The session.
        session: String,
    },
}

/// What the server does, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A session is opened.
    OpenSession {
        /// Its id.
        session: String,
    },
    /// A session is opened for one of the other users.
    OpenForOthers {
        /// Its id.
        session: String,
        /// Whether somebody works with it; otherwise they are gone.
        held: bool,
    },
    /// A session ends.
    EndSession {
        /// Its id.
        session: String,
        /// Why.
        cause: crate::journal::SessionEnd,
    },
    /// The server has other tools from here on.
    ToolsChanged(Tools),
    /// A tool's effect has been committed: what it wrote is in the [`Store`] by the time this is returned. It stands here
    /// also when it changed nothing, because the server carried it out. Nothing behind it has been done yet.
    Effect {
        /// The tool.
        tool: String,
        /// Its arguments, as they came.
        arguments: Value,
    },
    /// A complete response. Its headers do not say how the body is framed; `framing` does.
    Respond {
        /// The exchange.
        key: Key,
        /// The response.
        response: Response,
        /// How the body is framed.
        framing: Framing,
    },
    /// The head of an event stream, whose body is chunked.
    Head {
        /// The exchange.
        key: Key,
        /// The status code.
        status: u16,
        /// The headers.
        headers: Headers,
    },
    /// An event on a stream whose head was sent.
    Event {
        /// The exchange.
        key: Key,
        /// The event.
        event: sse::Event,
        /// How it is spelled.
        style: sse::Style,
    },
    /// The end of a stream; or of an exchange that is never answered, whose connection breaks.
    Close {
        /// The exchange.
        key: Key,
        /// Whether the last chunk is sent; if not, the connection breaks instead.
        clean: bool,
    },
    /// A timer is wanted. It is never withdrawn; one that no longer matters is ignored when due.
    Timer {
        /// Which.
        id: TimerId,
        /// When, in milliseconds of the clock that the core is called with.
        at_ms: u64,
    },
    /// The process dies here. Its sessions are still in [`ServerCore::mortal_sessions`]; its connections break.
    Exit {
        /// The exit status.
        code: i32,
        /// Why, as the process's last log line would say.
        why: String,
    },
}
