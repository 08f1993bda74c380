//! Journals made by hand: when a session is dead, and when it may be.

use super::*;

const ID: &str = "srv-dead-session-is-404";

fn process_ends(made: &mut Made) {
    let (process, cause) = (made.server(), "stopped".to_owned());
    made.note(Event::ProcessDown { process, cause });
}

#[test]
fn the_end_counts_whatever_its_cause() {
    for cause in [
        SessionEnd::Deleted,
        SessionEnd::Expired,
        SessionEnd::ExpiredByScenario,
        SessionEnd::ProcessEnded,
        SessionEnd::RefusalKilledIt,
        SessionEnd::ChildEnded,
    ] {
        let mut made = Made::default();
        made.session("S1", None);
        made.served("tools/call", Some("S1"), 200, None);
        made.session("S1", Some(cause));
        made.served("tools/call", Some("S1"), 404, None);
        // What these are answered is left open.
        made.served("DELETE", Some("S1"), 405, None);
        made.served("initialize", Some("S1"), 400, None);
        made.holds(ID);
        made.served("GET", Some("S1"), 200, None);
        made.breaks(ID, made.last());
    }
}

#[test]
fn an_id_that_was_opened_again_is_alive() {
    let mut made = Made::default();
    made.session("S1", None);
    made.session("S1", Some(SessionEnd::ProcessEnded));
    made.served("tools/call", Some("S1"), 404, None);
    made.session("S1", None);
    made.served("tools/call", Some("S1"), 200, None);
    made.holds(ID);
}

/// It is restarted as one without sessions, and serves whoever comes; with a sign of sessions it may not.
#[test]
fn a_server_without_sessions_takes_no_notice_of_an_id() {
    for is_sessionless in [true, false] {
        let mut made = Made::default();
        made.session("S1", None);
        made.served("tools/call", Some("S1"), 200, Some("S1"));
        process_ends(&mut made);
        made.session("S1", Some(SessionEnd::ProcessEnded));
        for (what, status) in [("tools/call", 200), ("GET", 405), ("GET", 200)] {
            made.served(what, Some("S1"), status, None);
        }
        if is_sessionless {
            made.served("initialize", None, 200, None);
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
            let other = made.verdict("srv-no-resurrection");
            assert_eq!(other, Verdict::NotExercised);
            // What is refused, is refused wrongly still.
            made.served("tools/call", Some("S1"), 400, None);
            made.breaks(ID, made.last());
        } else {
            made.served("initialize", None, 200, Some("S2"));
            made.is_violated(ID);
            made.is_violated("srv-no-resurrection");
        }
    }
}

#[test]
fn an_id_that_was_never_given_is_no_session() {
    let mut made = Made::default();
    made.served("tools/call", Some("S1"), 400, None);
    process_ends(&mut made);
    made.served("tools/call", Some("S1"), 400, None);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

/// A real server says nothing of its sessions. If it kept one over a restart, it is not dead.
#[test]
fn a_real_server_may_keep_its_sessions() {
    let mut made = Made::default();
    made.served("initialize", None, 200, Some("S1"));
    process_ends(&mut made);
    made.served("tools/call", Some("S1"), 200, None);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
    made.served("tools/call", Some("S1"), 400, None);
    made.breaks(ID, made.last());
}
