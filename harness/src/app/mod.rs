//! What stands between the user and a client: the connector application with its browser profiles, settings page and
//! account store; the bare SDK that has no application; and the recovery ladder that the user climbs. Nothing here knows
//! turmoil: clients come from a maker, time is tokio's.

mod account;
mod application;
mod bare;
mod beside;
mod ladder;
mod policy;
pub mod user;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stalemate_clients::{
    CallResult, Client, ClientError, LocalBoxFuture, RequestMethod, StoredSession,
};
use tokio::time::{sleep, timeout};

pub use account::Account;
pub use application::Application;
pub use bare::Bare;
pub use ladder::{CLIMBS_WITH, climb};
pub use policy::{AppPolicy, Deletes, Disconnects, Lists, Model, SessionKey, Status};
pub use user::{Asked, CallSpec, User};

use crate::journal::{Action, CallId, Event, Fate, Rung, ServerName};

/// Whom the user and the application tell what happens, and who knows what happened elsewhere.
pub trait Tell {
    /// Tells of an event that a fault plan may strike, and returns what becomes of it.
    fn at(&self, event: Event) -> Fate;

    /// Tells of an event that simply happens.
    fn note(&self, event: Event);

    /// Numbers a call that is about to begin, with the nonce for its arguments.
    fn new_call(&self) -> (CallId, String);

    /// Whether no result of that call, which has not ended, has come from its server: see [`Account::lacks_result`].
    fn lacks_result(&self, call: CallId, is_tool: bool) -> bool;

    /// Whether something on the way to the server is out now.
    fn is_out(&self, server: &ServerName) -> bool;

    /// Whether the user of this server was shown an error that no outage excuses: see [`Account::is_spoilt`].
    fn is_spoilt(&self, server: &ServerName) -> bool;
}

/// As the user and the application share it.
pub type Journal = Rc<dyn Tell>;

/// Makes client objects for a server. The process shell gives each a dialler of its own, so that its connections are known.
pub trait MakeClient {
    /// A fresh client of that server, with a stored session if there is one.
    fn make(&self, whom: (&ServerName, u8), resume: Option<StoredSession>) -> Arc<dyn Client>;
}

/// What the user has in front of them: an application with connectors, or a program around a bare SDK.
pub trait InFront {
    /// Carries out what the user did. The error is what the user is shown.
    fn act<'a>(
        &'a self,
        action: Action,
        server: Option<&'a ServerName>,
    ) -> LocalBoxFuture<'a, Result<(), ClientError>>;

    /// Calls a tool in the present conversation, by the n-th client object of that server.
    fn call<'a>(
        &'a self,
        whom: (&'a ServerName, u8),
        tool: &'a str,
        arguments: Value,
    ) -> LocalBoxFuture<'a, CallResult>;

    /// Sends a request of another kind in the present conversation, by the n-th client object of that server.
    fn request<'a>(
        &'a self,
        whom: (&'a ServerName, u8),
        method: RequestMethod,
        params: Value,
    ) -> LocalBoxFuture<'a, CallResult>;

    /// Whether a request of that kind can be asked of the n-th client object of a server.
    fn offers(&self, whom: (&ServerName, u8), method: RequestMethod) -> bool {
        let _ = (whom, method);
        true
    }

    /// Whether a rung exists here.
    fn has_rung(&self, rung: Rung) -> bool;

    /// Returns when the user has let that much time pass, in milliseconds.
    fn wait(&self, ms: u64) -> LocalBoxFuture<'_, ()> {
        Box::pin(sleep(Duration::from_millis(ms)))
    }

    /// How a call ended that the user waits for so long, in milliseconds; the error is how long they waited for nothing.
    fn patiently<'a>(
        &'a self,
        ms: u64,
        calling: LocalBoxFuture<'a, CallResult>,
    ) -> LocalBoxFuture<'a, Result<CallResult, u64>> {
        Box::pin(async move {
            let ended = timeout(Duration::from_millis(ms), calling).await;
            ended.map_err(|_| ms)
        })
    }

    /// The longest that an action may take which users wait so long for, in milliseconds; `None` is as long as it takes.
    fn limit_ms(&self, usual_ms: u64) -> Option<u64> {
        Some(usual_ms)
    }
}

/// As tasks share it.
pub type SharedFront = Rc<dyn InFront>;
