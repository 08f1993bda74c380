//! Journals made by hand: what was held up on its way, and when it is taken to have come.

use super::*;

/// Of a user who was held up it is the doing that counts: what is opened before it is there to be ended.
#[test]
fn a_session_that_is_opened_while_the_user_is_held_up_is_theirs_to_end() {
    const ID: &str = "cli-delete-on-close";
    for is_held_up in [true, false] {
        let mut made = Made::default();
        made.begins(Action::Disconnect);
        let intended = made.last();
        if is_held_up {
            made.entries[intended].fate = Fate::Delay(1_000);
        }
        made.opens("S");
        made.wait(1_000);
        made.ends(Action::Disconnect);
        if is_held_up {
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}

/// A 404 that is on its way when the record ends has reached nobody.
#[test]
fn what_is_held_up_beyond_the_end_never_came() {
    const ID: &str = "cli-no-stale-id";
    for (delay_ms, comes) in [(10, true), (10_000, false)] {
        let mut made = Made::default();
        made.opens("S");
        made.exchange("tools/list", Some("S"), 404);
        let answered = made.last();
        made.entries[answered].fate = Fate::Delay(delay_ms);
        made.wait(100);
        made.asks("ping", None);
        if comes {
            made.holds(ID);
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}
