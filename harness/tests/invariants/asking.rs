//! What clients ask before they have a session: how to log in, and what kind of server that is. It is no use of a session, and no
//! try to get one back.

use serde_json::json;
use stalemate::invariant::Verdict;
use stalemate::journal::{Action, CallOutcome, Exchange, RequestSummary, SessionEnd};

use crate::made::{Made, named, response};

const STORM: &str = "cli-no-reinit-storm";

fn asks(status: u16, opens: bool) -> Made {
    let mut made = Made::default();
    if opens {
        made.opens("S");
    }
    for _ in 0..7 {
        made.exchange("GET", None, status);
    }
    made.opens("T");
    made
}

#[test]
fn asking_what_kind_of_server_that_is_recovers_nothing() {
    for status in [400, 401, 404, 405] {
        asks(status, false).holds(STORM);
        asks(status, true).is_violated(STORM);
    }
    asks(503, false).is_violated(STORM);
}

#[test]
fn another_path_of_a_server_has_no_sessions() {
    const ID: &str = "srv-no-id-is-400";
    for (path, verdict) in [
        (
            "/.well-known/oauth-protected-resource",
            Some(Verdict::NotExercised),
        ),
        (
            "/mcp/.well-known/openid-configuration",
            Some(Verdict::NotExercised),
        ),
        ("/mcp", None),
    ] {
        let mut made = Made::default();
        let opened = response(200, Some("S"), b"");
        made.serves(named("initialize", None), opened);
        let asked = RequestSummary {
            path: path.to_owned(),
            ..named("GET", None)
        };
        made.serves(asked, response(404, None, b""));
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(ID), verdict, "{path}"),
            None => made.is_violated(ID),
        }
    }
}

/// Two of one kind at once find the session lost: one is sent again, the other is not.
#[test]
fn where_one_of_a_kind_recovers_it_is_not_the_kind() {
    const ID: &str = "cli-all-requests-recover";
    for (recovers, verdict) in [(true, Some(Verdict::Held)), (false, None)] {
        let mut made = Made::default();
        made.opens("S");
        made.session("S", None);
        made.session("S", Some(SessionEnd::Expired));
        let calls = [
            (1, "tools/call", true),
            (2, "prompts/get", recovers),
            (3, "prompts/get", false),
        ];
        for (call, method, is_ok) in calls {
            let asked = begins(&mut made, call, method, "S");
            made.answered(asked, 404, None);
            if is_ok {
                let again = made.asks_for(method, Some("T"), Some(call));
                made.answered(again, 200, None);
            }
            ends(&mut made, call, is_ok);
        }
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(ID), verdict),
            None => made.is_violated(ID),
        }
    }
}

/// A request that is refused while a recovery is under way shares it, and fails if it does.
#[test]
fn who_shares_a_recovery_that_fails_is_no_kind_of_its_own() {
    const ID: &str = "cli-all-requests-recover";
    for reinitialized in [Some(400), Some(200), None] {
        let mut made = Made::default();
        made.opens("S");
        for session in ["S", "T"] {
            made.session(session, None);
            made.session(session, Some(SessionEnd::Expired));
        }
        let asked = begins(&mut made, 1, "tools/call", "S");
        made.answered(asked, 404, None);
        made.opens("T");
        let again = made.asks_for("tools/call", Some("T"), Some(1));
        made.answered(again, 200, None);
        ends(&mut made, 1, true);

        let called = begins(&mut made, 2, "tools/call", "T");
        let subscribed = begins(&mut made, 3, "resources/subscribe", "T");
        made.answered(called, 404, None);
        let recovery = reinitialized.map(|status| (status, made.asks("initialize", None)));
        made.answered(subscribed, 404, None);
        if let Some((status, asked)) = recovery {
            made.answered(asked, status, (status == 200).then_some("U"));
        }
        ends(&mut made, 3, false);
        match reinitialized {
            Some(400) => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            _ => made.is_violated(ID),
        }
    }
}

/// The user's request begins, and is sent in that session.
fn begins(made: &mut Made, call: u32, method: &str, session: &str) -> Exchange {
    made.begins_request(call, method);
    made.asks_for(method, Some(session), Some(call))
}

fn ends(made: &mut Made, call: u32, is_ok: bool) {
    let outcome = match is_ok {
        true => CallOutcome::Ok,
        false => CallOutcome::Error("lost".to_owned()),
    };
    made.ends_call(call, outcome);
}

/// A request on a connection that has ended already waits for nothing.
#[test]
fn who_writes_into_a_closed_connection_has_failed() {
    for is_closed in [true, false] {
        let mut made = Made::default();
        let first = made.asks("tools/list", None);
        made.answered(first, 400, None);
        if is_closed {
            made.closed(first);
        }
        made.asks_on(first, "initialize");
        made.asks("initialize", None);
        if is_closed {
            made.holds("cli-single-flight-reinit");
        } else {
            made.breaks("cli-single-flight-reinit", made.entries.len() - 1);
        }
    }
}

/// The first attempt waits for its answer when the user, who was shown that it failed, presses the button again.
#[test]
fn who_presses_again_may_have_another_initialize() {
    const ID: &str = "cli-single-flight-reinit";
    for more in [0, 1] {
        let mut made = Made::default();
        made.acts(Action::Add);
        made.asks("initialize", None);
        made.wait(60_000);
        made.begins(Action::Connect);
        for _ in 0..=more {
            made.asks("initialize", None);
        }
        if more == 0 {
            made.holds(ID);
        } else {
            made.breaks(ID, made.entries.len() - 1);
        }
    }
}

/// The head of a handshake's answer came, and its result did or did not: without it no revision is known.
#[test]
fn a_handshake_without_its_result_settles_nothing() {
    const ID: &str = "cli-id-on-everything";
    let result = json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-11-25"}});
    for comes in [true, false] {
        let mut made = Made::default();
        let first = made.asks("initialize", None);
        made.answered(first, 200, Some("S"));
        if comes {
            made.hears(first, &result);
        }
        made.asks("DELETE", Some("S"));
        if comes {
            made.breaks(ID, made.last());
        }
        // Too late for the request that has left.
        made.hears(first, &result);
        if !comes {
            made.holds(ID);
        }
    }
}
