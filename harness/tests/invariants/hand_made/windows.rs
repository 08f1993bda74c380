//! Journals made by hand: private windows, and what comes back in them.

use super::*;

const ID: &str = "app-incognito-is-first-contact";

#[test]
fn only_what_happens_in_the_window_counts() {
    let mut made = Made::default();
    let (object, server) = (ObjectId(0), made.server());
    let resumed = false;
    made.note(Event::ObjectMade {
        object,
        server,
        resumed,
        nth: 1,
    });
    made.opens("S1");
    made.exchange("tools/call", Some("S1"), 400);
    made.begins_call(1);
    made.acts(Action::OpenIncognito);
    // The normal window's stream, and a call that it had begun.
    made.exchange("GET", Some("S1"), 400);
    let conn = made.asks_for("tools/call", Some("S1"), Some(1));
    made.answered(conn, 400, None);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
    made.object = 1;
    made.opens("S2");
    made.acts(Action::OpenNormal);
    made.object = 0;
    made.exchange("tools/call", Some("S1"), 400);
    made.holds(ID);
    made.acts(Action::OpenIncognito);
    made.begins_call(2);
    made.asks_for("tools/call", Some("S1"), Some(2));
    made.breaks(ID, made.last());
}

#[test]
fn an_id_that_was_taken_again_is_not_refused() {
    let mut made = Made::default();
    made.opens("S1");
    made.exchange("tools/call", Some("S1"), 400);
    made.exchange("tools/call", Some("S1"), 200);
    made.exchange("tools/call", Some("S1"), 502);
    made.exchange("DELETE", Some("S1"), 405);
    made.acts(Action::OpenIncognito);
    made.exchange("tools/call", Some("S1"), 200);
    made.holds(ID);
}
