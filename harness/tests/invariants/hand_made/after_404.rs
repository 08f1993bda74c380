//! Journals made by hand: what a client does next that was told that its session is lost.

use stalemate::journal::{Phase, RequestSummary};

use super::*;
use crate::made::{call, named, response};

const ID: &str = "cli-reinit-on-404";

fn loses(made: &mut Made) {
    made.opens("S1");
    made.exchange("tools/list", Some("S1"), 404);
}

/// What leaves in the millisecond of the 404 is no answer to it; what leaves later is.
#[test]
fn what_leaves_as_the_404_comes_is_no_answer_to_it() {
    for (later_ms, is_exempt) in [(0, true), (1, false)] {
        let mut made = Made::default();
        loses(&mut made);
        made.asks("tools/call", Some("S1"));
        made.comes_after(later_ms);
        let asked = made.last();
        made.opens("S2");
        if is_exempt {
            made.holds(ID);
        } else {
            made.breaks(ID, asked);
        }
    }
}

/// Nothing is sent at all: that shows in a call which begins once everything works again, and in no earlier one.
#[test]
fn a_call_that_sends_nothing_in_calm_shows_that_nobody_reinitializes() {
    for begins_in_calm in [true, false] {
        let mut made = Made::default();
        loses(&mut made);
        let server = made.server();
        let calm = Event::Phase(Phase::Calm { server });
        if begins_in_calm {
            made.note(calm);
            made.begins_call(1);
        } else {
            made.begins_call(1);
            made.note(calm);
        }
        made.ends_call(1, CallOutcome::Error("lost".to_owned()));
        if begins_in_calm {
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}

/// A call that is sent again in a new session began before the news of other tools was due to be heeded; the next one did not.
#[test]
fn a_call_that_is_sent_again_began_when_it_was_first_sent() {
    const ID: &str = "app-lists-again";
    for is_same in [true, false] {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/list", Some("S1"), 200);
        let stream = made.listens("S1");
        let news =
            serde_json::json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
        made.hears(stream, &news);
        let calls = |session: &str, number: u32| RequestSummary {
            call: Some(CallId(number)),
            rpc: stalemate_wire::summarize(call(1).to_string().as_bytes()),
            ..named("tools/call", Some(session))
        };
        made.gets(calls("S1", 1), response(404, None, b""));
        made.wait(9_000);
        made.opens("S2");
        let number = if is_same { 1 } else { 2 };
        made.gets(calls("S2", number), response(200, None, b""));
        match is_same {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.is_violated(ID),
        }
    }
}
