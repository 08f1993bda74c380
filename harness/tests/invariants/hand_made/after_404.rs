//! Journals made by hand: what a client does next that was told that its session is lost.

use stalemate::journal::Phase;

use super::*;

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
        let refused_ms = made.entries[made.last()].at_ms;
        made.asks("tools/call", Some("S1"));
        let asked = made.last();
        made.entries[asked].at_ms = refused_ms + later_ms;
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
        let (call, outcome) = (CallId(1), CallOutcome::Error("lost".to_owned()));
        made.note(Event::CallEnded { call, outcome });
        if begins_in_calm {
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}
