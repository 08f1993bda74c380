//! The user's bearer tokens at a server: got when a client object is made, and renewed when a client asks. Where they come from,
//! an authorization server, is deliberately absent: renewing one is a local act that always works and takes no time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stalemate_clients::Credentials;

use crate::journal::{Event, ServerName, token};
use crate::process::recorder::Recorder;

/// Draws the secret part of a token.
pub type Secrets = Box<dyn FnMut() -> String + Send>;

/// The token of now.
struct Now {
    number: u32,
    token: String,
    good_until_ms: Option<u64>,
    secrets: Secrets,
}

/// The tokens of the user at one server. All client objects share them.
pub struct UserTokens {
    recorder: Recorder,
    server: ServerName,
    lifetime_ms: Option<u64>,
    now: Mutex<Now>,
}

impl UserTokens {
    /// None yet. One is good for that many milliseconds; `None` is for ever.
    #[must_use]
    pub fn new(
        recorder: Recorder,
        server: ServerName,
        lifetime_ms: Option<u64>,
        secrets: Secrets,
    ) -> Self {
        let now = Now {
            number: 0,
            token: String::new(),
            good_until_ms: Some(0),
            secrets,
        };
        Self {
            recorder,
            server,
            lifetime_ms,
            now: Mutex::new(now),
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Nothing here can panic half-way through.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user logs in, unless the token of now is still good.
    pub fn log_in(&self) {
        let mut now = self.now();
        let until = now.good_until_ms;
        if until.is_some_and(|until| self.recorder.now_ms() >= until) {
            self.issue(&mut now);
        }
    }

    fn issue(&self, now: &mut Now) {
        now.number += 1;
        now.good_until_ms = self.lifetime_ms.map(|ms| self.recorder.now_ms() + ms);
        let secret = (now.secrets)();
        now.token = token::token(now.number, now.good_until_ms, &secret);
        self.recorder.note(Event::TokenIssued {
            server: self.server.clone(),
            token: format!("t{}", now.number),
            good_until_ms: now.good_until_ms,
        });
    }
}

impl Credentials for UserTokens {
    fn token(&self) -> String {
        self.now().token.clone()
    }

    fn left(&self) -> Option<Duration> {
        let until = self.now().good_until_ms?;
        let left = until.saturating_sub(self.recorder.now_ms());
        Some(Duration::from_millis(left))
    }

    fn renew(&self, stale: &str) -> String {
        let mut now = self.now();
        if now.token == stale {
            self.issue(&mut now);
        }
        now.token.clone()
    }
}
