//! Journals made by hand: with which stream a client goes on, and when, where several have ended.

use stalemate::journal::{Exchange, RequestSummary};

use super::*;
use crate::made::named;

const ID: &str = "cli-respects-retry";
const RESUMES: &str = "cli-resume-cursor";
const RETRY_MS: u64 = 2_000;

/// A client that has settled on the revision with polling.
pub(super) fn polling() -> Made {
    let mut made = Made::default();
    made.settles("S");
    made
}

/// It opens a stream, with a cursor if there is one, and is told how long to wait, if it is told anything.
fn opens(made: &mut Made, cursor: Option<&str>, event: Option<&str>) -> Exchange {
    let asked = RequestSummary {
        cursor: cursor.map(str::to_owned),
        ..named("GET", Some("S"))
    };
    let stream = made.listens_to(asked);
    if let Some(id) = event {
        made.hears_of(stream, id, RETRY_MS);
    }
    stream
}

#[test]
fn the_time_that_was_named_is_waited_for() {
    for (wait_ms, holds) in [(RETRY_MS, true), (RETRY_MS / 2, false)] {
        for cursor in [None, Some("a")] {
            let mut made = polling();
            let stream = opens(&mut made, None, Some("a"));
            made.heard_all(stream, false);
            made.wait(wait_ms);
            opens(&mut made, cursor, None);
            if holds {
                made.holds(ID);
            } else {
                made.is_violated(ID);
            }
        }
    }
}

/// A resumed stream that brought nothing leaves no cursor: what goes on with it looks like what goes on with another, which
/// ended a moment ago.
#[test]
fn each_of_several_streams_has_a_successor_of_its_own() {
    let mut made = polling();
    let resumed = opens(&mut made, Some("post-1"), None);
    let plain = opens(&mut made, None, Some("a"));
    made.heard_all(resumed, false);
    made.wait(RETRY_MS);
    made.heard_all(plain, false);
    opens(&mut made, None, None);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
    // The stream that ended has to wait as before, and no other one is left that might have been meant.
    let mut early = made.clone();
    opens(&mut early, None, None);
    early.is_violated(ID);
    made.wait(RETRY_MS);
    opens(&mut made, None, None);
    made.holds(ID);
}

/// What the client closed itself it does not go on with.
#[test]
fn a_stream_that_was_given_up_excuses_nothing() {
    let mut made = polling();
    let resumed = opens(&mut made, Some("post-1"), None);
    made.closed(resumed);
    let plain = opens(&mut made, None, Some("a"));
    made.wait(RETRY_MS);
    made.heard_all(plain, false);
    opens(&mut made, None, None);
    made.is_violated(ID);
}

/// Nor does such a GET pass for a fresh stream in place of one that is still to be resumed.
#[test]
fn what_goes_on_with_one_stream_neglects_no_other() {
    let one = |has_another: bool| {
        let mut made = polling();
        let resumed = has_another.then(|| opens(&mut made, Some("post-1"), None));
        let plain = opens(&mut made, None, Some("a"));
        if let Some(resumed) = resumed {
            made.heard_all(resumed, false);
        }
        made.wait(RETRY_MS);
        made.heard_all(plain, false);
        opens(&mut made, None, None);
        made
    };
    one(false).is_violated(RESUMES);
    let mut made = one(true);
    assert_eq!(made.verdict(RESUMES), Verdict::NotExercised);
    let mut neglected = made.clone();
    opens(&mut neglected, None, None);
    neglected.is_violated(RESUMES);
    opens(&mut made, Some("a"), None);
    made.holds(RESUMES);
}

/// Nobody wants what is left of a stream whose call its user gave up before it was to be resumed.
#[test]
fn a_stream_whose_call_was_given_up_in_time_is_not_resumed() {
    for (after_ms, is_spared) in [(RETRY_MS / 2, true), (RETRY_MS * 2, false)] {
        let mut made = polling();
        made.begins_call(1);
        let asked = RequestSummary {
            call: Some(CallId(1)),
            ..named("tools/call", Some("S"))
        };
        let stream = made.listens_to(asked);
        made.hears_of(stream, "a", RETRY_MS);
        made.heard_all(stream, true);
        made.wait(after_ms);
        made.ends_call(1, CallOutcome::GivenUp(after_ms));
        made.wait(120_000);
        made.exchange("tools/list", Some("S"), 200);
        if is_spared {
            assert_eq!(made.verdict(RESUMES), Verdict::NotExercised);
        } else {
            made.is_violated(RESUMES);
        }
    }
}

/// Who asks for something else meanwhile may resume yet; who opens another stream does not.
#[test]
fn only_a_get_takes_the_place_of_a_stream_that_broke() {
    let mut made = polling();
    let stream = opens(&mut made, None, Some("a"));
    made.heard_all(stream, false);
    made.exchange("tools/list", Some("S"), 200);
    made.object = 1;
    made.asks("GET", Some("S"));
    made.object = 0;
    assert_eq!(made.verdict(RESUMES), Verdict::NotExercised);
    made.wait(RETRY_MS);
    opens(&mut made, None, None);
    made.is_violated(RESUMES);
}
