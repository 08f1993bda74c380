//! Journals made by hand: what a user leaves behind who disconnects more than once, or where there is nothing to leave.

use super::*;

/// Where there was no session, or where nothing is asked any more, nothing shows of what a disconnect clears.
#[test]
fn a_disconnect_shows_only_between_a_session_and_a_request() {
    const ID: &str = "app-disconnect-clears";
    for (had_session, asks_again) in [(true, true), (true, false), (false, true)] {
        let mut made = Made::default();
        if had_session {
            made.opens("S1");
        }
        made.acts(Action::Disconnect);
        if asks_again {
            made.opens("S2");
        }
        if had_session && asks_again {
            made.holds(ID);
            made.asks("tools/list", Some("S1"));
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}

/// Each time the session of that time is to be ended; where none was opened since, there is nothing more to do.
#[test]
fn who_connects_again_has_another_session_to_end() {
    const ID: &str = "cli-delete-on-close";
    for (opens_again, is_ended) in [(true, true), (true, false), (false, false)] {
        let mut made = Made::default();
        made.session("S1", None);
        made.opens("S1");
        made.begins(Action::Disconnect);
        made.exchange("DELETE", Some("S1"), 200);
        made.ends(Action::Disconnect);
        if opens_again {
            made.acts(Action::Connect);
            made.session("S2", None);
            made.opens("S2");
        }
        made.begins(Action::Delete);
        if is_ended {
            made.exchange("DELETE", Some("S2"), 200);
        }
        made.ends(Action::Delete);
        if opens_again && !is_ended {
            made.breaks(ID, made.last());
        } else {
            made.holds(ID);
        }
    }
}

/// Where the way is lost amid the disconnect itself, nobody can be told. Whoever is told has no need to be told again.
#[test]
fn a_way_that_is_lost_amid_a_disconnect_excuses_it() {
    const ID: &str = "cli-delete-on-close";
    for (is_lost, deletes) in [(true, false), (true, true), (false, false)] {
        let mut made = Made::default();
        made.session("S1", None);
        made.opens("S1");
        made.begins(Action::Disconnect);
        if deletes {
            made.exchange("DELETE", Some("S1"), 200);
        }
        if is_lost {
            made.note(Event::ProcessDown {
                process: Arc::from("nginx"),
                cause: "halted by the plan".to_owned(),
            });
        }
        made.ends(Action::Disconnect);
        match (is_lost, deletes) {
            (_, true) => made.holds(ID),
            (true, false) => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            (false, false) => made.is_violated(ID),
        }
    }
}
