//! The policies of the official SDKs' clients, as models: what each does on the wire was read from its published source and
//! seen from the program itself on loopback. They are not the SDKs: what no knob here stands for (authorization, cancelling,
//! the details of an HTTP library's connections) they do as our other models do.

use std::time::Duration;

use stalemate_wire::Revision;

use super::knobs::{
    Anew, Answerless, Backoff, BelievedId, Fault, Reinit, ReinitBounds, Reopen, Reopening, Resume,
    TokenRenewal,
};
use super::policy::Policy;

/// How long the HTTP libraries of all four wait for the next byte: undici for a body, httpx for anything.
const SILENCE: Duration = Duration::from_secs(300);

/// The models with their names and a sentence on each, in the order of the names.
#[must_use]
pub fn sdks() -> Vec<(&'static str, &'static str, Policy)> {
    vec![
        (
            "sdk/python-1",
            "a model of the official Python SDK, mcp 1.30.0: never re-initializes, and dies as a whole of what is not 404",
            python_1(),
        ),
        (
            "sdk/python-2",
            "a model of the official Python SDK, mcp 2.3.0: never re-initializes, and dies as a whole of a broken connection",
            python_2(),
        ),
        (
            "sdk/typescript-1",
            "a model of the official TypeScript SDK, sdk 1.32.2: never re-initializes, believes any answer's id",
            typescript_1(),
        ),
        (
            "sdk/typescript-2",
            "a model of the official TypeScript SDK, client 2.4.0: never re-initializes",
            typescript_2(),
        ),
    ]
}

/// What all four have in common: no answer means a lost session to them.
fn common() -> Policy {
    Policy {
        revision: Revision::V2025_11_25,
        silence: Some(SILENCE),
        lost_session: Vec::new(),
        reinit: Reinit::Never,
        // Nothing counts how often they ask.
        reinit_bounds: ReinitBounds {
            per_10s: None,
            ..ReinitBounds::right()
        },
        retry_unsent: None,
        stream_ignores_loss: true,
        list_again: false,
        ..Policy::recovering()
    }
}

/// `@modelcontextprotocol/sdk` 1.32.2 with the `fetch` of Node.js.
fn typescript_1() -> Policy {
    Policy {
        request_timeout: Some(Duration::from_secs(60)),
        // The end of a call's stream is told to nobody.
        answerless: Answerless::Waits,
        believed_id: BelievedId::Any,
        stream_after_202: true,
        reopen_stream: Reopen::After(Reopening {
            backoff: Backoff {
                growth: 150,
                ..Backoff::ms(1000, 30_000)
            },
            attempts: Some(2),
            anew: Anew::Opened,
            first_too: false,
        }),
        any_body_is_stream: true,
        // `close` only closes; `terminateSession` is another method, which hardly anybody calls.
        delete_on_disconnect: false,
        resume: Resume::Silent,
        ..common()
    }
}

/// `@modelcontextprotocol/client` 2.4.0.
fn typescript_2() -> Policy {
    Policy {
        believed_id: BelievedId::Initialize,
        ..typescript_1()
    }
}

/// `mcp` 1.30.0 with httpx.
fn python_1() -> Policy {
    Policy {
        // The session has no read timeout unless it is given one.
        request_timeout: None,
        connect_timeout: Duration::from_secs(30),
        answerless: Answerless::Waits,
        cut_json: Answerless::Waits,
        // What a request's task raises ends the group of tasks that the transport consists of.
        fatal: vec![
            Fault::OtherStatus,
            Fault::Refused,
            Fault::Reset,
            Fault::Silence,
        ],
        // Those who wait are told of it by what reads the stream of messages, which is cancelled with the rest.
        killed_calls: Answerless::Waits,
        reopen_stream: Reopen::After(Reopening {
            backoff: Backoff::ms(1000, 1000),
            attempts: Some(2),
            anew: Anew::EndedWell,
            first_too: true,
        }),
        ignore_405: true,
        stream_needs_id: true,
        token_renewal: TokenRenewal::OnExpiry,
        ..common()
    }
}

/// `mcp` 2.3.0.
fn python_2() -> Policy {
    Policy {
        answerless: Answerless::Fails,
        cut_json: Answerless::Fails,
        fatal: vec![Fault::Refused, Fault::Reset, Fault::Silence, Fault::CutJson],
        killed_calls: Answerless::Fails,
        ignore_refused_initialized: true,
        ..python_1()
    }
}
