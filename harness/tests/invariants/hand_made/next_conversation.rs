//! Journals made by hand: which sessions a new conversation takes the place of, and which of those have to be ended.

use super::*;

const ID: &str = "app-ends-old-conversations";

/// A conversation, and a new one: what is said in each, and time enough to end the session of the first.
fn talks(before: &dyn Fn(&mut Made), after: &dyn Fn(&mut Made)) -> Made {
    let mut made = Made::default();
    made.session("S1", None);
    made.opens("S1");
    before(&mut made);
    made.acts(Action::NewConversation);
    made.object = 1;
    after(&mut made);
    made.wait(40_000);
    made.exchange("tools/list", Some("S2"), 200);
    made
}

fn asks(made: &mut Made) {
    made.exchange("tools/list", Some("S1"), 200);
}

fn opens(made: &mut Made) {
    made.opens("S2");
}

fn is_spared(made: &Made) {
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

/// What the user does next may open sessions of its own, which take the place of none.
#[test]
fn a_conversation_lasts_until_the_user_does_something_else() {
    let opens_in_it = |made: &mut Made| {
        opens(made);
        made.acts(Action::Reload);
    };
    let opens_after_it = |made: &mut Made| {
        made.acts(Action::Reload);
        opens(made);
    };
    talks(&asks, &opens_in_it).is_violated(ID);
    is_spared(&talks(&asks, &opens_after_it));
}

#[test]
fn only_another_session_there_takes_the_place_of_the_old_one() {
    let at_another_server = |made: &mut Made| {
        made.server = Some("bluesky");
        opens(made);
        made.server = None;
    };
    let of_the_same_object = |made: &mut Made| {
        made.object = 0;
        opens(made);
    };
    let beside = |made: &mut Made| {
        let (object, server) = (ObjectId(1), made.server());
        made.note(Event::ObjectMade {
            object,
            server,
            resumed: false,
            nth: 2,
        });
        opens(made);
    };
    let nowhere = |_: &mut Made| {};
    talks(&asks, &opens).is_violated(ID);
    let spared: [&dyn Fn(&mut Made); 4] =
        [&at_another_server, &of_the_same_object, &beside, &nowhere];
    for after in spared {
        is_spared(&talks(&asks, after));
    }
}

/// Its stream is a use of a session for as long as it is open.
#[test]
fn a_session_whose_stream_is_open_is_used_on() {
    for (ends_after_ms, is_used_on) in [(Some(1_000), false), (Some(35_000), true), (None, true)] {
        let mut made = Made::default();
        made.opens("S1");
        asks(&mut made);
        let stream = made.listens("S1");
        made.acts(Action::NewConversation);
        made.object = 1;
        opens(&mut made);
        if let Some(ms) = ends_after_ms {
            made.wait(ms);
            made.heard_all(stream, true);
        }
        made.wait(40_000);
        made.exchange("tools/list", Some("S2"), 200);
        match is_used_on {
            true => is_spared(&made),
            false => made.is_violated(ID),
        }
    }
}

/// Who was refused before has perhaps no session to end; who is refused its end has tried.
#[test]
fn a_session_that_was_refused_needs_no_end() {
    for status in [404, 500] {
        let refused = |made: &mut Made| {
            asks(made);
            made.exchange("tools/list", Some("S1"), status);
        };
        is_spared(&talks(&refused, &opens));
    }
    let tries = |made: &mut Made| {
        opens(made);
        made.exchange("DELETE", Some("S1"), 405);
    };
    talks(&asks, &tries).holds(ID);
}

#[test]
fn a_session_that_had_ended_needs_no_end() {
    let expires = |made: &mut Made| {
        asks(made);
        made.session("S1", Some(SessionEnd::Expired));
    };
    is_spared(&talks(&expires, &opens));
}

/// It has its 30 s: what is lost meanwhile needs no end.
#[test]
fn nor_does_one_that_ends_before_its_time_is_over() {
    for (after_ms, is_in_time) in [(20_000, true), (35_000, false)] {
        let expires = |made: &mut Made| {
            opens(made);
            made.wait(after_ms);
            made.session("S1", Some(SessionEnd::Expired));
        };
        let made = talks(&asks, &expires);
        if is_in_time {
            is_spared(&made);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Of a connect that failed there is nothing that anybody talked in.
#[test]
fn a_session_in_which_nothing_was_ever_answered_is_no_conversation() {
    let nothing = |_: &mut Made| {};
    let cut_off = |made: &mut Made| {
        let asked = made.asks("tools/list", Some("S1"));
        made.closed(asked);
    };
    let listened = |made: &mut Made| {
        let stream = made.listens("S1");
        made.heard_all(stream, true);
    };
    let spared: [&dyn Fn(&mut Made); 3] = [&nothing, &cut_off, &listened];
    for before in spared {
        is_spared(&talks(before, &opens));
    }
    talks(&asks, &opens).is_violated(ID);
}
