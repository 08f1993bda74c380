//! Clients that are wrong in one known way each, so that an invariant can be seen to catch it. Each is
//! [`Policy::recovering`] with one knob wrong; nothing else may differ.

use stalemate_wire::Revision;

use super::policy::{LostSignal, Policy, ReinitBounds, Reopen};

/// The broken policies with their names, in the order of the names.
#[must_use]
pub fn broken() -> Vec<(&'static str, Policy)> {
    let right = Policy::recovering;
    vec![
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
                lost_session: vec![LostSignal::Gone, LostSignal::BadRequest],
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
            // POLL-05, which binds nobody before that revision.
            "broken/ignores-retry",
            Policy {
                revision: Revision::V2025_11_25,
                ignore_retry: true,
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
                omit_version: true,
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
            // SES-08 holds for every request that carries the id, a GET too.
            "broken/stream-ignores-404",
            Policy {
                stream_ignores_loss: true,
                ..right()
            },
        ),
    ]
}
