//! The values of a policy's knobs. What they are set to is in `policy`, `broken` and `sdk`; how they take effect is in the
//! modules that read them.

use std::time::Duration;

/// An answer that means a lost session, by its status and, where that is not enough, by its body. Only answers to requests
/// that carried a session id are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostSignal {
    /// The status, 200 included: some servers put the error into a successful answer (F20).
    pub status: u16,
    /// The code of the JSON-RPC error in the body; `None` for any, or none at all.
    pub code: Option<i64>,
    /// What the body says somewhere, in capitals or not; `None` for anything.
    pub says: Option<String>,
}

impl LostSignal {
    /// That status, whatever the body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self {
            status,
            code: None,
            says: None,
        }
    }

    /// Whether the body must be known to tell.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.code.is_some() || self.says.is_some()
    }

    /// Whether that answer is meant.
    #[must_use]
    pub fn is(&self, status: u16, code: Option<i64>, body: &str) -> bool {
        let says = |text: &String| body.to_lowercase().contains(&text.to_lowercase());
        self.status == status
            && (self.code.is_none() || self.code == code)
            && self.says.as_ref().is_none_or(says)
    }
}

/// What a client does about a lost session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reinit {
    /// Nothing: the error is shown and the id stays (F1).
    Never,
    /// Initializes anew, and shows the refused call as failed.
    ThenFail,
    /// Initializes anew, and sends again what was refused before it could run.
    ThenResend,
}

/// What becomes of the session where a re-initialization failed for good (F14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedReinit {
    /// The next request tries again.
    TriedAgain,
    /// Bug: the id is forgotten and the requests go on without one, which no server takes for a lost session.
    GoesOnWithoutId,
}

/// How a lost session is shown to whoever called a tool, where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostShown {
    /// As the error that it is.
    Error,
    /// As a result of the tool that says `isError`: the client itself believes that all is well (F23).
    ToolError,
    /// As a result of the tool like any other (F23).
    Result,
}

/// How long a session is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionPer {
    /// From a connect to the disconnect, if it is not lost.
    Connection,
    /// For the requests that run at one time: what comes after them begins with `initialize`, and the session before it is
    /// forgotten, not ended (F17).
    Batch,
}

/// Whose word on the session's id is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BelievedId {
    /// That of the successful answer to `initialize` (SES-03).
    Initialize,
    /// That of any successful answer to a POST.
    Success,
    /// That of any answer to a POST, a refusal too (F21); the next `initialize` carries it (F4).
    Any,
}

/// The version header of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionHeader {
    /// The negotiated revision, on everything after `initialize`, if that revision has the header (VER-01, VER-02).
    Negotiated,
    /// Bug: there is none.
    Missing,
    /// Bug: this one on everything, `initialize` included, whatever was negotiated (F25).
    Always(String),
}

/// What becomes of a stored session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It is ignored: every connect begins with `initialize`.
    Initializes,
    /// It is used at once, without `initialize`, and the connect opens its stream (F3).
    OpensStream,
    /// It is used without `initialize`, and the connect sends nothing at all.
    Silent,
}

/// What the end of an answer's stream means where the answer was not on it and the stream cannot be resumed (F7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerless {
    /// The call has failed.
    Fails,
    /// Bug: nothing; the call goes on waiting until its limit.
    Waits,
    /// Bug: nothing, and the call has no limit then.
    WaitsForEver,
}

/// When a bearer token is renewed (AUTH-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRenewal {
    /// Only when the user connects: a 401 is an error like any other (F19).
    OnConnect,
    /// When a 401 says that it is no good any more; the request is sent again once.
    OnRefusal,
    /// The same, and before a request whose token has expired.
    OnExpiry,
}

/// A failure of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A refusal with another status than 404.
    OtherStatus,
    /// No connection could be opened.
    Refused,
    /// The connection broke before the head of the answer came.
    Reset,
    /// The server was silent for too long before the head of the answer; see [`Policy::silence`](super::Policy::silence).
    Silence,
    /// A JSON body broke off.
    CutJson,
}

/// What it takes before a client object works again that a failure ended as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killed {
    /// A disconnect and a connect.
    UntilConnect,
    /// Nothing: it takes another object.
    ForGood,
}

/// What happens when the GET stream is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopen {
    /// It stays closed.
    Never,
    /// It is opened again after a wait, from the last event that was seen (RES-04); a `retry` of the server is a lower
    /// bound of the wait (POLL-05).
    After(Reopening),
}

/// How a stream is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reopening {
    /// The waits.
    pub backoff: Backoff,
    /// After how many failures in a row it stays closed. `None` is no bound (F8).
    pub attempts: Option<u32>,
    /// What ends a row of failures, so that waits and count begin anew.
    pub anew: Anew,
    /// Whether the first opening, if it fails, is tried again like any other.
    pub first_too: bool,
}

impl Reopening {
    /// The waits of [`Backoff::ms`], without a bound; a stream that lived a while was a good one.
    #[must_use]
    pub const fn ms(first: u64, max: u64) -> Self {
        Self {
            backoff: Backoff::ms(first, max),
            attempts: None,
            anew: Anew::Lasted,
            first_too: true,
        }
    }
}

/// What ends a row of failures to keep a stream open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// A stream that lived for 10 s. A shorter one does not, or a server that accepts and closes at once would be asked for
    /// ever (F8).
    Lasted,
    /// A stream that was opened.
    Opened,
    /// A stream that was opened and then ended properly; one that broke is a failure itself.
    EndedWell,
}

/// Waits that grow from the first to the longest. There is no jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub max: Duration,
    /// Each wait in per cent of the one before, from 100.
    pub growth: u32,
}

impl Backoff {
    /// Waits from `first` to `max` milliseconds, each twice the one before.
    #[must_use]
    pub const fn ms(first: u64, max: u64) -> Self {
        Self {
            first: Duration::from_millis(first),
            max: Duration::from_millis(max),
            growth: 200,
        }
    }

    /// The wait that follows `wait`.
    #[must_use]
    pub fn after(self, wait: Duration) -> Duration {
        // In whole milliseconds, because the clock has no finer step.
        let grown = wait.as_millis() * u128::from(self.growth) / 100;
        let grown = Duration::from_millis(u64::try_from(grown).unwrap_or(u64::MAX));
        grown.min(self.max).max(self.first)
    }
}

/// How much recovery a client allows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReinitBounds {
    /// How many `initialize` one re-initialization sends while they fail in passing (no connection, no answer, 429,
    /// 5xx). `None` is no bound (F8).
    pub max_attempts: Option<u32>,
    /// The waits between them.
    pub backoff: Backoff,
    /// How often one call is sent again after a re-initialization. `None` is no bound: the call then waits
    /// [`backoff`](Self::backoff)'s first step before each but the first.
    pub max_resends: Option<u32>,
    /// How many `initialize` and GET requests together may begin in any 10 s; further ones wait. What a `connect` of the
    /// user sends counts but does not wait. `None` is no bound (F8).
    pub per_10s: Option<u32>,
}

impl ReinitBounds {
    /// The bounds of a right client: four attempts with waits of 1, 2 and 4 s, one resend, at most 5 attempts in 10 s.
    #[must_use]
    pub const fn right() -> Self {
        Self {
            max_attempts: Some(4),
            backoff: Backoff::ms(1000, 4000),
            max_resends: Some(1),
            per_10s: Some(5),
        }
    }

    /// No bounds: it goes on for ever, five times a second.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            max_attempts: None,
            backoff: Backoff::ms(200, 200),
            max_resends: None,
            per_10s: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest() {
        let backoff = Backoff {
            growth: 150,
            ..Backoff::ms(1000, 3000)
        };
        let mut wait = backoff.first;
        let mut waits = Vec::new();
        for _ in 0..5 {
            waits.push(wait.as_millis());
            wait = backoff.after(wait);
        }
        assert_eq!(waits, [1000, 1500, 2250, 3000, 3000]);
    }

    #[test]
    fn a_signal_asks_for_all_that_it_names() {
        let signal = LostSignal {
            status: 404,
            code: Some(-32_001),
            says: Some("session".to_owned()),
        };
        assert!(signal.is(404, Some(-32_001), "Session not found"));
        assert!(!signal.is(400, Some(-32_001), "Session not found"));
        assert!(!signal.is(404, None, "Session not found"));
        assert!(!signal.is(404, Some(-32_001), "Not found"));
        assert!(LostSignal::status(404).is(404, None, ""));
    }
}
