//! Journals made by hand: what a client that opens another session owes to the subscriptions of the one before.

use serde_json::{Value, json};
use stalemate::journal::RequestSummary;

use super::*;
use crate::made::{named, result};

const ID: &str = "cli-restores-subscriptions";
const SUBSCRIBE: &str = "resources/subscribe";

/// A session in which a subscription is asked for and answered so, and another one.
fn subscribes(answer: &Value) -> Made {
    let mut made = Made::default();
    for session in ["S", "T"] {
        made.session(session, None);
    }
    made.settles("S");
    let body = answer.to_string();
    let asked = named(SUBSCRIBE, Some("S"));
    made.gets(asked, response(200, None, body.as_bytes()));
    made.settles("T");
    made
}

fn later(mut made: Made) -> Made {
    made.wait(60_000);
    made.exchange("tools/list", Some("T"), 200);
    made
}

#[test]
fn what_was_subscribed_to_is_subscribed_to_again_within_30_s() {
    for (after_ms, is_in_time) in [(0, true), (29_000, true), (31_000, false)] {
        let mut made = subscribes(&result(1));
        made.wait(after_ms);
        made.exchange(SUBSCRIBE, Some("T"), 200);
        let made = later(made);
        match is_in_time {
            true => made.holds(ID),
            false => made.is_violated(ID),
        }
    }
    later(subscribes(&result(1))).is_violated(ID);
}

/// In the old session nothing is told any more, and what the user asks for is the user's.
#[test]
fn only_the_client_itself_restores_and_only_in_the_new_session() {
    let mut there = subscribes(&result(1));
    there.exchange(SUBSCRIBE, Some("S"), 200);
    later(there).is_violated(ID);
    let mut by_user = subscribes(&result(1));
    let asked = RequestSummary {
        call: Some(CallId(7)),
        ..named(SUBSCRIBE, Some("T"))
    };
    by_user.gets(asked, response(200, None, b""));
    later(by_user).is_violated(ID);
}

#[test]
fn what_was_not_granted_is_not_restored() {
    let refused = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}});
    for answer in [refused, result(2), Value::Null] {
        let made = later(subscribes(&answer));
        assert_eq!(made.verdict(ID), Verdict::NotExercised, "{answer}");
    }
}

#[test]
fn what_comes_between_excuses() {
    let ends = |made: &mut Made| made.session("T", Some(SessionEnd::Expired));
    let leaves = |made: &mut Made| made.acts(Action::Disconnect);
    let breaks = |made: &mut Made| {
        let (process, cause) = (Arc::from("nginx"), "crashed".to_owned());
        made.note(Event::ProcessDown { process, cause });
        made.asks("ping", Some("T"));
    };
    let cases: [&dyn Fn(&mut Made); 3] = [&ends, &leaves, &breaks];
    for between in cases {
        let mut made = subscribes(&result(1));
        between(&mut made);
        assert_eq!(later(made).verdict(ID), Verdict::NotExercised);
    }
}
