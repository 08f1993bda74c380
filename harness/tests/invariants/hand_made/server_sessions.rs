//! Journals made by hand: which sessions of a server live, which have ended, and what it owes to either.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::answers::{empty, settled, versioned};
use crate::made::call;

const DEAD: &str = "srv-dead-session-is-404";
const LIVE: &str = "srv-live-session-is-served";

/// A server whose answer the scenario replaces is one that answers so.
#[test]
fn what_a_server_is_made_to_answer_it_answers() {
    for (answered, replaced) in [(404, 400), (400, 404)] {
        let mut made = Made::default();
        made.session("S", None);
        made.session("S", Some(SessionEnd::Expired));
        made.served("tools/list", Some("S"), answered, None);
        let sent = made.last();
        made.entries[sent].fate = Fate::Replace(Replacement {
            status: replaced,
            ..Replacement::default()
        });
        if replaced == 404 {
            made.holds(DEAD);
        } else {
            made.breaks(DEAD, sent);
        }
    }
}

/// Two servers may give the same id; each tells of its own sessions.
#[test]
fn a_session_does_not_come_back_by_one_of_that_name_elsewhere() {
    for (opened_at, is_dead) in [("bluesky", true), ("memory", false)] {
        let mut made = Made::default();
        made.session("S", None);
        made.session("S", Some(SessionEnd::Expired));
        made.server = Some(opened_at);
        made.session("S", None);
        made.server = None;
        made.served("tools/list", Some("S"), 400, None);
        if is_dead {
            made.breaks(DEAD, made.last());
        } else {
            assert_eq!(made.verdict(DEAD), Verdict::NotExercised);
        }
    }
}

/// Whoever comes with an id from an earlier life of the server is refused by rights, though it gives that id later.
#[test]
fn an_id_is_no_session_before_it_is_given() {
    let asked = || versioned("tools/list", Some("S"), "2025-06-18");
    let mut made = Made::default();
    made.serves(asked(), empty(404));
    settled(&mut made, "S");
    assert_eq!(made.verdict(LIVE), Verdict::NotExercised);
    made.serves(asked(), empty(200));
    made.holds(LIVE);
    made.serves(asked(), empty(404));
    made.breaks(LIVE, made.last());
}

/// Nor is one whose end is told, and not its beginning.
#[test]
fn what_was_never_opened_cannot_be_dead() {
    for is_opened in [true, false] {
        let mut made = Made::default();
        if is_opened {
            made.session("S", None);
        }
        made.session("S", Some(SessionEnd::Expired));
        made.served("tools/list", Some("S"), 400, None);
        if is_opened {
            made.breaks(DEAD, made.last());
        } else {
            assert_eq!(made.verdict(DEAD), Verdict::NotExercised);
        }
    }
}

/// What one session was served makes another one's request no better.
#[test]
fn a_session_may_be_refused_what_only_another_one_was_served() {
    let asked = |id| versioned("tools/list", Some(id), "2025-06-18");
    for (served, is_right) in [("T", true), ("S", false)] {
        let mut made = Made::default();
        settled(&mut made, "S");
        settled(&mut made, "T");
        made.serves(asked(served), empty(200));
        made.serves(asked("S"), empty(400));
        if is_right {
            made.holds(LIVE);
        } else {
            made.breaks(LIVE, made.last());
        }
    }
}

/// A session may end while a request of it is on its way to be answered.
#[test]
fn a_session_that_ends_before_the_answer_lives_no_more() {
    for (ended, is_right) in [("S", true), ("T", false)] {
        let mut made = Made::default();
        settled(&mut made, "S");
        settled(&mut made, "T");
        let asked = made.post("S", &call(1), None);
        made.session(ended, Some(SessionEnd::Expired));
        made.answer(asked, 404, &Value::Null, None);
        if is_right {
            assert_eq!(made.verdict(LIVE), Verdict::NotExercised);
        } else {
            made.breaks(LIVE, made.last());
        }
    }
}

/// A reader learns what became of the session that was answered wrongly.
#[test]
fn each_end_of_a_session_is_told_in_its_own_words() {
    let causes = [
        SessionEnd::Deleted,
        SessionEnd::Expired,
        SessionEnd::LifetimeOver,
        SessionEnd::Evicted,
        SessionEnd::ExpiredByScenario,
        SessionEnd::ProcessEnded,
        SessionEnd::RefusalKilledIt,
        SessionEnd::ChildEnded,
    ];
    let told: BTreeSet<String> = causes
        .into_iter()
        .map(|cause| {
            let mut made = Made::default();
            made.session("S", None);
            made.session("S", Some(cause));
            made.served("tools/list", Some("S"), 400, None);
            match made.verdict(DEAD) {
                Verdict::Violated { why, .. } => why,
                other => panic!("{cause:?}: {other:?}"),
            }
        })
        .collect();
    assert_eq!(told.len(), causes.len(), "{told:?}");
    let deleted = "answers 400 to tools/list in a session that was deleted";
    assert!(told.contains(deleted), "{told:?}");
}

/// A server that was restarted as one without sessions serves whoever comes, and offers no stream; as soon as it opens one, it
/// has sessions.
#[test]
fn who_opens_a_session_later_in_that_life_has_sessions() {
    for (status, opens, is_right) in [
        (200, false, true),
        (299, false, true),
        (405, false, true),
        (300, false, false),
        (400, false, false),
        (200, true, false),
        (405, true, false),
    ] {
        let mut made = Made::default();
        made.session("S", None);
        let (process, cause) = (made.server(), "stopped".to_owned());
        let again = process.clone();
        made.note(Event::ProcessDown { process, cause });
        made.session("S", Some(SessionEnd::ProcessEnded));
        made.note(Event::ProcessUp { process: again });
        made.served("GET", Some("S"), status, None);
        let answered = made.last();
        if opens {
            made.session("T", None);
        }
        if is_right {
            assert_eq!(made.verdict(DEAD), Verdict::NotExercised, "{status}");
        } else {
            made.breaks(DEAD, answered);
        }
    }
}

/// A request does not run any more once it was answered without a result, or its stream is over without one.
#[test]
fn what_came_to_nothing_does_not_run() {
    const ID: &str = "srv-idle-means-idle";
    for (is_stream, is_over) in [(false, true), (true, true), (true, false)] {
        let mut made = Made::default();
        made.session("S", None);
        let asked = made.post("S", &call(1), None);
        match (is_stream, is_over) {
            (false, _) => made.answer(asked, 400, &Value::Null, None),
            (true, true) => {
                made.head(asked);
                made.end(asked);
            }
            (true, false) => made.head(asked),
        }
        made.wait(60_000);
        made.session("S", Some(SessionEnd::Expired));
        if is_over {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}
