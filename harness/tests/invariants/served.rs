//! Servers and hops that are wrong, and some that only look so, as journals made by hand.

use serde_json::Value;
use stalemate::invariant::Verdict;
use stalemate::journal::{Event, Evidence, RequestSummary, SessionEnd};

use crate::made::{Made, call, changed, named, response, result};

mod no_resurrection {
    use super::*;

    const ID: &str = "srv-no-resurrection";

    #[test]
    fn accepted_after_a_404() {
        let mut made = Made::default();
        let refused = made.post("S", &call(1), None);
        made.answer(refused, 404, &Value::Null, None);
        let accepted = made.post("S", &call(2), None);
        made.answer(accepted, 200, &result(2), None);
        made.is_violated(ID);
    }

    #[test]
    fn accepted_after_its_end() {
        let mut made = Made::default();
        made.session("S", Some(SessionEnd::Expired));
        made.get("S", None);
        made.is_violated(ID);
    }

    #[test]
    fn begun_before_its_end() {
        let mut made = Made::default();
        let before = made.post("S", &call(1), None);
        made.session("S", Some(SessionEnd::Expired));
        made.answer(before, 200, &result(1), None);
        let after = made.post("S", &call(2), None);
        made.answer(after, 404, &Value::Null, None);
        made.holds(ID);
    }
}

/// Who shows no good token is not told what became of a session (AUTH-02); who shows one is, and a bad one is answered 401.
#[test]
fn a_bad_token_hides_that_a_session_has_ended() {
    const ID: &str = "srv-dead-session-is-404";
    for (shown, status, is_exempt) in [
        (Some("bad"), 401, true),
        (None, 401, true),
        (Some("good"), 401, false),
        (Some("bad"), 400, false),
    ] {
        let mut made = Made::default();
        let server = made.server();
        made.note(Event::TokenIssued {
            server,
            token: "good".to_owned(),
            good_until_ms: None,
        });
        made.session("S", None);
        made.session("S", Some(SessionEnd::Expired));
        let asked = RequestSummary {
            token: shown.map(str::to_owned),
            ..named("tools/list", Some("S"))
        };
        made.serves(asked, response(status, None, b""));
        if is_exempt {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        } else {
            made.is_violated(ID);
        }
    }
}

/// Where a record does not tell what an invariant needs, nobody is judged by it: no client, no server, and no hop, whether it
/// passed something on or not.
#[test]
fn what_a_record_does_not_tell_is_not_judged() {
    for id in [
        "cli-no-stale-id",
        "srv-no-resurrection",
        "hop-delivers-messages",
    ] {
        for passes_on in [true, false] {
            let mut made = Made::default();
            if passes_on {
                made.relay(
                    (200, "application/json", None),
                    (200, "application/json", None),
                );
            }
            let lacks = vec![Evidence::Bodies];
            let verdict = made.verdict_without(id, &lacks);
            assert_eq!(verdict, Verdict::NotDecidable { lacks }, "{id}");
        }
    }
}

/// A lifetime is over however busy a session is; idleness is not idle while a request runs, one that had begun.
#[test]
fn only_idleness_waits_for_what_runs() {
    const ID: &str = "srv-idle-means-idle";
    for (cause, waits_ms, is_spared) in [
        (SessionEnd::Expired, 10, false),
        (SessionEnd::Expired, 0, true),
        (SessionEnd::LifetimeOver, 10, true),
    ] {
        let mut made = Made::default();
        made.session("S", None);
        made.post("S", &call(1), None);
        made.session("S", Some(cause));
        made.comes_after(waits_ms);
        if is_spared {
            assert!(!matches!(made.verdict(ID), Verdict::Violated { .. }));
        } else {
            made.is_violated(ID);
        }
    }
}

pub(crate) mod session_isolation {
    use super::*;

    const ID: &str = "srv-session-isolation";

    pub(crate) fn answers_exchanged() -> Made {
        let mut made = Made::default();
        let (one, two) = (
            made.post("S", &call(1), None),
            made.post("T", &call(2), None),
        );
        made.answer(one, 200, &result(2), None);
        made.answer(two, 200, &result(1), None);
        made
    }

    #[test]
    fn an_answer_that_another_session_asked_for() {
        answers_exchanged().is_violated(ID);
    }

    #[test]
    fn the_result_of_another_sessions_call_of_that_id() {
        let mut made = Made::default();
        let (one, two) = (
            made.post("S", &call(1), Some(1)),
            made.post("T", &call(1), Some(2)),
        );
        made.answer(one, 200, &result(1), Some(2));
        made.answer(two, 200, &result(1), Some(1));
        made.is_violated(ID);
    }

    #[test]
    fn an_answer_on_the_stream_of_another_session() {
        let mut made = Made::default();
        let listening = made.get("T", None);
        let one = made.post("S", &call(1), None);
        made.event(listening, "1", &result(1));
        made.answer(one, 200, &result(1), None);
        made.is_violated(ID);
    }

    #[test]
    fn each_its_own() {
        let mut made = Made::default();
        let (one, two) = (
            made.post("S", &call(1), Some(1)),
            made.post("T", &call(1), Some(2)),
        );
        made.answer(two, 200, &result(1), Some(2));
        made.answer(one, 200, &result(1), Some(1));
        made.holds(ID);
    }
}

mod one_stream_per_message {
    use super::*;

    const ID: &str = "srv-one-stream-per-message";

    #[test]
    fn a_notification_on_both_streams() {
        let mut made = Made::default();
        let listening = made.get("S", None);
        let one = made.post("S", &call(1), None);
        made.head(one);
        made.event(one, "1", &changed());
        made.event(listening, "2", &changed());
        made.is_violated(ID);
    }

    #[test]
    fn a_response_on_both_streams() {
        let mut made = Made::default();
        let listening = made.get("S", None);
        let one = made.post("S", &call(1), None);
        made.answer(one, 200, &result(1), None);
        made.event(listening, "2", &result(1));
        made.is_violated(ID);
    }

    #[test]
    fn two_notifications_that_are_equal() {
        let mut made = Made::default();
        let listening = made.get("S", None);
        let one = made.post("S", &call(1), None);
        made.head(one);
        made.event(one, "1", &changed());
        made.wait(5_000);
        made.event(listening, "2", &changed());
        made.holds(ID);
    }

    #[test]
    fn each_session_its_own_copy() {
        let mut made = Made::default();
        let (one, two) = (made.get("S", None), made.get("T", None));
        let asked = made.post("S", &call(1), None);
        made.head(asked);
        made.event(one, "1", &changed());
        made.event(two, "1", &changed());
        made.event(asked, "2", &result(1));
        made.holds(ID);
    }
}

mod replay_same_stream {
    use super::*;

    const ID: &str = "srv-replay-same-stream";

    #[test]
    fn an_event_of_another_stream() {
        let mut made = Made::default();
        let (one, two) = (
            made.post("S", &call(1), None),
            made.post("S", &call(2), None),
        );
        for (stream, id) in [(one, "a0"), (two, "b0")] {
            made.head(stream);
            made.event(stream, id, &changed());
        }
        made.event(two, "b1", &result(2));
        let resumed = made.get("S", Some("a0"));
        made.event(resumed, "b1", &result(2));
        made.is_violated(ID);
    }

    #[test]
    fn an_answer_that_another_stream_owes() {
        let mut made = Made::default();
        let (one, two) = (
            made.post("S", &call(1), None),
            made.post("S", &call(2), None),
        );
        for (stream, id) in [(one, "a0"), (two, "b0")] {
            made.head(stream);
            made.event(stream, id, &changed());
            made.end(stream);
        }
        let resumed = made.get("S", Some("a0"));
        made.event(resumed, "b1", &result(2));
        made.is_violated(ID);
    }

    #[test]
    fn what_the_client_has_already() {
        let mut made = Made::default();
        let listening = made.get("S", None);
        made.event(listening, "1", &changed());
        made.event(listening, "2", &changed());
        made.end(listening);
        let resumed = made.get("S", Some("2"));
        made.event(resumed, "1", &changed());
        made.is_violated(ID);
    }

    #[test]
    fn what_followed_twice_resumed() {
        let mut made = Made::default();
        let one = made.post("S", &call(1), None);
        made.head(one);
        made.event(one, "a0", &changed());
        made.event(one, "a1", &changed());
        let resumed = made.get("S", Some("a0"));
        made.event(resumed, "a1", &changed());
        made.end(resumed);
        let again = made.get("S", Some("a1"));
        made.event(again, "a2", &result(1));
        made.holds(ID);
    }
}

pub(crate) mod hop_status_transparent {
    use super::*;

    const ID: &str = "hop-status-transparent";

    pub(crate) fn made_a_500() -> Made {
        let mut made = Made::default();
        made.relay(
            (404, "Session not found", None),
            (500, "Internal Server Error", None),
        );
        made
    }

    #[test]
    fn a_404_becomes_500() {
        made_a_500().is_violated(ID);
    }

    #[test]
    fn another_body() {
        let mut made = Made::default();
        made.relay(
            (404, "Session not found", None),
            (404, "<html>404 Not Found</html>", None),
        );
        made.is_violated(ID);
    }

    #[test]
    fn the_id_is_lost() {
        let mut made = Made::default();
        made.relay((400, "no", Some("S")), (400, "no", None));
        made.is_violated(ID);
    }

    #[test]
    fn as_it_came_and_a_502_as_its_own_page() {
        let mut made = Made::default();
        made.relay(
            (404, "Session not found", Some("S")),
            (404, "Session not found", Some("S")),
        );
        made.relay(
            (502, "Bad Gateway", None),
            (502, "<html>Cloudflare</html>", None),
        );
        made.holds(ID);
    }
}
