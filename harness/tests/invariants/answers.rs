//! Servers, hops and clients that answer, pass on or carry on as they must not, as journals made by hand.

use serde_json::json;
use stalemate::invariant::Verdict;
use stalemate::journal::{CallId, CallOutcome, Event, RequestSummary, ResponseSummary, SessionEnd};

use crate::made::{Made, call, named, response, result};

/// A request that says which revision was settled on.
pub(crate) fn versioned(what: &str, id: Option<&str>, version: &str) -> RequestSummary {
    RequestSummary {
        version: Some(version.to_owned()),
        ..named(what, id)
    }
}

pub(crate) fn empty(status: u16) -> ResponseSummary {
    response(status, None, b"")
}

pub(crate) fn stream() -> ResponseSummary {
    ResponseSummary {
        stream: true,
        content_type: Some("text/event-stream".to_owned()),
        ..empty(200)
    }
}

/// The handshake of a session that settles on 2025-06-18, as the client and the server saw it.
pub(crate) fn settled(made: &mut Made, id: &str) {
    let body = json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}});
    let answer = || response(200, Some(id), body.to_string().as_bytes());
    made.serves(named("initialize", None), answer());
    made.gets(named("initialize", None), answer());
    made.session(id, None);
}

pub(crate) mod no_response_on_get {
    use super::*;

    const ID: &str = "srv-no-response-on-get";

    pub(crate) fn answered_there() -> Made {
        let mut made = Made::default();
        let listening = made.get("S", None);
        made.post("S", &call(1), None);
        made.event(listening, "1", &result(1));
        made
    }

    #[test]
    fn a_call_is_answered_on_the_get_stream() {
        answered_there().is_violated(ID);
    }

    #[test]
    fn a_stream_that_is_resumed_brings_responses() {
        let mut made = Made::default();
        let listening = made.get("S", None);
        made.event(
            listening,
            "0",
            &json!({"jsonrpc": "2.0", "method": "notifications/x"}),
        );
        let resumed = made.get("S", Some("3"));
        made.event(resumed, "4", &result(1));
        made.holds(ID);
    }
}

pub(crate) mod no_id_is_400 {
    use super::*;

    const ID: &str = "srv-no-id-is-400";

    pub(crate) fn not_found() -> Made {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(named("GET", None), empty(404));
        made
    }

    #[test]
    fn refused_otherwise() {
        not_found().is_violated(ID);
    }

    #[test]
    fn a_server_that_serves_it_requires_none() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(named("tools/list", None), empty(200));
        made.serves(named("GET", None), empty(405));
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }
}

pub(crate) mod assumes_version {
    use super::*;

    const ID: &str = "srv-assumes-version";

    pub(crate) fn refused() -> Made {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(named("tools/list", Some("S")), empty(400));
        made
    }

    #[test]
    fn a_missing_header_is_refused() {
        refused().is_violated(ID);
    }

    #[test]
    fn the_session_has_ended() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(named("tools/list", Some("S")), empty(200));
        made.session("S", Some(SessionEnd::Expired));
        made.serves(named("tools/list", Some("S")), empty(400));
        made.holds(ID);
    }
}

mod live_session {
    use super::*;

    const ID: &str = "srv-live-session-is-served";

    #[test]
    fn a_response_that_was_asked_for_is_refused() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(versioned("tools/list", Some("S"), "2025-06-18"), empty(200));
        made.serves(versioned("tools/list", Some("S"), "2025-06-18"), empty(400));
        made.is_violated(ID);
    }

    #[test]
    fn what_was_never_served_may_be_bad() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(versioned("tools/list", Some("S"), "2025-06-18"), empty(400));
        made.serves(versioned("tools/list", Some("S"), "2025-06-18"), empty(200));
        made.holds(ID);
    }

    #[test]
    fn a_delete_ends_it_itself() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.serves(named("DELETE", Some("S")), empty(200));
        made.session("S", Some(SessionEnd::Deleted));
        made.serves(named("DELETE", Some("S")), empty(404));
        made.holds(ID);
    }
}

pub(crate) mod end_to_end {
    use super::*;

    const ID: &str = "hop-end-to-end";

    pub(crate) fn id_dropped() -> Made {
        let mut made = Made::default();
        let asked = || named("initialize", None);
        let answers = [response(200, Some("S"), b"{}"), response(200, None, b"{}")];
        made.relays([asked(), asked()], answers);
        made
    }

    #[test]
    fn the_id_of_the_answer_is_dropped() {
        id_dropped().is_violated(ID);
    }

    #[test]
    fn the_id_of_the_request_is_dropped() {
        let mut made = Made::default();
        let asked = [named("GET", Some("S")), named("GET", None)];
        made.relays(asked, [empty(400), empty(400)]);
        made.is_violated(ID);
    }

    #[test]
    fn a_202_becomes_500() {
        let mut made = Made::default();
        let asked = || named("notifications/initialized", Some("S"));
        made.relays([asked(), asked()], [empty(202), empty(500)]);
        made.is_violated(ID);
    }
}

pub(crate) mod version {
    use super::*;

    const ID: &str = "cli-version-is-negotiated";

    pub(crate) fn its_own() -> Made {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.gets(versioned("tools/list", Some("S"), "2025-11-25"), empty(200));
        made
    }

    #[test]
    fn what_it_offered_and_not_what_was_settled_on() {
        its_own().is_violated(ID);
    }

    #[test]
    fn what_was_settled_on() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.gets(versioned("tools/list", Some("S"), "2025-06-18"), empty(200));
        made.holds(ID);
    }
}

pub(crate) mod stream_trouble {
    use super::*;

    const ID: &str = "cli-stream-trouble-spares-calls";

    fn calls(made: &mut Made, is_sent: bool, outcome: CallOutcome) {
        calls_by(made, 1, is_sent, outcome);
    }

    fn calls_by(made: &mut Made, nth: u8, is_sent: bool, outcome: CallOutcome) {
        let (server, call) = (made.server(), CallId(9));
        made.note(Event::CallBegan {
            call,
            server,
            method: "tools/call".to_owned(),
            tool: "search_nodes".to_owned(),
            nonce: "nonce".to_owned(),
            during_outage: false,
            nth,
        });
        if is_sent {
            let asked = made.asks_for("tools/call", Some("S"), Some(9));
            made.answered(asked, 200, None);
        }
        made.note(Event::CallEnded { call, outcome });
    }

    fn failed() -> CallOutcome {
        CallOutcome::Error("not connected".to_owned())
    }

    fn after_a_404() -> Made {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.exchange("GET", Some("S"), 404);
        made
    }

    pub(crate) fn never_sent() -> Made {
        let mut made = after_a_404();
        calls(&mut made, false, failed());
        made
    }

    #[test]
    fn a_call_after_a_refused_get_is_not_sent() {
        never_sent().is_violated(ID);
    }

    /// What another of the user's client objects asks is no matter of this one's stream.
    #[test]
    fn the_call_of_another_object_fails_of_something_else() {
        let mut made = after_a_404();
        calls_by(&mut made, 2, false, failed());
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }

    #[test]
    fn a_call_goes_on() {
        let mut made = after_a_404();
        calls(&mut made, true, CallOutcome::Ok);
        made.holds(ID);
    }

    #[test]
    fn the_session_was_gone() {
        let mut made = Made::default();
        settled(&mut made, "S");
        made.session("S", Some(SessionEnd::Expired));
        made.exchange("GET", Some("S"), 404);
        calls(&mut made, false, failed());
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }
}

pub(crate) mod gives_up {
    use super::*;

    const ID: &str = "cli-ends-what-it-gives-up";

    fn twice(between: impl Fn(&mut Made)) -> Made {
        let mut made = Made::default();
        settled(&mut made, "S");
        between(&mut made);
        settled(&mut made, "T");
        made
    }

    fn later(mut made: Made) -> Made {
        made.wait(60_000);
        made.gets(named("tools/list", Some("T")), empty(200));
        made
    }

    pub(crate) fn leaked() -> Made {
        later(twice(|_| ()))
    }

    #[test]
    fn a_second_session_and_no_delete() {
        leaked().is_violated(ID);
    }

    #[test]
    fn deleted_in_time() {
        let mut made = twice(|_| ());
        made.exchange("DELETE", Some("S"), 200);
        later(made).holds(ID);
    }

    #[test]
    fn told_that_it_is_lost() {
        later(twice(|made| made.exchange("tools/list", Some("S"), 404))).holds(ID);
    }

    #[test]
    fn another_object_has_a_session_of_its_own() {
        let made = later(twice(|made| made.object = 1));
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }
}
