//! Clients that are wrong in one known way each, so that an invariant can be seen to catch it. Each is
//! [`Policy::recovering`] with one knob wrong; nothing else may differ.

use stalemate_wire::Revision;

use super::knobs::{
    Answerless, FailedReinit, Fault, LostShown, LostSignal, Reinit, ReinitBounds, Reopen,
    VersionHeader,
};
use super::policy::Policy;

/// The broken policies with their names, in the order of the names.
#[must_use]
pub fn broken() -> Vec<(&'static str, Policy)> {
    let right = Policy::recovering;
    vec![
        (
            // F22.
            "broken/dies-of-one-failure",
            Policy {
                fatal: vec![
                    Fault::OtherStatus,
                    Fault::Refused,
                    Fault::Reset,
                    Fault::CutJson,
                ],
                ..right()
            },
        ),
        (
            // F24.
            "broken/forgets-subscriptions",
            Policy {
                forgets_subscriptions: true,
                ..right()
            },
        ),
        (
            // F14.
            "broken/goes-on-without-id",
            Policy {
                failed_reinit: FailedReinit::GoesOnWithoutId,
                ..right()
            },
        ),
        (
            // Waits for ever for an answer that has come already (F6). The limit would hide it, so it is off as well.
            "broken/hangs",
            Policy {
                request_timeout: None,
                ignore_unattributed: true,
                ..right()
            },
        ),
        (
            // SES-08.
            "broken/ignores-404",
            Policy {
                lost_session: [410, 400].map(LostSignal::status).to_vec(),
                ..right()
            },
        ),
        (
            // RES-04.
            "broken/ignores-cursor",
            Policy {
                ignore_cursor: true,
                ..right()
            },
        ),
        (
            // F24: the list from before is shown, and called from.
            "broken/ignores-list-changed",
            Policy {
                list_again: false,
                ..right()
            },
        ),
        (
            // POLL-05, which binds nobody before that revision.
            "broken/ignores-retry",
            Policy {
                revision: Revision::V2025_11_25,
                ignore_retry: true,
                ..right()
            },
        ),
        (
            // PING-01.
            "broken/ignores-server-requests",
            Policy {
                ignore_server_requests: true,
                ..right()
            },
        ),
        (
            // F4.
            "broken/initialize-with-stale-id",
            Policy {
                reinit_carries_id: true,
                ..right()
            },
        ),
        (
            // Re-initializes after a loss but goes on with the lost id (against SES-08).
            "broken/keeps-id-after-404",
            Policy {
                drop_id_on_loss: false,
                ..right()
            },
        ),
        (
            // F17 (SES-09).
            "broken/no-delete",
            Policy {
                delete_on_disconnect: false,
                ..right()
            },
        ),
        (
            // SES-05.
            "broken/no-id-on-get",
            Policy {
                omit_id_on_get: true,
                ..right()
            },
        ),
        (
            // LIFE-04.
            "broken/no-initialized",
            Policy {
                skip_initialized: true,
                ..right()
            },
        ),
        (
            // F9.
            "broken/no-stream-again",
            Policy {
                reopen_stream: Reopen::Never,
                ..right()
            },
        ),
        (
            // VER-01.
            "broken/no-version-header",
            Policy {
                version_header: VersionHeader::Missing,
                ..right()
            },
        ),
        (
            // SES-08 speaks of every request.
            "broken/recovers-calls-only",
            Policy {
                recovers_calls_only: true,
                ..right()
            },
        ),
        (
            // F13.
            "broken/reinit-per-call",
            Policy {
                single_flight: false,
                ..right()
            },
        ),
        (
            // F8.
            "broken/reinit-storm",
            Policy {
                reinit_bounds: ReinitBounds::none(),
                ..right()
            },
        ),
        (
            // F11.
            "broken/resends-what-may-have-run",
            Policy {
                resend_unknown: true,
                ..right()
            },
        ),
        (
            // F23.
            "broken/shows-loss-as-result",
            Policy {
                reinit: Reinit::Never,
                lost_shown: LostShown::Result,
                ..right()
            },
        ),
        (
            // F9: POST works, and nothing is sent.
            "broken/stream-failure-fails-calls",
            Policy {
                stream_failure_fails_calls: true,
                ..right()
            },
        ),
        (
            // SES-08 holds for every request that carries the id, a GET too.
            "broken/stream-ignores-404",
            Policy {
                stream_ignores_loss: true,
                ..right()
            },
        ),
        (
            // F7.
            "broken/waits-for-ever",
            Policy {
                answerless: Answerless::WaitsForEver,
                ..right()
            },
        ),
        (
            // F16: an edge holds the head of a silent stream back.
            "broken/waits-for-the-stream",
            Policy {
                await_stream: true,
                ..right()
            },
        ),
        (
            // VER-02.
            "broken/wrong-version-header",
            Policy {
                version_header: VersionHeader::Always("2025-03-26".to_owned()),
                ..right()
            },
        ),
    ]
}
