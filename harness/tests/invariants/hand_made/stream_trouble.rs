//! Journals made by hand: a GET comes to nothing, a call fails without being sent, and whether it is the one because of the
//! other.

use super::*;
use crate::made::named;

const ID: &str = "cli-stream-trouble-spares-calls";

fn opened() -> Made {
    let mut made = Made::default();
    made.session("S", None);
    made.opens("S");
    made
}

fn refused() -> Made {
    let mut made = opened();
    made.exchange("GET", Some("S"), 404);
    made
}

/// A call fails and is not sent.
fn fails(made: &mut Made, number: u32) {
    made.begins_call(number);
    made.ends_call(number, CallOutcome::Error("not connected".to_owned()));
}

fn goes_down(made: &mut Made) {
    let (process, cause) = (Arc::from("nginx"), "crashed".to_owned());
    made.note(Event::ProcessDown { process, cause });
}

fn goes_up(made: &mut Made) {
    let process = Arc::from("nginx");
    made.note(Event::ProcessUp { process });
}

#[test]
fn a_get_that_opens_a_stream_is_no_trouble() {
    for status in [200, 202, 404, 405, 503] {
        let mut made = opened();
        made.exchange("GET", Some("S"), status);
        fails(&mut made, 1);
        made.breaks(ID, made.last());
    }
    let mut made = opened();
    let cut_off = made.asks("GET", Some("S"));
    made.closed(cut_off);
    fails(&mut made, 1);
    made.breaks(ID, made.last());
    let mut made = opened();
    made.listens("S");
    fails(&mut made, 1);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

/// What is out when the call begins may be what keeps it from being sent, and so may what breaks or heals meanwhile.
#[test]
fn a_network_that_is_disturbed_excuses_the_call() {
    // Where it breaks and heals, if it does: before the call or within it.
    for (breaks_within, heals_within, is_excused) in [
        (Some(false), None, true),
        (Some(false), Some(true), true),
        (Some(true), None, true),
        (Some(false), Some(false), false),
        (None, None, false),
    ] {
        let mut made = refused();
        for is_within in [false, true] {
            if is_within {
                made.begins_call(1);
            }
            if breaks_within == Some(is_within) {
                goes_down(&mut made);
            }
            if heals_within == Some(is_within) {
                goes_up(&mut made);
            }
        }
        made.ends_call(1, CallOutcome::Error("not connected".to_owned()));
        match is_excused {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// Who leaves has taken the connection away.
#[test]
fn a_user_who_disconnects_excuses_the_call() {
    for server in [None, Some("bluesky")] {
        let mut made = refused();
        made.server = server;
        made.acts(Action::Disconnect);
        made.server = None;
        fails(&mut made, 1);
        match server {
            None => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            Some(_) => made.breaks(ID, made.last()),
        }
    }
}

/// A handshake that was refused since is a reason of its own. Another GET is none, though it opens a stream, nor is anything
/// at another server, nor what comes later.
#[test]
fn only_another_request_there_may_be_what_the_call_fails_of() {
    let mut handshake = refused();
    handshake.exchange("initialize", None, 503);
    fails(&mut handshake, 1);
    handshake.holds(ID);
    let mut listens = refused();
    listens.listens("S");
    fails(&mut listens, 1);
    listens.breaks(ID, listens.last());
    let mut elsewhere = refused();
    elsewhere.server = Some("bluesky");
    elsewhere.object = 1;
    elsewhere.exchange("initialize", None, 503);
    elsewhere.server = None;
    fails(&mut elsewhere, 1);
    elsewhere.breaks(ID, elsewhere.last());
    let mut later = refused();
    fails(&mut later, 1);
    let ended = later.last();
    later.exchange("initialize", None, 503);
    later.breaks(ID, ended);
}

/// Where the request before the GET had come to nothing already, it is not said which of the two the call fails of.
#[test]
fn a_request_that_failed_before_may_be_what_the_call_fails_of() {
    let answered = |status: u16| move |made: &mut Made| made.exchange("ping", Some("S"), status);
    let cut_off = |made: &mut Made| {
        let asked = made.asks("ping", Some("S"));
        made.closed(asked);
    };
    let breaks = |is_whole: bool| {
        move |made: &mut Made| {
            let stream = made.listens_to(named("ping", Some("S")));
            made.heard_all(stream, is_whole);
        }
    };
    let by_another = |made: &mut Made| {
        made.object = 1;
        made.exchange("ping", Some("S"), 502);
        made.object = 0;
    };
    let cases: [Case<'_>; 6] = [
        (&answered(200), false),
        (&answered(502), true),
        (&cut_off, true),
        (&breaks(true), false),
        (&breaks(false), true),
        (&by_another, false),
    ];
    for (before, had_failed) in cases {
        let mut made = opened();
        before(&mut made);
        made.exchange("GET", Some("S"), 404);
        fails(&mut made, 1);
        match had_failed {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// A call that ran before the GET failed, and comes to a good end, is another one than the next, which is not sent.
#[test]
fn the_end_of_an_earlier_call_is_not_that_of_the_next() {
    for is_sent in [false, true] {
        let mut made = opened();
        made.begins_call(1);
        let first = made.asks_for("tools/call", Some("S"), Some(1));
        made.exchange("GET", Some("S"), 404);
        made.begins_call(2);
        if is_sent {
            made.exchange("ping", Some("S"), 200);
            made.asks_for("tools/call", Some("S"), Some(2));
        }
        made.answered(first, 200, None);
        made.ends_call(1, CallOutcome::Ok);
        made.ends_call(2, CallOutcome::Error("not connected".to_owned()));
        match is_sent {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}
