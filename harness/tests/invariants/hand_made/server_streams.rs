//! Journals made by hand: what a server sends on which of a session's streams, and when it may refuse another one.

use serde_json::{Value, json};
use stalemate::journal::RequestSummary;

use super::*;
use crate::answers::{empty, settled};
use crate::made::{call, changed, named, result};

const ONE_STREAM: &str = "srv-one-stream-per-message";

/// Where a session has one stream, there is no other on which a copy could come. A POST that was answered whole is none.
#[test]
fn who_has_one_stream_is_not_put_to_the_test() {
    for has_another in [true, false] {
        let mut made = Made::default();
        let listening = made.get("S", None);
        if has_another {
            let asked = made.post("S", &call(1), None);
            made.head(asked);
        } else {
            let told = made.post("S", &changed(), None);
            made.answer(told, 202, &Value::Null, None);
        }
        made.event(listening, "1", &changed());
        if has_another {
            made.holds(ONE_STREAM);
        } else {
            assert_eq!(made.verdict(ONE_STREAM), Verdict::NotExercised);
        }
    }
}

/// That some response had gone out before makes no copy of another one.
#[test]
fn a_response_is_a_copy_only_of_the_same_one() {
    for (id, is_copy) in [(1, true), (2, false)] {
        let mut made = Made::default();
        let listening = made.get("S", None);
        let [first, second] = [1, 2].map(|id| made.post("S", &call(id), None));
        made.answer(first, 200, &result(1), None);
        made.head(second);
        made.event(listening, "1", &result(id));
        if is_copy {
            made.breaks(ONE_STREAM, made.last());
        } else {
            made.holds(ONE_STREAM);
        }
    }
}

/// Whichever stream was opened first, the copy that came first is named.
#[test]
fn the_first_of_several_copies_is_named() {
    let other = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    for is_of_the_later_stream in [true, false] {
        let mut made = Made::default();
        let listening = made.get("S", None);
        let asked = made.post("S", &call(1), None);
        made.head(asked);
        let mut streams = [listening, asked];
        if !is_of_the_later_stream {
            streams.reverse();
        }
        made.event(streams[0], "1", &changed());
        made.event(streams[1], "2", &changed());
        let first = made.last();
        made.wait(1_000);
        made.event(streams[1], "3", &other);
        made.event(streams[0], "4", &other);
        made.breaks(ONE_STREAM, first);
    }
}

/// It takes a server 5 s at the most to notice that a stream has gone.
#[test]
fn a_second_stream_may_be_refused_until_the_end_of_the_first_is_noticed() {
    const ID: &str = "srv-get-is-stream-or-405";
    for (after_ms, is_right) in [(5_000, true), (5_001, false)] {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.wait(60_000);
        let first = made.get("S", None);
        made.end(first);
        let asked = RequestSummary {
            accept: Some("text/event-stream".to_owned()),
            version: Some("2025-06-18".to_owned()),
            ..named("GET", Some("S"))
        };
        made.wait(after_ms - 1);
        made.serves(asked, empty(409));
        if is_right {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// An answer may come on any stream of the session that asked for it, one that is resumed above all.
#[test]
fn a_session_gets_its_answer_on_another_of_its_streams() {
    const ID: &str = "srv-session-isolation";
    for (resumes, is_right) in [("S", true), ("T", false)] {
        let mut made = Made::default();
        let [asked, other] = ["S", "T"].map(|session| {
            let id = if session == "S" { 1 } else { 2 };
            made.post(session, &call(id), None)
        });
        made.head(asked);
        made.event(asked, "a0", &changed());
        made.answer(other, 200, &result(2), None);
        made.end(asked);
        let resumed = made.get(resumes, Some("a0"));
        made.event(resumed, "a1", &result(1));
        if is_right {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}
