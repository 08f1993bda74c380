//! Journals made by hand: whether a server opens sessions, and whom it may refuse one.

use serde_json::json;
use stalemate::invariant::{Told, View};

use super::*;
use crate::made::{named, response};

const ID: &str = "srv-opens-sessions";

/// What is no success gives no id.
#[test]
fn only_a_success_opens_a_session() {
    for (status, is_opened) in [(200, true), (299, true), (300, false), (503, false)] {
        let mut made = Made::default();
        made.served("initialize", None, status, Some("S"));
        if is_opened {
            made.holds(ID);
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised, "{status}");
        }
    }
}

/// A server that speaks the revision without sessions says so by an error of that revision, and opens none by rights.
#[test]
fn a_server_of_the_next_revision_owes_no_session() {
    for (code, is_right) in [
        (-32_019, false),
        (-32_020, true),
        (-32_021, true),
        (-32_022, true),
        (-32_023, false),
    ] {
        let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}});
        let mut made = Made::default();
        made.served("initialize", None, 200, Some("S"));
        made.serves(
            named("initialize", None),
            response(400, None, error.to_string().as_bytes()),
        );
        made.climbed(Rung::Never);
        let server = made.server();
        let blamed = vec![server.to_string()];
        made.note(Event::NoProgress {
            climb: 0,
            server,
            blamed,
            violating: Vec::new(),
            full: Vec::new(),
        });
        if is_right {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// A right client that needs more than a retry, because a server refuses it: that is this server's fault, and no other's.
#[test]
fn who_refuses_a_right_client_opens_no_sessions() {
    for (refusing, is_right) in [
        (Some("memory"), false),
        (Some("bluesky"), true),
        (None, true),
    ] {
        let mut made = Made::default();
        made.served("initialize", None, 200, Some("S"));
        made.climbed(Rung::Reconnect);
        let server = made.server();
        made.note(Event::RightNeeds {
            climb: 0,
            server,
            rung: Rung::Reconnect,
            refusing: refusing.into_iter().map(str::to_owned).collect(),
        });
        if is_right {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// Who is refused for want of room has room as soon as the others have ended theirs. What was left behind is nobody's work.
#[test]
fn only_sessions_that_somebody_works_with_take_up_room() {
    let opened = |at: &str, session: &str, left| {
        let (at, server, session) = (Arc::from(at), Arc::from("memory"), session.to_owned());
        Event::SessionOpened {
            server,
            at,
            session,
            for_others: true,
            left,
        }
    };
    let at_work = |made: &Made| {
        let record = made.record(&[]);
        let told = Told::of(&record);
        let view = View::new(&told);
        ["memory", "bluesky"].map(|process| view.sessions_at_work(process, made.entries.len()))
    };
    let mut made = Made::default();
    made.note(opened("memory", "left", true));
    assert_eq!(at_work(&made), [0, 0]);
    made.note(opened("memory", "S", false));
    made.note(opened("memory", "T", false));
    made.note(opened("bluesky", "S", false));
    assert_eq!(at_work(&made), [2, 1]);
    made.session("S", Some(SessionEnd::Deleted));
    assert_eq!(at_work(&made), [1, 1]);
}
