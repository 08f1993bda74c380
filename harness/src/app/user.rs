//! The user: does things, waits with a user's patience, and is shown how they ended. Everything the user does or sees is
//! told to the journal here, for every subject alike.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::app::SharedSubject;
use crate::journal::{
    Action, CallId, Event, Journal, Outcome, ProcessName, Profile, ServerName, outage,
};
use crate::scenario::Tool;

/// The longest that a call may take, in milliseconds.
pub const CALL_LIMIT_MS: u64 = 60_000;
/// The longest that a disconnect may take, in milliseconds.
pub const DISCONNECT_LIMIT_MS: u64 = 10_000;
/// The longest that any other action may take, in milliseconds.
pub const ACTION_LIMIT_MS: u64 = 60_000;

/// A call to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSpec {
    /// The tool.
    pub tool: Tool,
    /// How long the slow tool takes, in milliseconds.
    pub takes_ms: u64,
    /// Whether the slow tool is asked to tell how far it is (PROG-01).
    pub progress: bool,
}

impl CallSpec {
    /// A call of that tool.
    #[must_use]
    pub fn of(tool: Tool) -> Self {
        Self {
            tool,
            takes_ms: 0,
            progress: false,
        }
    }
}

/// Names the processes on the way to a server.
pub type PathOf = Rc<dyn Fn(&ServerName) -> Vec<ProcessName>>;

/// The user in front of a subject.
#[derive(Clone)]
pub struct User {
    journal: Journal,
    subject: SharedSubject,
    path_of: PathOf,
    profile: Rc<std::cell::Cell<Profile>>,
}

impl User {
    /// A user of that subject. `path_of` names the processes on the way to a server.
    #[must_use]
    pub fn new(journal: Journal, subject: SharedSubject, path_of: PathOf) -> Self {
        Self {
            journal,
            subject,
            path_of,
            profile: Rc::new(std::cell::Cell::new(Profile::Normal)),
        }
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &SharedSubject {
        &self.subject
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The processes on the way to a server.
    #[must_use]
    pub fn path_of(&self, server: &ServerName) -> Vec<ProcessName> {
        (self.path_of)(server)
    }

    /// Does something and waits for its end, or for the limit. Returns whether it went well.
    pub async fn act(&self, action: Action, server: Option<&ServerName>) -> bool {
        match action {
            Action::OpenIncognito => self.profile.set(Profile::Incognito),
            Action::OpenNormal => self.profile.set(Profile::Normal),
            _ => {}
        }
        let profile = self.profile.get();
        self.journal.note(Event::UserActed {
            action,
            server: server.cloned(),
            profile,
        });
        let limit_ms = if action == Action::Disconnect {
            DISCONNECT_LIMIT_MS
        } else {
            ACTION_LIMIT_MS
        };
        let acted = timeout(
            Duration::from_millis(limit_ms),
            self.subject.act(action, server),
        )
        .await;
        let error = match acted {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(format!("no answer within {} s", limit_ms / 1000)),
        };
        let well = error.is_none();
        self.journal.note(Event::UserActionEnded {
            action,
            server: server.cloned(),
            error,
        });
        well
    }

    /// Has a tool called, and waits for the result as long as a user does.
    pub async fn call(&self, server: &ServerName, spec: CallSpec) -> (CallId, Outcome) {
        let (call, nonce) = self.journal.new_call(nonce);
        let tool = spec.tool.as_str();
        let path = self.path_of(server);
        self.journal.note(Event::CallBegan {
            call,
            server: server.clone(),
            tool: tool.to_owned(),
            nonce: nonce.clone(),
            during_outage: self.journal.read(|entries| outage::is_out(entries, &path)),
        });
        let calling = self.subject.call(server, tool, arguments(spec, &nonce));
        let outcome = match timeout(Duration::from_millis(CALL_LIMIT_MS), calling).await {
            Ok(Ok(_)) => Outcome::Ok,
            Ok(Err(error)) => Outcome::Error(error.message),
            Err(_) => Outcome::TimedOut,
        };
        self.journal.note(Event::CallEnded {
            call,
            outcome: outcome.clone(),
        });
        (call, outcome)
    }
}

/// The nonce of a call: of one length up to 999 calls, so that a body's length does not depend on the call's number.
fn nonce(number: u32) -> String {
    format!("n-{number:03}")
}

/// The arguments of a call, with its nonce in them.
fn arguments(spec: CallSpec, nonce: &str) -> Value {
    match spec.tool {
        Tool::CreateEntities => {
            json!({"entities": [{"entityType": "note", "name": nonce, "observations": []}]})
        }
        Tool::SearchNodes => json!({"query": nonce}),
        // It takes no arguments; one more is ignored by the server and lets the call be found on the wire.
        Tool::ReadGraph => json!({"note": nonce}),
        Tool::Slow if spec.progress => {
            json!({"ms": spec.takes_ms, "name": nonce, "progress": true})
        }
        Tool::Slow => json!({"ms": spec.takes_ms, "name": nonce}),
    }
}
