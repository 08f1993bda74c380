//! Journals made by hand: what looks like a violation of a client or a server and is none, each with the case next to it
//! that is one.

use serde_json::json;
use stalemate::journal::{ConnId, Exchange, ResponseSummary};

use super::*;
use crate::made::{call, named, response, settled};

/// What stands between the client and the server is down for a second.
fn restarts(made: &mut Made) {
    let process: Arc<str> = Arc::from("nginx");
    made.note(Event::ProcessDown {
        process: Arc::clone(&process),
        cause: "stopped (SIGTERM)".to_owned(),
    });
    made.wait(1_000);
    made.note(Event::ProcessUp { process });
}

/// A call that runs when the user disconnects may be brought to its end in its session; a new one may not use it.
#[test]
fn a_call_that_runs_on_may_use_the_session_that_the_user_left() {
    const ID: &str = "cli-no-stale-id";
    for runs in [true, false] {
        let mut made = Made::default();
        made.settles("S1");
        made.begins_call(1);
        let asked = made.asks_for("tools/call", Some("S1"), Some(1));
        if !runs {
            made.answered(asked, 200, None);
            made.ends_call(1, CallOutcome::Ok);
        }
        made.acts(Action::Disconnect);
        made.wait(20_000);
        made.exchange("tools/list", Some("S1"), 200);
        if runs {
            made.holds(ID);
            made.ends_call(1, CallOutcome::Ok);
            made.exchange("tools/list", Some("S1"), 200);
        }
        made.is_violated(ID);
    }
}

/// Neither a call that begins later nor a connection that the user makes later is part of a call that hangs.
#[test]
fn a_call_that_hangs_excuses_nothing_else() {
    const ID: &str = "cli-no-stale-id";
    for later in [Action::Connect, Action::Reload] {
        let mut made = Made::default();
        made.settles("S1");
        made.begins_call(1);
        made.asks_for("tools/call", Some("S1"), Some(1));
        made.acts(Action::Disconnect);
        made.acts(later);
        if later == Action::Connect {
            made.exchange("tools/list", Some("S1"), 200);
        } else {
            made.begins_call(2);
            made.asks_for("tools/call", Some("S1"), Some(2));
        }
        made.is_violated(ID);
    }
}

/// A redirect is followed by the same request on the same connection, whatever came in between.
#[test]
fn a_request_that_follows_a_redirect_began_when_it_was_first_sent() {
    const ID: &str = "cli-no-stale-id";
    for (body, is_same) in [("tools/list", true), ("prompts/list", false)] {
        let mut made = Made::default();
        made.settles("S1");
        let stream = made.asks("GET", Some("S1"));
        let asked = made.asks("tools/list", Some("S1"));
        made.wait(1);
        let lost =
            br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
        made.answers(stream, response(404, None, lost));
        made.answered(asked, 307, None);
        made.wait(1);
        let again = Exchange {
            conn: ConnId(asked.conn.0),
            ordinal: 1,
        };
        made.asks_at(again, named(body, Some("S1")));
        if is_same {
            made.holds(ID);
        } else {
            made.breaks(ID, made.last());
        }
    }
}

/// So did one whose first sending left in the millisecond of the 404.
#[test]
fn a_request_that_was_first_sent_as_the_404_came_is_exempt() {
    for (later_ms, is_exempt) in [(0, true), (1, false)] {
        let mut made = Made::default();
        made.settles("S1");
        made.exchange("tools/list", Some("S1"), 404);
        let asked = made.asks("tools/call", Some("S1"));
        made.comes_after(later_ms);
        let left = made.last();
        made.answered(asked, 307, None);
        made.wait(5);
        let again = Exchange {
            conn: ConnId(asked.conn.0),
            ordinal: 1,
        };
        made.asks_at(again, named("tools/call", Some("S1")));
        let id = "cli-no-stale-id";
        if is_exempt {
            made.holds(id);
        } else {
            made.breaks(id, left);
        }
    }
}

/// What arrives in the millisecond in which a request leaves, its sender could not know.
#[test]
fn a_request_that_leaves_as_the_404_comes_is_exempt() {
    const ID: &str = "cli-no-stale-id";
    for (later_ms, is_exempt) in [(0, true), (1, false)] {
        let mut made = Made::default();
        made.settles("S1");
        made.exchange("tools/list", Some("S1"), 404);
        made.asks("tools/call", Some("S1"));
        made.comes_after(later_ms);
        let asked = made.last();
        if is_exempt {
            made.holds(ID);
        } else {
            made.breaks(ID, asked);
        }
    }
}

/// Who disconnects owes the end of the session by that, and not once more by the next handshake.
#[test]
fn a_session_that_the_user_left_is_not_given_up_by_the_next_one() {
    const ID: &str = "cli-ends-what-it-gives-up";
    for leaves in [true, false] {
        let mut made = Made::default();
        made.settles("S1");
        if leaves {
            made.acts(Action::Disconnect);
            made.acts(Action::Connect);
        }
        made.settles("S2");
        made.wait(40_000);
        made.exchange("tools/list", Some("S2"), 200);
        if leaves {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}

/// It has its 30 s: what is lost meanwhile needs no end, and a DELETE that comes later is too late.
#[test]
fn a_session_that_is_given_up_has_its_time() {
    const ID: &str = "cli-ends-what-it-gives-up";
    let given_up = || {
        let mut made = Made::default();
        made.session("S1", None);
        made.settles("S1");
        made.settles("S2");
        made
    };
    for (after_ms, is_in_time) in [(20_000, true), (35_000, false)] {
        let mut lost = given_up();
        lost.wait(after_ms);
        lost.session("S1", Some(SessionEnd::Expired));
        let mut deleted = given_up();
        deleted.wait(after_ms);
        deleted.exchange("DELETE", Some("S1"), 200);
        for mut made in [lost, deleted] {
            made.wait(40_000);
            made.exchange("tools/list", Some("S2"), 200);
            if is_in_time {
                made.holds(ID);
            } else {
                made.is_violated(ID);
            }
        }
    }
}

/// Whoever hears that the session is lost while the user disconnects has nothing left to end.
#[test]
fn a_session_whose_loss_is_told_amid_a_disconnect_needs_no_end() {
    const ID: &str = "cli-delete-on-close";
    for is_told in [true, false] {
        let mut made = Made::default();
        made.session("S1", None);
        made.settles("S1");
        let stream = made.asks("GET", Some("S1"));
        made.begins(Action::Disconnect);
        if is_told {
            let lost = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
            made.answers(stream, response(404, None, lost));
        }
        made.ends(Action::Disconnect);
        if is_told {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Who asked has an id once the result came too: before, nothing was opened that could be ended.
#[test]
fn a_handshake_without_its_result_is_no_session_to_delete() {
    const ID: &str = "cli-delete-on-close";
    let result = json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-11-25"}});
    for comes in [true, false] {
        let mut made = Made::default();
        made.session("S1", None);
        let asked = made.asks("initialize", None);
        let head = ResponseSummary {
            stream: true,
            ..response(200, Some("S1"), b"")
        };
        made.answers(asked, head);
        if comes {
            made.hears(asked, &result);
        }
        made.acts(Action::Disconnect);
        match comes {
            true => made.is_violated(ID),
            false => assert_eq!(made.verdict(ID), Verdict::NotExercised),
        }
    }
}

/// A handshake that the network breaks off leaves a session that was of no use to anybody.
#[test]
fn a_session_whose_handshake_broke_off_is_not_given_up() {
    const ID: &str = "cli-ends-what-it-gives-up";
    for (breaks, is_used) in [(true, false), (true, true), (false, false)] {
        let mut made = Made::default();
        made.session("S1", None);
        made.gets(named("initialize", None), settled("S1"));
        if is_used {
            made.exchange("notifications/initialized", Some("S1"), 202);
        }
        if breaks {
            restarts(&mut made);
        }
        made.settles("S2");
        made.wait(40_000);
        made.exchange("tools/list", Some("S2"), 200);
        if breaks && !is_used {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}

/// What passes on a host's requests owes an answer where it heard of a failure, and none where nothing came of it.
#[test]
fn who_passes_on_owes_what_it_heard() {
    const ID: &str = "cli-every-call-resolves";
    for (passes_on, status, is_excused) in [
        (true, None, true),
        (false, None, false),
        (true, Some(502), false),
    ] {
        let mut made = Made::default();
        made.passes_on = passes_on;
        made.begins_call(1);
        let asked = made.asks_for("tools/call", Some("S1"), Some(1));
        if let Some(status) = status {
            made.answered(asked, status, None);
        }
        made.ends_call(1, CallOutcome::TimedOut(75_000));
        if is_excused {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Nobody waits for a request that was cancelled: an idle session may expire over it.
#[test]
fn a_request_that_was_cancelled_does_not_run() {
    const ID: &str = "srv-idle-means-idle";
    for (cancelled, is_right) in [(Some(7), true), (Some(8), false), (None, false)] {
        let mut made = Made::default();
        made.session("S", None);
        made.post("S", &call(7), None);
        if let Some(id) = cancelled {
            let method = "notifications/cancelled";
            made.post(
                "S",
                &json!({"jsonrpc": "2.0", "method": method, "params": {"requestId": id}}),
                None,
            );
        }
        made.wait(60_000);
        made.session("S", Some(SessionEnd::Expired));
        if is_right {
            made.holds(ID);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Nor need it be ended when the user disconnects, later than that. Who is refused can end it.
#[test]
fn a_session_whose_handshake_broke_off_needs_no_delete() {
    const ID: &str = "cli-delete-on-close";
    let (accepted, refused) = (Some(202), Some(503));
    let breaks_off = [
        (true, None),
        (true, accepted),
        (true, refused),
        (false, None),
    ];
    for (breaks, initialized) in breaks_off {
        let mut made = Made::default();
        made.session("S1", None);
        made.gets(named("initialize", None), settled("S1"));
        let asked = made.asks("notifications/initialized", Some("S1"));
        if let Some(status) = initialized {
            made.answered(asked, status, None);
        }
        if breaks {
            restarts(&mut made);
        }
        made.wait(5_000);
        made.exchange("initialize", None, 400);
        made.acts(Action::Disconnect);
        if breaks && initialized.is_none() {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}
