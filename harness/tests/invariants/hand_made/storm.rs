//! Journals made by hand: how often a client may try to connect before it is a storm, and what does not count.

use stalemate::journal::RequestSummary;

use super::*;
use crate::made::named;

const ID: &str = "cli-no-reinit-storm";

/// Sessions that are opened and refused with that status one after the other.
fn loses(made: &mut Made, sessions: usize, status: u16) {
    for n in 0..sessions {
        let id = format!("S{n}");
        made.opens(&id);
        made.exchange("tools/list", Some(&id), status);
    }
}

/// Handshakes that come to nothing.
fn tries(made: &mut Made, times: usize) {
    (0..times).for_each(|_| made.exchange("initialize", None, 503));
}

/// So many attempts hold, and one more does not.
fn has_most(mut made: Made, more: usize) {
    tries(&mut made, more);
    made.holds(ID);
    tries(&mut made, 1);
    made.breaks(ID, made.last() - 1);
}

/// Each of two sessions that are lost is good for two attempts more; a third one is not.
#[test]
fn what_is_lost_may_be_opened_again() {
    for (lost, most) in [(0, 5), (1, 7), (2, 9), (3, 9)] {
        for status in [404, 400, 410] {
            let mut made = Made::default();
            loses(&mut made, lost, status);
            has_most(made, most - lost);
        }
    }
    // What is forbidden, or fails, is not lost.
    for status in [403, 500] {
        let mut made = Made::default();
        loses(&mut made, 1, status);
        has_most(made, 4);
    }
}

#[test]
fn what_was_lost_long_ago_or_by_another_object_counts_for_nothing() {
    let mut long_ago = Made::default();
    loses(&mut long_ago, 1, 404);
    long_ago.wait(11_000);
    has_most(long_ago, 5);
    let mut by_another = Made::default();
    by_another.object = 1;
    loses(&mut by_another, 1, 404);
    by_another.object = 0;
    has_most(by_another, 5);
}

/// Six attempts are a storm in 10 s, and none in more.
#[test]
fn it_is_a_storm_if_it_comes_within_10_s() {
    for (wait_ms, is_storm) in [(9_000, true), (10_000, false)] {
        let mut made = Made::default();
        tries(&mut made, 1);
        made.wait(wait_ms);
        tries(&mut made, 5);
        match is_storm {
            true => made.breaks(ID, made.last() - 1),
            false => made.holds(ID),
        }
    }
}

/// A call whose stream breaks after an event with that id.
fn call_breaks(made: &mut Made, event: &str) {
    let stream = made.listens_to(named("tools/call", Some("S")));
    made.hears_of(stream, event, 0);
    made.heard_all(stream, false);
}

fn asks_for_rest(made: &mut Made, id: &str, cursor: &str) {
    let asked = RequestSummary {
        cursor: Some(cursor.to_owned()),
        ..named("GET", Some(id))
    };
    made.gets(asked, response(200, None, b""));
}

const EVENTS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

/// Seven calls break at once, and each is asked for.
fn breaks_and_asks(asks: impl Fn(&mut Made, &str)) -> Made {
    let mut made = Made::default();
    made.opens("S");
    for event in EVENTS {
        call_breaks(&mut made, event);
    }
    for event in EVENTS {
        asks(&mut made, event);
    }
    made
}

#[test]
fn the_rest_of_each_call_may_be_asked_for_once() {
    let each = breaks_and_asks(|made, event| asks_for_rest(made, "S", event));
    each.holds(ID);
    // The handshake and four more: the fifth is one too many.
    let mut again = each;
    for event in &EVENTS[..4] {
        asks_for_rest(&mut again, "S", event);
    }
    again.holds(ID);
    asks_for_rest(&mut again, "S", "e");
    again.breaks(ID, again.last() - 1);
}

#[test]
fn only_the_rest_of_a_call_is_asked_for_so() {
    breaks_and_asks(|made, _| asks_for_rest(made, "S", "a")).is_violated(ID);
    breaks_and_asks(|made, _| asks_for_rest(made, "S", "unknown")).is_violated(ID);
    breaks_and_asks(|made, event| asks_for_rest(made, "S", &format!("{event}{event}")))
        .is_violated(ID);
    breaks_and_asks(|made, event| asks_for_rest(made, "T", event)).is_violated(ID);
    let by_another = |made: &mut Made, event: &str| {
        made.object = 1;
        asks_for_rest(made, "S", event);
    };
    breaks_and_asks(by_another).is_violated(ID);
}

/// Nor is what is left of the stream that a GET had opened.
#[test]
fn who_resumes_a_stream_of_its_own_tries_to_connect() {
    let mut made = Made::default();
    made.opens("S");
    let stream = made.listens("S");
    for event in EVENTS {
        made.hears_of(stream, event, 0);
    }
    made.heard_all(stream, false);
    for event in &EVENTS[..3] {
        asks_for_rest(&mut made, "S", event);
    }
    made.holds(ID);
    asks_for_rest(&mut made, "S", "d");
    made.breaks(ID, made.last() - 1);
}
