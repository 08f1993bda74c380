//! Journals made by hand: what is held back or lost on its way to the client, and when, or whether, it came.

use serde_json::json;
use stalemate::journal::{Exchange, ResponseSummary};

use super::*;
use crate::made::{named, response, result, settled};

/// The newest entry meets that fate.
fn meets(made: &mut Made, fate: Fate) {
    let newest = made.last();
    made.entries[newest].fate = fate;
}

/// What a client sends at once when an answer comes that was held back is the first entry after it.
#[test]
fn what_follows_a_late_answer_at_once_follows_it() {
    const ID: &str = "cli-full-handshake-again";
    for notifies in [true, false] {
        let mut made = Made::default();
        let asked = made.asks("initialize", None);
        made.answers(asked, settled("S"));
        meets(&mut made, Fate::Delay(5_000));
        made.wait(4_999);
        if notifies {
            made.exchange("notifications/initialized", Some("S"), 202);
        }
        made.asks("tools/list", Some("S"));
        match notifies {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// A server that dies as its answer arrives has answered.
#[test]
fn what_another_process_dies_of_has_come() {
    const ID: &str = "cli-single-flight-reinit";
    for (process, has_come) in [("memory", true), ("client", false)] {
        let mut made = Made::default();
        let asked = made.asks("initialize", None);
        made.answers(asked, settled("S"));
        meets(&mut made, Fate::Halt(Arc::from(process)));
        made.wait(1_000);
        made.asks("initialize", None);
        match has_come {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// Who has closed the connection does not get what was still held back on it.
#[test]
fn what_is_held_back_beyond_the_end_of_its_connection_never_comes() {
    const ID: &str = "app-shows-the-truth";
    for closes in [true, false] {
        let mut made = Made::default();
        made.opens("S1");
        let stream = made.listens("S1");
        made.heard_all(stream, false);
        let again = made.asks("GET", Some("S1"));
        made.answered(again, 404, None);
        meets(&mut made, Fate::Delay(5_000));
        made.exchange("tools/list", Some("S1"), 404);
        if closes {
            made.closed(again);
        }
        made.opens("S2");
        made.exchange("tools/list", Some("S2"), 200);
        made.wait(10_000);
        made.acts(Action::Reload);
        made.wait(1);
        made.draws(Drawn::Connected);
        match closes {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// Of a request that the network sends twice on a connection the second answer is taken for that to the next one.
#[test]
fn the_answer_to_what_was_sent_twice_is_taken_for_the_next_one() {
    const ID: &str = "cli-single-flight-reinit";
    for is_twice in [true, false] {
        let mut made = Made::default();
        made.opens("S");
        let asked = made.asks("tools/call", Some("S"));
        if is_twice {
            meets(&mut made, Fate::Duplicate);
        }
        made.answered(asked, 404, None);
        let nth = |ordinal| Exchange { ordinal, ..asked };
        made.asks_at(nth(if is_twice { 2 } else { 1 }), named("initialize", None));
        if is_twice {
            made.answered(nth(1), 404, None);
        }
        made.wait(100);
        made.asks("initialize", None);
        if is_twice {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// The client subscribes, and is told that it may.
fn subscribes(made: &mut Made, id: &str) {
    let granted = result(1).to_string();
    let asked = named("resources/subscribe", Some(id));
    made.gets(asked, response(200, None, granted.as_bytes()));
}

/// The head of a handshake's answer comes, and its result does if it is sent.
fn head_of(made: &mut Made, id: &str) -> Exchange {
    let asked = made.asks("initialize", None);
    let head = ResponseSummary {
        stream: true,
        ..response(200, Some(id), b"")
    };
    made.answers(asked, head);
    asked
}

/// A session to which no result came, or that is refused itself, gives way to another one, and that is where the client
/// subscribes again.
#[test]
fn a_session_that_gave_way_has_nothing_to_restore_in() {
    const ID: &str = "cli-restores-subscriptions";
    for (comes, restores) in [(false, true), (true, true), (true, false)] {
        let mut made = Made::default();
        made.settles("S");
        subscribes(&mut made, "S");
        let second = head_of(&mut made, "T");
        if comes {
            let result =
                json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-11-25"}});
            made.hears(second, &result);
            made.exchange("notifications/initialized", Some("T"), 400);
        }
        made.wait(7_000);
        made.settles("U");
        if restores {
            subscribes(&mut made, "U");
        }
        made.wait(60_000);
        made.exchange("tools/list", Some("U"), 200);
        if restores {
            let verdict = made.verdict(ID);
            let is_innocent = !matches!(verdict, Verdict::Violated { .. });
            assert!(is_innocent, "{comes}: {verdict:?}");
        } else {
            made.is_violated(ID);
        }
    }
}

/// A result that answers another request opens nothing that could be given up.
#[test]
fn the_result_of_another_request_settles_no_handshake() {
    const ID: &str = "cli-ends-what-it-gives-up";
    for (number, is_own) in [(1, true), (2, false)] {
        let mut made = Made::default();
        made.session("S1", None);
        let result =
            json!({"jsonrpc": "2.0", "id": number, "result": {"protocolVersion": "2025-11-25"}});
        let answered = response(200, Some("S1"), result.to_string().as_bytes());
        made.gets(named("initialize", None), answered);
        made.settles("S2");
        made.wait(40_000);
        made.exchange("tools/list", Some("S2"), 200);
        if is_own {
            made.is_violated(ID);
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}
