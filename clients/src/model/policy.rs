//! The knobs of a model client, and the policies of the connectors that scenarios name. The broken ones are in `broken`, those
//! of known SDKs in `sdk`; how a knob takes effect is in the modules that read it.

use std::time::Duration;

use stalemate_wire::Revision;

use super::knobs::{
    Answerless, Backoff, BelievedId, FailedReinit, Fault, Killed, LostShown, LostSignal, Reinit,
    ReinitBounds, Reopen, Reopening, Resume, SessionPer, TokenRenewal, VersionHeader,
};

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
    /// How long a server may send nothing while an answer or a stream is awaited from it, before the HTTP library gives the
    /// connection up. `None` has no limit but the request's own.
    pub silence: Option<Duration>,
    /// Bug: a refusal that does not carry the request's own id (`"id":null`, another id, no JSON-RPC at all) is not taken
    /// as its answer, so that the request goes on waiting (F6).
    pub ignore_unattributed: bool,
    /// What the end of an answer's stream without the answer means (F7).
    pub answerless: Answerless,
    /// What a JSON body means that broke off, where that does not end the client object (F7).
    pub cut_json: Answerless,
    /// Bug: which failures of one exchange end the whole client object, everything that runs on it included (F22).
    pub fatal: Vec<Fault>,
    /// What it takes after such a failure.
    pub killed: Killed,
    /// What becomes of the calls that run at such a failure, the one that met it included.
    pub killed_calls: Answerless,
    /// Which answers to a request that carried a session id mean that the session is lost. Everything else keeps the id.
    /// Empty: nothing does (F1).
    pub lost_session: Vec<LostSignal>,
    /// How a lost session is shown to whoever called a tool, where it is shown (F23).
    pub lost_shown: LostShown,
    /// What a lost session leads to (SES-08).
    pub reinit: Reinit,
    /// Bug: only what comes of `tools/call`, of listing tools and of the stream leads to that; any other request that finds its
    /// session lost fails, and the id stays in use.
    pub recovers_calls_only: bool,
    /// Bug: what the user subscribed to in a session is not subscribed to again in the one that takes its place (F24).
    pub forgets_subscriptions: bool,
    /// What becomes of the session where that failed for good (F14).
    pub failed_reinit: FailedReinit,
    /// Whether parallel calls that lost the same session share one re-initialization. Without it each makes its own
    /// (F13).
    pub single_flight: bool,
    /// Bug: the `initialize` after a loss carries the lost id (F4, forbidden by SES-08).
    pub reinit_carries_id: bool,
    /// Bug: no `notifications/initialized` after a re-initialization (LIFE-04).
    pub skip_initialized: bool,
    /// Whether a refused `notifications/initialized` is passed over; otherwise the connect has failed.
    pub ignore_refused_initialized: bool,
    /// Whether the lost id is given up. Without it the client re-initializes and then goes on with the lost id: the id of
    /// the new session never reaches the place that requests read it from.
    pub drop_id_on_loss: bool,
    /// What keeps recovery from becoming a storm (F8).
    pub reinit_bounds: ReinitBounds,
    /// How long a session is used.
    pub session_per: SessionPer,
    /// Whose word on the session's id is taken (F21).
    pub believed_id: BelievedId,
    /// Bug: a call whose outcome is unknown, because the connection broke or the response was lost, is sent again once
    /// (F11).
    pub resend_unknown: bool,
    /// Whether a request that certainly never left, because no connection could be opened, is tried again until its
    /// limit, and with which waits. A 5xx is another matter: the request may have run.
    pub retry_unsent: Option<Backoff>,
    /// Whether `connect` opens the GET stream (GET-01).
    pub open_stream: bool,
    /// Whether nothing is asked of a session before the server has answered the GET that opens its stream. An edge that holds
    /// the head of a silent stream back then holds everything back (F16).
    pub await_stream: bool,
    /// Whether the GET stream is opened only if the server answered 202 to `notifications/initialized`.
    pub stream_after_202: bool,
    /// Whether the GET stream is opened only in a session with an id.
    pub stream_needs_id: bool,
    /// What happens when the GET stream is over or was refused (F9). [`Reopen::Never`] also opens none after a
    /// re-initialization, and resumes no stream of a POST that broke.
    pub reopen_stream: Reopen,
    /// Bug: while the GET stream is wanted and not open, calls fail without being sent, although POST works.
    pub stream_failure_fails_calls: bool,
    /// Bug: a GET that is refused as of a lost session is tried again with the same id; only a POST's refusal counts
    /// (against SES-08, which speaks of every request).
    pub stream_ignores_loss: bool,
    /// Bug: a 405 to GET, or an answer that is no stream, is a failure like any other, so that it is asked again (GET-03).
    pub ignore_405: bool,
    /// Bug: any successful answer to GET is taken for a stream, whatever its content type, and opened again when its body is
    /// over (F8).
    pub any_body_is_stream: bool,
    /// How long a GET may wait for the head of its response. An edge may hold the head back until the first event, for
    /// over two minutes (F16), hence longer than any such edge.
    pub stream_head_timeout: Duration,
    /// Bug: the GET carries no session id (SES-05).
    pub omit_id_on_get: bool,
    /// The version header of the requests (VER-01, VER-02).
    pub version_header: VersionHeader,
    /// Bug: a stream that broke is opened anew, without its last event id (RES-04).
    pub ignore_cursor: bool,
    /// Bug: the server's `retry` does not make the client wait (POLL-05).
    pub ignore_retry: bool,
    /// Whether tools are listed again when the server says that they changed, and in a session that follows a lost one: the
    /// server may be another version by then.
    pub list_again: bool,
    /// Bug: what the server asks is not answered (PING-01).
    pub ignore_server_requests: bool,
    /// Whether `disconnect` ends the session with DELETE (SES-09, F17).
    pub delete_on_disconnect: bool,
    /// What becomes of a stored session (F3).
    pub resume: Resume,
    /// When a bearer token is renewed, at a server that asks for one (AUTH-03, F19).
    pub token_renewal: TokenRenewal,
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
            list_again: false,
            delete_on_disconnect: false,
            resume: Resume::OpensStream,
            token_renewal: TokenRenewal::OnConnect,
            ..Self::recovering()
        }
    }

    /// A client that does what the specification demands and no more: 404 alone means a lost session, and then it
    /// initializes once, without an id, and shows the call as failed (SES-08).
    #[must_use]
    pub fn spec_404() -> Self {
        Self {
            revision: Revision::V2025_03_26,
            lost_session: vec![LostSignal::status(404)],
            reinit: Reinit::ThenFail,
            forgets_subscriptions: true,
            reinit_bounds: ReinitBounds {
                max_attempts: Some(1),
                ..ReinitBounds::right()
            },
            retry_unsent: None,
            reopen_stream: Reopen::Never,
            list_again: false,
            ..Self::recovering()
        }
    }

    /// A client whose host initializes anew before each batch of calls and ends none of its sessions (F17).
    #[must_use]
    pub fn session_per_call() -> Self {
        Self {
            session_per: SessionPer::Batch,
            open_stream: false,
            delete_on_disconnect: false,
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
            silence: None,
            ignore_unattributed: false,
            answerless: Answerless::Fails,
            cut_json: Answerless::Fails,
            fatal: Vec::new(),
            killed: Killed::UntilConnect,
            killed_calls: Answerless::Fails,
            // 410 is what some servers answer instead (F2); 400 too: the client's requests are valid otherwise, so the id is
            // what was wrong with it.
            lost_session: [404, 410, 400].map(LostSignal::status).to_vec(),
            lost_shown: LostShown::Error,
            reinit: Reinit::ThenResend,
            recovers_calls_only: false,
            forgets_subscriptions: false,
            failed_reinit: FailedReinit::TriedAgain,
            single_flight: true,
            reinit_carries_id: false,
            skip_initialized: false,
            ignore_refused_initialized: false,
            drop_id_on_loss: true,
            reinit_bounds: ReinitBounds::right(),
            session_per: SessionPer::Connection,
            believed_id: BelievedId::Initialize,
            resend_unknown: false,
            retry_unsent: Some(Backoff::ms(500, 4000)),
            open_stream: true,
            await_stream: false,
            stream_after_202: false,
            stream_needs_id: false,
            reopen_stream: Reopen::After(Reopening::ms(1000, 30_000)),
            stream_failure_fails_calls: false,
            stream_ignores_loss: false,
            ignore_405: false,
            any_body_is_stream: false,
            stream_head_timeout: Duration::from_secs(300),
            omit_id_on_get: false,
            version_header: VersionHeader::Negotiated,
            ignore_cursor: false,
            ignore_retry: false,
            list_again: true,
            ignore_server_requests: false,
            delete_on_disconnect: true,
            resume: Resume::Initializes,
            token_renewal: TokenRenewal::OnRefusal,
        }
    }

    /// Whether that answer, to a request that carried an id, means a lost session.
    #[must_use]
    pub fn means_lost(&self, status: u16, code: Option<i64>, body: &str) -> bool {
        self.lost_session.iter().any(|s| s.is(status, code, body))
    }
}
