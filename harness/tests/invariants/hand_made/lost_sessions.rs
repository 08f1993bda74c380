//! Journals made by hand: what counts as an answer to a lost session, and who gives it.

use stalemate::journal::Phase;

use super::*;

const ID: &str = "cli-reinit-on-404";

/// Of several client objects that go on, the one is named that did so first, whichever lost its session first.
#[test]
fn the_first_that_goes_on_is_named() {
    for order in [[0, 1], [1, 0]] {
        let mut made = Made::default();
        let ids = ["S0", "S1"];
        for (object, id) in [0, 1].into_iter().zip(ids) {
            made.object = object;
            made.opens(id);
            made.exchange("tools/list", Some(id), 404);
        }
        made.wait(5);
        let mut went_on = Vec::new();
        for object in order {
            made.object = object;
            made.asks("tools/call", Some(ids[object as usize]));
            went_on.push(made.last());
        }
        made.breaks(ID, went_on[0]);
    }
}

/// Two requests find the session lost, and the second to leave is told first.
#[test]
fn the_first_404_counts_whichever_request_it_answers() {
    for goes_on in [true, false] {
        let mut made = Made::default();
        made.opens("S1");
        let first = made.asks("tools/list", Some("S1"));
        let second = made.asks("prompts/list", Some("S1"));
        made.answered(second, 404, None);
        made.wait(5);
        let mut next = None;
        if goes_on {
            made.asks("tools/call", Some("S1"));
            next = Some(made.last());
        }
        made.answered(first, 404, None);
        made.opens("S2");
        match next {
            Some(next) => made.breaks(ID, next),
            None => made.holds(ID),
        }
    }
}

#[test]
fn only_an_initialize_without_an_id_begins_anew() {
    for (what, id, is_right) in [
        ("initialize", None, true),
        ("initialize", Some("S1"), false),
        ("tools/list", None, false),
        ("ping", None, false),
    ] {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/list", Some("S1"), 404);
        made.wait(5);
        made.asks(what, id);
        match is_right {
            true => made.holds(ID),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// Nothing more is sent after the loss. Another client object may have taken over, or the user may have left; what concerns
/// another server says nothing.
#[test]
fn a_silent_client_object_may_have_been_let_go() {
    let nothing = |_: &mut Made| {};
    let asks = |made: &mut Made| {
        made.object = 1;
        made.exchange("tools/list", Some("T"), 200);
        made.object = 0;
    };
    let leaves = |made: &mut Made| made.acts(Action::Disconnect);
    let elsewhere = |then: fn(&mut Made)| {
        move |made: &mut Made| {
            made.server = Some("bluesky");
            then(made);
            made.server = None;
        }
    };
    let cases: [Case<'_>; 5] = [
        (&nothing, false),
        (&asks, true),
        (&leaves, true),
        (&elsewhere(asks), false),
        (&elsewhere(leaves), false),
    ];
    for (then, is_let_go) in cases {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/list", Some("S1"), 404);
        let server = made.server();
        made.note(Event::Phase(Phase::Calm { server }));
        then(&mut made);
        made.begins_call(1);
        made.ends_call(1, CallOutcome::Error("lost".to_owned()));
        match is_let_go {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, made.last()),
        }
    }
}
