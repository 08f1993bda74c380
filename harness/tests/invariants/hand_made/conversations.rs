//! Journals made by hand: what an application owes to the session of the conversation before.

use super::*;

const ID: &str = "app-ends-old-conversations";

/// What happens between a conversation and the end of the record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Nothing,
    /// The old session is deleted, so long after the new conversation began.
    Deleted(u64),
    /// The old one is used on.
    UsedOn,
    /// A process dies and comes back.
    Disturbed,
    /// The record ends before the time is over.
    Cut,
}

fn talked(then: Then) -> Made {
    let mut made = Made::default();
    made.opens("S1");
    made.exchange("tools/list", Some("S1"), 200);
    made.acts(Action::NewConversation);
    made.object = 1;
    made.opens("S2");
    made.object = 0;
    let process = made.server();
    match then {
        Then::Nothing | Then::Cut => {}
        Then::Deleted(ms) => {
            made.wait(ms);
            made.exchange("DELETE", Some("S1"), 200);
        }
        Then::UsedOn => made.exchange("tools/list", Some("S1"), 200),
        Then::Disturbed => {
            let (down, cause) = (process.clone(), "crashed".to_owned());
            made.note(Event::ProcessDown {
                process: down,
                cause,
            });
            made.note(Event::ProcessUp { process });
        }
    }
    made.object = 1;
    made.wait(if then == Then::Cut { 20_000 } else { 40_000 });
    made.exchange("tools/list", Some("S2"), 200);
    made
}

#[test]
fn the_session_of_the_conversation_before_is_ended_in_time() {
    for then in [Then::Nothing, Then::Deleted(31_000)] {
        talked(then).is_violated(ID);
    }
    for then in [Then::Deleted(0), Then::Deleted(29_000)] {
        talked(then).holds(ID);
    }
    for then in [Then::UsedOn, Then::Disturbed, Then::Cut] {
        assert_eq!(talked(then).verdict(ID), Verdict::NotExercised, "{then:?}");
    }
}
