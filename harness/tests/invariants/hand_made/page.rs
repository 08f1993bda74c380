//! Journals made by hand: what a settings page says.

use super::*;
use crate::made::{named, response, result};

const ID: &str = "app-shows-the-truth";

fn commits(made: &mut Made) {
    let (action, server) = (Action::Disconnect, made.server());
    made.note(Event::Committed { action, server });
}

#[test]
fn the_answer_to_a_delete_does_not_connect_again() {
    let mut made = Made::default();
    made.opens("S1");
    commits(&mut made);
    made.exchange("DELETE", Some("S1"), 200);
    made.draws(Drawn::Connected);
    made.breaks(ID, made.last());
}

#[test]
fn nor_does_the_answer_to_what_was_asked_before() {
    let mut made = Made::default();
    made.opens("S1");
    let conn = made.asks("tools/call", Some("S1"));
    commits(&mut made);
    made.answered(conn, 200, None);
    made.draws(Drawn::Connected);
    made.breaks(ID, made.last());
}

/// A call that its user gave up was not refused; one that failed was, and so was one that got no answer at all.
#[test]
fn what_the_user_gave_up_is_no_trouble() {
    let outcomes = [
        (CallOutcome::GivenUp(5_000), true),
        (CallOutcome::Error("no answer".to_owned()), false),
        (CallOutcome::TimedOut(65_000), false),
    ];
    for (outcome, is_spared) in outcomes {
        let mut made = Made::default();
        made.opens("S1");
        made.begins_call(1);
        let asked = made.asks_for("tools/call", Some("S1"), Some(1));
        made.ends_call(1, outcome);
        made.closed(asked);
        made.draws(Drawn::Connected);
        if is_spared {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// The page of a framework that has no handler for GET is no refusal of the connector; a lost session is.
#[test]
fn a_page_that_answers_the_first_get_is_no_trouble() {
    let lost = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"lost"}}"#;
    for (body, is_spared) in [(&b""[..], true), (&lost[..], false)] {
        let mut made = Made::default();
        made.opens("S1");
        let asked = made.asks("GET", Some("S1"));
        made.answers(asked, response(404, None, body));
        made.draws(Drawn::Connected);
        if is_spared {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// Where the head of an answer did not come, what follows is nothing that could be read.
#[test]
fn what_follows_no_head_is_not_heard() {
    let mut made = Made::default();
    made.opens("S1");
    let asked = made.asks("tools/call", Some("S1"));
    made.hears(asked, &result(1));
    made.draws(Drawn::Connected);
    made.holds(ID);
}

#[test]
fn a_new_session_does() {
    let mut made = Made::default();
    made.opens("S1");
    commits(&mut made);
    made.draws(Drawn::Disconnected);
    made.opens("S2");
    made.draws(Drawn::Connected);
    made.holds(ID);
}

#[test]
fn what_arrives_with_the_drawing_is_for_the_next() {
    let mut made = Made::default();
    made.opens("S1");
    made.exchange("tools/call", Some("S1"), 503);
    made.draws(Drawn::Connected);
    let (drawn, answered) = (made.last(), made.last() - 1);
    made.entries[drawn].at_ms = made.entries[answered].at_ms;
    made.holds(ID);
    let (call, outcome) = (CallId(1), CallOutcome::Error("busy".to_owned()));
    let told = Event::CallEnded { call, outcome };
    let at_ms = made.entries[answered].at_ms;
    let event = told;
    made.entries.insert(drawn, Entry::new(at_ms, event));
    made.breaks(ID, made.last());
}

#[test]
fn a_failed_call_is_trouble_and_a_stream_let_go_is_none() {
    let mut made = Made::default();
    made.opens("S1");
    for what in ["GET", "tools/call"] {
        let conn = made.asks(what, Some("S1")).conn;
        let (from, to) = (Arc::from("client"), Arc::from("memory"));
        let how = ConnEnd::Cut;
        made.note(Event::ConnEnded {
            conn,
            from,
            to,
            how,
        });
        made.draws(Drawn::Connected);
        match what {
            "GET" => made.holds(ID),
            _ => made.breaks(ID, made.last()),
        }
    }
}

/// The head of a call's stream is not the last that was heard where its answer came later.
#[test]
fn an_answer_that_comes_after_a_failure_connects() {
    for is_answered in [true, false] {
        let mut made = Made::default();
        made.opens("S1");
        let call = made.listens_to(named("tools/call", Some("S1")));
        made.exchange("ping", Some("S1"), 502);
        if is_answered {
            made.hears(call, &result(1));
        }
        made.wait(1);
        made.draws(Drawn::Connected);
        if is_answered {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// The page of one window says nothing of what the user has beside it.
#[test]
fn what_is_beside_the_page_may_go_on() {
    for is_beside in [true, false] {
        let mut made = Made::default();
        let (object, server) = (ObjectId(7), made.server());
        let nth = if is_beside { 2 } else { 1 };
        made.note(Event::ObjectMade {
            object,
            server,
            resumed: false,
            nth,
        });
        made.object = 7;
        made.opens("S1");
        made.draws(Drawn::Disconnected);
        let drawn = made.last();
        made.exchange("tools/call", Some("S1"), 200);
        if is_beside {
            made.holds(ID);
        } else {
            made.breaks(ID, drawn);
        }
    }
}

/// Amid a handshake nothing is connected yet, and what it opens may be used.
#[test]
fn a_session_that_is_being_opened_does_not_connect_yet() {
    for is_amid in [true, false] {
        let mut made = Made::default();
        let opening = made.asks("initialize", None);
        made.answered(opening, 200, Some("S1"));
        let initialized = made.asks("notifications/initialized", Some("S1"));
        if !is_amid {
            made.answered(initialized, 202, None);
        }
        made.draws(Drawn::Disconnected);
        let drawn = made.last();
        if is_amid {
            made.answered(initialized, 202, None);
        }
        made.exchange("tools/list", Some("S1"), 200);
        if is_amid {
            made.holds(ID);
        } else {
            made.breaks(ID, drawn);
        }
    }
}
