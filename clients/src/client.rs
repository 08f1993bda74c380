//! The trait that a client under test implements, and the few values that cross it. What the calls mean on the wire is
//! the client's own business; retries, sessions and streams are what the harness came to observe.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use stalemate_wire::{Revision, SessionId};

use crate::model::Policy;
use crate::{Dialler, Program};

/// A future that stays on the thread that made it.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Receives the method name of each notification that the server sent, and that the client passed on.
pub type NotificationSink = Arc<dyn Fn(&str) + Send + Sync>;

/// One client of one MCP server. Calls may run in parallel on one client.
///
/// Every future may be dropped before it is ready: the harness sets the limits (60 s for a call, 10 s for a
/// disconnect), as a user interface does.
pub trait Client {
    /// Connects: for most clients, the `initialize` handshake. Called again after [`disconnect`](Self::disconnect) it
    /// must connect anew.
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>>;

    /// The names of the server's tools.
    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>>;

    /// Calls a tool and waits for its result.
    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult>;

    /// Sends a request of another kind with those parameters, and waits for its result. A client that does not override this
    /// offers none of them, and whoever asks is told so.
    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        drop(params);
        let told = format!("this client has no {}", method.as_str());
        Box::pin(std::future::ready(Err(ClientError::new(told))))
    }

    /// Whether the client offers such requests at all: what it does not, a user interface shows nobody, so that nobody asks.
    fn offers(&self, method: RequestMethod) -> bool {
        let _ = method;
        true
    }

    /// Ends the connection as the client's own user interface would.
    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>>;

    /// What an application could store in order to resume this session later. `None`, the default, means that the
    /// client does not offer it.
    fn stored_session(&self) -> Option<StoredSession> {
        None
    }

    /// What the client itself believes of its connection, for an application that shows it.
    fn health(&self) -> Health {
        Health::Unknown
    }
}

/// How a tool call ended, or a request of another kind: the texts of its result, or what the user is told instead.
pub type CallResult = Result<String, ClientError>;

/// A request of the user that calls no tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestMethod {
    /// A resource is read.
    ReadResource,
    /// A prompt is filled in.
    GetPrompt,
    /// An argument of a prompt is completed.
    Complete,
    /// The client is to be told when a resource changes.
    Subscribe,
}

impl RequestMethod {
    /// Every one there is.
    pub const ALL: [Self; 4] = [
        Self::ReadResource,
        Self::GetPrompt,
        Self::Complete,
        Self::Subscribe,
    ];

    /// The method on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadResource => "resources/read",
            Self::GetPrompt => "prompts/get",
            Self::Complete => "completion/complete",
            Self::Subscribe => "resources/subscribe",
        }
    }
}

/// What a client believes of its own connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// The client does not say.
    Unknown,
    /// Its last exchange was answered as asked.
    Working,
    /// Its last exchange was refused or failed.
    Failing,
}

/// Why a client could not do what was asked. The message is shown to the user, so it must not contain a session id or a
/// token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientError {
    /// What the user is told.
    pub message: String,
}

impl ClientError {
    /// An error with that message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ClientError {}

/// What an application keeps of a session beyond the life of a client object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session's id.
    pub id: SessionId,
    /// The negotiated revision.
    pub revision: Revision,
}

/// Makes fresh clients: one per connection that an application opens.
pub trait ClientFactory: Send + Sync {
    /// A fresh client that has not connected yet. `resume` is what an application stored of an earlier session; a
    /// factory whose clients cannot resume ignores it. Notifications go to `sink`.
    fn create(
        &self,
        dialler: Dialler,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client>;

    /// Whether the clients are somebody else's program, and no model of a policy. Nothing is run or judged otherwise
    /// because of it. True unless overridden.
    fn is_real(&self) -> bool {
        true
    }

    /// The policy, where the clients are models: a scenario can then name others that are like them. `None` unless
    /// overridden: what somebody else's program does is no policy of ours.
    fn policy(&self) -> Option<&Policy> {
        None
    }

    /// The program, where each client is a process of its own: whoever runs a simulation starts it there, and
    /// [`create`](Self::create) is not asked. `None` unless overridden.
    fn program(&self) -> Option<&Program> {
        None
    }

    /// Whether a run with these clients needs a process of its own, because they draw from what a process shares: random
    /// numbers of the operating system, statics, threads that they spawn as they like. What [`is_real`](Self::is_real)
    /// says, unless overridden: nobody knows of a program that is not ours.
    fn needs_own_process(&self) -> bool {
        self.is_real()
    }
}
