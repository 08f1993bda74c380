//! The sessions of a gateway: whose ids go where, and what a lost one means.

use super::*;

fn request(method: Method, session: Option<&str>, body: &str) -> Request {
    let mut headers = Headers::new().with("Accept", "text/event-stream");
    if let Some(session) = session {
        headers.push("Mcp-Session-Id", session);
    }
    Request {
        method,
        path: "/mcp".to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{}}"#;

fn id() -> String {
    "G1".to_owned()
}

/// A gateway with one session, G1 outside and S1 inside.
fn opened(lost: LostSession) -> Sessions {
    let mut sessions = Sessions::new(lost);
    let initialize = request(Method::Post, None, INITIALIZE);
    let after = sessions.answered(&initialize, 200, Some("S1"), false, id);
    assert_eq!(after, After::Pass(Some("G1".to_owned())));
    sessions
}

fn sent_on(sessions: &mut Sessions, request: &Request) -> Option<Request> {
    match sessions.route(request) {
        Route::Onward(request) => Some(request),
        Route::Refused(response) => {
            assert_eq!(response.status, 404);
            None
        }
    }
}

#[test]
fn each_side_sees_its_own_id() {
    let mut sessions = opened(LostSession::PassOn);
    let call = request(Method::Post, Some("G1"), CALL);
    let onward = sent_on(&mut sessions, &call).expect("known");
    assert_eq!(onward.session_id(), Some("S1"));
    assert_eq!(onward.body, call.body);
    let after = sessions.answered(&call, 200, Some("S1"), false, id);
    assert_eq!(after, After::Pass(Some("G1".to_owned())));
    // A server's own id is none of the gateway's.
    assert!(sent_on(&mut sessions, &request(Method::Get, Some("S1"), "")).is_none());
    // A server without sessions leaves its clients without one.
    let mut without = Sessions::new(LostSession::PassOn);
    let initialize = request(Method::Post, None, INITIALIZE);
    assert_eq!(
        without.answered(&initialize, 200, None, false, id),
        After::Pass(None)
    );
    assert_eq!(
        without.answered(&initialize, 400, Some("S"), false, id),
        After::Pass(None)
    );
}

#[test]
fn a_lost_session_means_what_was_chosen() {
    let call = request(Method::Post, Some("G1"), CALL);
    for (lost, after, lives) in [
        (LostSession::PassOn, After::Pass(None), false),
        (LostSession::Reinitialize, After::Renew, true),
        (LostSession::Answer500, After::Page(500), true),
        (LostSession::Answer502, After::Page(502), true),
    ] {
        let mut sessions = opened(lost);
        assert_eq!(
            sessions.answered(&call, 404, None, false, id),
            after,
            "{lost:?}"
        );
        assert_eq!(sent_on(&mut sessions, &call).is_some(), lives, "{lost:?}");
    }
    let mut sessions = opened(LostSession::Reinitialize);
    assert_eq!(
        sessions.answered(&call, 404, None, true, id),
        After::Pass(None)
    );
    assert_eq!(
        sessions.answered(&call, 503, None, false, id),
        After::Pass(None)
    );
}

#[test]
fn an_inner_session_is_opened_again_as_its_client_had_done() {
    let mut sessions = opened(LostSession::Reinitialize);
    let initialized = request(Method::Post, Some("G1"), INITIALIZED);
    sent_on(&mut sessions, &initialized);
    let renewed = |id: &str| request(Method::Post, Some(id), CALL);
    let handshake = sessions.handshake(&renewed("G1")).expect("it can be");
    assert_eq!(handshake.initialize.session_id(), None);
    assert_eq!(handshake.initialize.body, INITIALIZE.as_bytes());
    assert_eq!(handshake.initialized, Some(initialized));
    sessions.renewed("G1", "S2");
    let call = request(Method::Post, Some("G1"), CALL);
    let onward = sent_on(&mut sessions, &call).expect("known");
    assert_eq!(onward.session_id(), Some("S2"));
    assert!(sessions.handshake(&renewed("S1")).is_none());
}

#[test]
fn a_deleted_session_is_gone_on_both_sides() {
    let mut sessions = opened(LostSession::PassOn);
    let delete = request(Method::Delete, Some("G1"), "");
    let onward = sent_on(&mut sessions, &delete).expect("known");
    assert_eq!(onward.session_id(), Some("S1"));
    sessions.answered(&delete, 200, None, false, id);
    assert!(sent_on(&mut sessions, &delete).is_none());
    // Where nobody may end sessions it lives on.
    let mut sessions = opened(LostSession::PassOn);
    sessions.answered(&delete, 405, None, false, id);
    assert!(sent_on(&mut sessions, &delete).is_some());
}

/// The token that its client opened the session with may be good no more.
#[test]
fn an_inner_session_is_opened_again_with_the_token_of_now() {
    let with = |id: Option<&str>, body: &str, token: &str| {
        let mut request = request(Method::Post, id, body);
        request.headers.push("Authorization", token);
        request
    };
    let mut sessions = Sessions::new(LostSession::Reinitialize);
    let initialize = with(None, INITIALIZE, "Bearer old");
    sessions.answered(&initialize, 200, Some("S1"), false, || "G1".to_owned());
    let handshake = sessions.handshake(&with(Some("G1"), CALL, "Bearer new"));
    let initialize = handshake.expect("it can be").initialize;
    assert_eq!(initialize.headers.get("authorization"), Some("Bearer new"));
}

#[test]
fn a_lost_inner_session_is_not_opened_again_to_be_ended() {
    let mut sessions = opened(LostSession::Reinitialize);
    let delete = request(Method::Delete, Some("G1"), "");
    let id = || unreachable!("no session is opened");
    let after = sessions.answered(&delete, 404, None, false, id);
    assert_eq!(after, After::Pass(None));
    assert_eq!(sessions.inner("G1"), None);
}
