//! The knobs of a model client, and the three policies that scenarios name. The broken ones are in `broken`; how a knob
//! takes effect is in the modules that read it.

use std::time::Duration;

use stalemate_wire::Revision;

/// How a model client behaves. Each knob stands for a difference that real clients show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The revision that `initialize` asks for. The server may answer with another one with sessions (LIFE-07).
    pub revision: Revision,
    /// How long a user's request may take, its recovery included, and how long one `initialize` may (TIME-01). `None`
    /// waits for ever (F6, F7).
    pub request_timeout: Option<Duration>,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
    /// Bug: a refusal that does not carry the request's own id (`"id":null`, another id, no JSON-RPC at all) is not taken
    /// as its answer, so that the request goes on waiting (F6).
    pub ignore_unattributed: bool,
    /// Which answers to a request that carried a session id mean that the session is lost. Everything else keeps the id.
    /// Empty: nothing does (F1).
    pub lost_session: Vec<LostSignal>,
    /// What a lost session leads to (SES-08).
    pub reinit: Reinit,
    /// Whether parallel calls that lost the same session share one re-initialization. Without it each makes its own
    /// (F13).
    pub single_flight: bool,
    /// Bug: the `initialize` after a loss carries the lost id (F4, forbidden by SES-08).
    pub reinit_carries_id: bool,
    /// Bug: no `notifications/initialized` after a re-initialization (LIFE-04).
    pub skip_initialized: bool,
    /// Whether the lost id is given up. Without it the client re-initializes and then goes on with the lost id: the id of
    /// the new session never reaches the place that requests read it from.
    pub drop_id_on_loss: bool,
    /// What keeps recovery from becoming a storm (F8).
    pub reinit_bounds: ReinitBounds,
    /// Bug: a call whose outcome is unknown, because the connection broke or the response was lost, is sent again once
    /// (F11).
    pub resend_unknown: bool,
    /// Whether a request that certainly never left, because no connection could be opened, is tried again until its
    /// limit, and with which waits. A 5xx is another matter: the request may have run.
    pub retry_unsent: Option<Backoff>,
    /// Whether `connect` opens the GET stream (GET-01).
    pub open_stream: bool,
    /// What happens when the GET stream is over or was refused (F9). [`Reopen::Never`] also opens none after a
    /// re-initialization, and resumes no stream of a POST that broke.
    pub reopen_stream: Reopen,
    /// Bug: a GET that is refused as of a lost session is tried again with the same id; only a POST's refusal counts
    /// (against SES-08, which speaks of every request).
    pub stream_ignores_loss: bool,
    /// How long a GET may wait for the head of its response. An edge may hold the head back until the first event, for
    /// over two minutes (F16), hence longer than any such edge.
    pub stream_head_timeout: Duration,
    /// Bug: the GET carries no session id (SES-05).
    pub omit_id_on_get: bool,
    /// Bug: no request carries the version header (VER-01).
    pub omit_version: bool,
    /// Bug: a stream that broke is opened anew, without its last event id (RES-04).
    pub ignore_cursor: bool,
    /// Bug: the server's `retry` does not make the client wait (POLL-05).
    pub ignore_retry: bool,
    /// Whether `disconnect` ends the session with DELETE (SES-09, F17).
    pub delete_on_disconnect: bool,
    /// Whether a stored session is used at once, without `initialize` (F3). Otherwise it is ignored.
    pub resume_skips_initialize: bool,
}

/// An answer that means a lost session. Only answers to requests that carried a session id are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostSignal {
    /// 404, the one that the specification names (SES-07b, SES-08).
    NotFound,
    /// 410, which some servers answer instead (F2).
    Gone,
    /// 400: the client's requests are valid otherwise, so the id is what was wrong with it (F2).
    BadRequest,
}

impl LostSignal {
    /// The status code that stands for it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Gone => 410,
            Self::BadRequest => 400,
        }
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

/// What happens when the GET stream is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopen {
    /// It stays closed.
    Never,
    /// It is opened again after a wait, from the last event that was seen (RES-04); a `retry` of the server is a lower
    /// bound of the wait (POLL-05).
    Backoff(Backoff),
}

/// Waits that double from the first to the longest. There is no jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub max: Duration,
}

impl Backoff {
    /// Waits from `first_ms` to `max_ms` milliseconds.
    #[must_use]
    pub const fn ms(first_ms: u64, max_ms: u64) -> Self {
        Self {
            first: Duration::from_millis(first_ms),
            max: Duration::from_millis(max_ms),
        }
    }

    /// The wait that follows `wait`.
    #[must_use]
    pub fn after(self, wait: Duration) -> Duration {
        (wait * 2).min(self.max).max(self.first)
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

impl Policy {
    /// A client that never lets go of its session: it resumes stored ones without `initialize`, never re-initializes, and
    /// opens its GET stream once, whatever the answer (F1, F3).
    #[must_use]
    pub fn stale() -> Self {
        Self {
            revision: Revision::V2025_03_26,
            lost_session: Vec::new(),
            reinit: Reinit::Never,
            retry_unsent: None,
            reopen_stream: Reopen::Never,
            delete_on_disconnect: false,
            resume_skips_initialize: true,
            ..Self::recovering()
        }
    }

    /// A client that does what the specification demands and no more: 404 alone means a lost session, and then it
    /// initializes once, without an id, and shows the call as failed (SES-08).
    #[must_use]
    pub fn spec_404() -> Self {
        Self {
            revision: Revision::V2025_03_26,
            lost_session: vec![LostSignal::NotFound],
            reinit: Reinit::ThenFail,
            reinit_bounds: ReinitBounds {
                max_attempts: Some(1),
                ..ReinitBounds::right()
            },
            retry_unsent: None,
            reopen_stream: Reopen::Never,
            ..Self::recovering()
        }
    }

    /// A client that does everything right.
    #[must_use]
    pub fn recovering() -> Self {
        Self {
            revision: Revision::V2025_06_18,
            request_timeout: Some(Duration::from_secs(30)),
            connect_timeout: Duration::from_secs(10),
            ignore_unattributed: false,
            lost_session: vec![
                LostSignal::NotFound,
                LostSignal::Gone,
                LostSignal::BadRequest,
            ],
            reinit: Reinit::ThenResend,
            single_flight: true,
            reinit_carries_id: false,
            skip_initialized: false,
            drop_id_on_loss: true,
            reinit_bounds: ReinitBounds::right(),
            resend_unknown: false,
            retry_unsent: Some(Backoff::ms(500, 4000)),
            open_stream: true,
            reopen_stream: Reopen::Backoff(Backoff::ms(1000, 30_000)),
            stream_ignores_loss: false,
            stream_head_timeout: Duration::from_secs(300),
            omit_id_on_get: false,
            omit_version: false,
            ignore_cursor: false,
            ignore_retry: false,
            delete_on_disconnect: true,
            resume_skips_initialize: false,
        }
    }

    /// Whether `status`, as the answer to a request that carried an id, means a lost session that something is done about.
    #[must_use]
    pub fn is_lost(&self, status: u16) -> bool {
        self.reinit != Reinit::Never && self.lost_session.iter().any(|s| s.status() == status)
    }
}
