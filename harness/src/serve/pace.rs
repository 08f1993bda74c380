//! How fast a run goes, and by whose word.

use serde_json::Value;
use stalemate_clients::{CallResult, ClientError, LocalBoxFuture, RequestMethod};

use crate::app::{InFront, SharedFront};
use crate::journal::{Action, Rung, ServerName};

/// How a run is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Whether it goes on by itself: faults happen when it is their turn, and what a person was asked to do counts as done
    /// when the wire shows it, or after a time.
    pub auto: bool,
    /// That time, in milliseconds.
    pub step_ms: u64,
    /// What the waits between steps are divided by; the servers' and hops' own times are not.
    pub divisor: u32,
}

impl Pace {
    /// A wait as it is waited, in milliseconds.
    pub(super) fn wait_ms(self, ms: u64) -> u64 {
        ms / u64::from(self.divisor.max(1))
    }
}

/// A model client's side of a run, whose user waits at that pace.
pub(super) struct Paced {
    pub(super) front: SharedFront,
    pub(super) pace: Pace,
}

impl InFront for Paced {
    fn act<'a>(
        &'a self,
        action: Action,
        server: Option<&'a ServerName>,
    ) -> LocalBoxFuture<'a, Result<(), ClientError>> {
        self.front.act(action, server)
    }

    fn call<'a>(
        &'a self,
        whom: (&'a ServerName, u8),
        tool: &'a str,
        arguments: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        self.front.call(whom, tool, arguments)
    }

    fn request<'a>(
        &'a self,
        whom: (&'a ServerName, u8),
        method: RequestMethod,
        params: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        self.front.request(whom, method, params)
    }

    fn offers(&self, whom: (&ServerName, u8), method: RequestMethod) -> bool {
        self.front.offers(whom, method)
    }

    fn has_rung(&self, rung: Rung) -> bool {
        self.front.has_rung(rung)
    }

    fn wait(&self, ms: u64) -> LocalBoxFuture<'_, ()> {
        self.front.wait(self.pace.wait_ms(ms))
    }
}
