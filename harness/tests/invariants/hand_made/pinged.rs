//! Journals made by hand: by when a ping has to be answered, by what, and what excuses a client that does not.

use serde_json::{Value, json};
use stalemate::journal::Phase;

use super::*;

const ID: &str = "cli-answers-ping";
const WITHIN_MS: u64 = 10_000;

/// The server pings on the stream of a session.
fn pings(made: &mut Made, id: u64) {
    let stream = made.listens("S");
    made.hears(
        stream,
        &json!({"jsonrpc": "2.0", "id": id, "method": "ping"}),
    );
}

fn pinged(id: u64) -> Made {
    let mut made = Made::default();
    made.session("S", None);
    made.opens("S");
    pings(&mut made, id);
    made
}

fn answer(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {}})
}

/// Something unrelated is noted, so long after the newest entry.
fn goes_on_until(made: &mut Made, after_ms: u64) {
    made.wait(after_ms - 1);
    made.note(Event::Phase(Phase::Faults));
}

fn goes_up(made: &mut Made) {
    let process = Arc::from("nginx");
    made.note(Event::ProcessUp { process });
}

fn goes_down(made: &mut Made) {
    let (process, cause) = (Arc::from("nginx"), "crashed".to_owned());
    made.note(Event::ProcessDown { process, cause });
}

#[test]
fn a_ping_that_is_answered_in_time_is_answered() {
    for (after_ms, is_in_time) in [(WITHIN_MS, true), (WITHIN_MS + 1, false)] {
        let mut made = pinged(7);
        let ping = made.last();
        made.wait(after_ms - 1);
        made.tells("S", &answer(7));
        match is_in_time {
            true => made.holds(ID),
            false => made.breaks(ID, ping),
        }
    }
}

/// A run that is over by then shows nothing.
#[test]
fn a_ping_that_may_be_answered_yet_is_not_missed() {
    for (after_ms, is_missed) in [(WITHIN_MS - 1, false), (WITHIN_MS, true)] {
        let mut made = pinged(7);
        let ping = made.last();
        goes_on_until(&mut made, after_ms);
        match is_missed {
            true => made.breaks(ID, ping),
            false => assert_eq!(made.verdict(ID), Verdict::NotExercised),
        }
    }
}

/// Client and server number their requests each for itself: what has the same number is an answer only if it asks nothing.
#[test]
fn a_request_with_the_same_number_is_no_answer() {
    for is_answered in [true, false] {
        let mut made = pinged(1);
        let ping = made.last();
        made.exchange("tools/list", Some("S"), 200);
        made.tells("S", &answer(2));
        if is_answered {
            made.tells("S", &answer(1));
        }
        goes_on_until(&mut made, 2 * WITHIN_MS);
        match is_answered {
            true => made.holds(ID),
            false => made.breaks(ID, ping),
        }
    }
}

/// What is out when the ping comes may be all that the answer waits for, and so may what breaks or heals before it is due.
#[test]
fn a_network_that_is_disturbed_excuses_who_does_not_answer() {
    let mut out = Made::default();
    out.opens("S");
    goes_down(&mut out);
    pings(&mut out, 7);
    goes_on_until(&mut out, 2 * WITHIN_MS);
    assert_eq!(out.verdict(ID), Verdict::NotExercised);
    for (after_ms, is_excused) in [(WITHIN_MS, true), (WITHIN_MS + 1, false)] {
        let mut made = pinged(7);
        let ping = made.last();
        made.wait(after_ms - 1);
        goes_up(&mut made);
        goes_on_until(&mut made, WITHIN_MS);
        match is_excused {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, ping),
        }
    }
}

#[test]
fn a_session_that_ends_before_the_answer_is_due_needs_none() {
    for (after_ms, is_excused) in [(WITHIN_MS, true), (WITHIN_MS + 1, false)] {
        let mut made = pinged(7);
        let ping = made.last();
        made.wait(after_ms - 1);
        made.session("S", Some(SessionEnd::Expired));
        goes_on_until(&mut made, WITHIN_MS);
        match is_excused {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, ping),
        }
    }
}

/// Who leaves another connector, or leaves when the answer is overdue, is there to answer.
#[test]
fn a_user_who_leaves_before_the_answer_is_due_excuses_it() {
    for (server, after_ms, is_excused) in [
        (None, WITHIN_MS, true),
        (None, WITHIN_MS + 1, false),
        (Some("bluesky"), WITHIN_MS, false),
    ] {
        let mut made = pinged(7);
        let ping = made.last();
        made.wait(after_ms - 1);
        made.server = server;
        made.acts(Action::Disconnect);
        made.server = None;
        goes_on_until(&mut made, WITHIN_MS);
        match is_excused {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, ping),
        }
    }
}

/// What the user was through with when the ping came excuses nothing.
#[test]
fn a_conversation_that_began_before_the_ping_is_there_to_answer() {
    for is_over in [true, false] {
        let mut made = Made::default();
        made.begins(Action::NewConversation);
        made.opens("S");
        if is_over {
            made.ends(Action::NewConversation);
        }
        pings(&mut made, 7);
        let ping = made.last();
        if !is_over {
            made.ends(Action::NewConversation);
        }
        goes_on_until(&mut made, 2 * WITHIN_MS);
        match is_over {
            true => made.breaks(ID, ping),
            false => assert_eq!(made.verdict(ID), Verdict::NotExercised),
        }
    }
}
