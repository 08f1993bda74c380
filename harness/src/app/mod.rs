//! What stands between the user and a client: the connector application with its browser profiles, settings page and
//! account store; the bare SDK that has no application; and the recovery ladder that the user climbs. Nothing here knows
//! turmoil: clients come from a maker, time is tokio's.

mod application;
mod bare;
mod ladder;
mod policy;
mod user;

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use stalemate_clients::{CallResult, Client, LocalBoxFuture, StoredSession};

pub use application::Application;
pub use bare::Bare;
pub use ladder::climb;
pub use policy::{AppPolicy, Deletes, Disconnects, SessionKey, Status};
pub use user::{CallSpec, User};

use crate::journal::{Action, Rung, ServerName};

/// Makes client objects for a server. The world gives each a dialler of its own, so that its connections are known.
pub trait MakeClient {
    /// A fresh client of that server, with a stored session if there is one.
    fn make(&self, server: &ServerName, resume: Option<StoredSession>) -> Arc<dyn Client>;
}

/// What the user has in front of them: an application with connectors, or a program around a bare SDK.
pub trait Subject {
    /// Carries out what the user did. The error is what the user is shown.
    fn act<'a>(
        &'a self,
        action: Action,
        server: Option<&'a ServerName>,
    ) -> LocalBoxFuture<'a, Result<(), String>>;

    /// Calls a tool in the present conversation.
    fn call<'a>(
        &'a self,
        server: &'a ServerName,
        tool: &'a str,
        arguments: Value,
    ) -> LocalBoxFuture<'a, CallResult>;

    /// Whether a rung exists for this subject.
    fn has_rung(&self, rung: Rung) -> bool;
}

/// A subject that tasks share.
pub type SharedSubject = Rc<dyn Subject>;
