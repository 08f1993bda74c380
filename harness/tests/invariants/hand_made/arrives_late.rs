//! Journals made by hand: what a client does the moment something arrives that was held up on its way. It is the first thing that
//! the record tells after the time at which that came, and an answer to it all the same.

use serde_json::json;
use stalemate::journal::{Exchange, RequestSummary};

use super::*;
use crate::made::{named, result};

const DELAY_MS: u64 = 100;

/// The newest entry reaches the client late if it is held up, and a moment later all is as it was.
fn comes(made: &mut Made, is_held_up: bool) {
    let newest = made.last();
    if is_held_up {
        made.entries[newest].fate = Fate::Delay(DELAY_MS);
    }
    made.wait(DELAY_MS - 1);
}

#[test]
fn a_ping_that_came_late_is_answered() {
    const ID: &str = "cli-answers-ping";
    for (is_held_up, answers) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut made = Made::default();
        made.opens("S");
        let stream = made.listens("S");
        made.hears(
            stream,
            &json!({"jsonrpc": "2.0", "id": 7, "method": "ping"}),
        );
        let pinged = made.last();
        comes(&mut made, is_held_up);
        if answers {
            made.tells("S", &result(7));
        } else {
            made.exchange("tools/list", Some("S"), 200);
        }
        made.wait(20_000);
        made.exchange("tools/list", Some("S"), 200);
        match (answers, is_held_up) {
            (true, _) => made.holds(ID),
            (false, true) => made.is_violated(ID),
            (false, false) => made.breaks(ID, pinged),
        }
    }
}

#[test]
fn a_redirect_that_came_late_is_followed() {
    const ID: &str = "cli-no-stale-id";
    for (is_held_up, what, is_same) in [
        (true, "tools/list", true),
        (true, "prompts/list", false),
        (false, "tools/list", true),
        (false, "prompts/list", false),
    ] {
        let mut made = Made::default();
        made.opens("S");
        let other = made.asks("tools/call", Some("S"));
        let asked = made.asks("tools/list", Some("S"));
        made.answered(other, 404, None);
        made.answered(asked, 307, None);
        comes(&mut made, is_held_up);
        let again = Exchange {
            ordinal: 1,
            ..asked
        };
        made.asks_at(again, named(what, Some("S")));
        if is_same {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

#[test]
fn an_id_that_came_late_is_used_as_a_new_one() {
    const ID: &str = "app-disconnect-clears";
    for is_held_up in [true, false] {
        let mut made = Made::default();
        made.opens("S");
        made.acts(Action::Disconnect);
        made.acts(Action::Connect);
        let asked = made.asks("initialize", None);
        made.answered(asked, 200, Some("S"));
        comes(&mut made, is_held_up);
        made.exchange("notifications/initialized", Some("S"), 202);
        made.exchange("tools/list", Some("S"), 200);
        made.holds(ID);
        made.holds("cli-no-stale-id");
        made.holds("cli-full-handshake-again");
    }
}

/// The end of a stream waits for what is held up before it.
#[test]
fn a_stream_is_resumed_from_an_event_that_came_late() {
    const ID: &str = "cli-resume-cursor";
    for (is_held_up, cursor, is_right) in [
        (true, "b", true),
        (true, "a", false),
        (false, "b", true),
        (false, "a", false),
    ] {
        let mut made = Made::default();
        made.settles("S");
        let stream = made.listens("S");
        made.hears_of(stream, "a", 0);
        made.hears_of(stream, "b", 0);
        comes(&mut made, is_held_up);
        made.heard_all(stream, true);
        made.listens_to(RequestSummary {
            cursor: Some(cursor.to_owned()),
            ..named("GET", Some("S"))
        });
        if is_right {
            made.holds(ID);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Whoever has had the time to read that its session is lost knows that, however late the word came.
#[test]
fn a_404_that_came_late_was_heard() {
    const ID: &str = "cli-no-stale-id";
    for is_held_up in [true, false] {
        let mut made = Made::default();
        made.opens("S");
        made.exchange("tools/list", Some("S"), 404);
        comes(&mut made, is_held_up);
        made.wait(500);
        made.asks("tools/call", Some("S"));
        made.breaks(ID, made.last());
    }
}
