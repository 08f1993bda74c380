//! Journals made by hand: by when a client has to resume a stream that broke, and with which stream a GET goes on.

use stalemate::journal::{Exchange, RequestSummary};

use super::streams::polling;
use super::*;
use crate::made::named;

const RETRY: &str = "cli-respects-retry";
const CURSOR: &str = "cli-resume-cursor";
const RETRY_MS: u64 = 2_000;

/// It opens a stream by a GET or a call, which brings an event that names a retry time.
fn opens(made: &mut Made, what: &str, event: &str) -> Exchange {
    let stream = made.listens_to(named(what, Some("S")));
    made.hears_of(stream, event, RETRY_MS);
    stream
}

fn resumes(made: &mut Made, cursor: Option<&str>) {
    made.listens_to(RequestSummary {
        cursor: cursor.map(str::to_owned),
        ..named("GET", Some("S"))
    });
}

/// Who asks for something else may resume the stream yet, for a minute of calm.
#[test]
fn a_client_has_a_minute_to_resume_what_broke() {
    for (after_ms, disturbed_ms, is_due) in [
        (1_000, None, false),
        (59_000, None, false),
        (61_000, None, true),
        (61_000, Some(31_000), false),
    ] {
        let mut made = polling();
        made.wait(70_000);
        let stream = opens(&mut made, "GET", "a");
        made.heard_all(stream, false);
        if let Some(ms) = disturbed_ms {
            made.wait(ms);
            let process = Arc::from("nginx");
            made.note(Event::ProcessUp { process });
        }
        made.wait(after_ms - disturbed_ms.unwrap_or(0));
        made.asks("tools/list", Some("S"));
        match is_due {
            true => made.breaks(CURSOR, made.last()),
            false => assert_eq!(made.verdict(CURSOR), Verdict::NotExercised, "{after_ms}"),
        }
    }
}

/// What another client object does, or the same one in another session, is no going on.
#[test]
fn only_who_goes_on_in_the_session_has_to_resume() {
    for (object, id, goes_on) in [(0, "S", true), (1, "S", false), (0, "T", false)] {
        let mut made = polling();
        let stream = opens(&mut made, "GET", "a");
        made.heard_all(stream, false);
        made.wait(120_000);
        made.object = object;
        made.asks("tools/list", Some(id));
        match goes_on {
            true => made.breaks(CURSOR, made.last()),
            false => assert_eq!(made.verdict(CURSOR), Verdict::NotExercised),
        }
    }
}

/// What is left of a call is asked for by its last event; a GET that names none opens another stream, at any time.
#[test]
fn a_get_without_a_cursor_does_not_go_on_with_a_call() {
    for (cursor, wait_ms, verdict) in [
        (None, 0, Some(Verdict::NotExercised)),
        (Some("a"), 0, None),
        (Some("a"), RETRY_MS, Some(Verdict::Held)),
    ] {
        let mut made = polling();
        let call = opens(&mut made, "tools/call", "a");
        made.heard_all(call, true);
        made.wait(wait_ms);
        resumes(&mut made, cursor);
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(RETRY), verdict),
            None => made.breaks(RETRY, made.last() - 1),
        }
    }
}

/// One stream ended a while ago, and one ends now: only what goes on with the first may come at once.
#[test]
fn a_stream_that_ended_before_excuses_only_what_may_go_on_with_it() {
    for (first, cursor, verdict) in [
        ("GET", Some("b"), None),
        ("GET", Some("a"), Some(Verdict::Held)),
        ("tools/call", None, None),
        ("tools/call", Some("b"), None),
        ("tools/call", Some("a"), Some(Verdict::Held)),
    ] {
        let mut made = polling();
        let first = opens(&mut made, first, "a");
        let second = opens(&mut made, "GET", "b");
        made.heard_all(first, true);
        made.wait(RETRY_MS);
        made.heard_all(second, true);
        resumes(&mut made, cursor);
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(RETRY), verdict),
            None => made.breaks(RETRY, made.last() - 1),
        }
    }
}
