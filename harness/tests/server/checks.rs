//! What the checks of a dialect ask, each by itself, and what a dialect must say of them.

use serde_json::json;

use crate::bounds::like;
use crate::dialect_format::{TEXTS, parse};
use crate::model_server::streams::versioned;
use crate::model_server::{Server, post};

/// What is answered to a list of the tools that names that session and that revision.
fn listed(server: &mut Server, session: Option<&str>, revision: &str) -> (u16, String) {
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let (key, _) = server.request(versioned(post(session, &list), revision));
    let got = &server.got[&key];
    (got.status, got.text().to_owned())
}

/// The transport of the Python SDK's first major version looks for an id before it looks at the revision.
#[test]
fn who_names_no_session_is_told_so_before_the_revision_is_looked_at() {
    let mut server = Server::new("python-sdk-1");
    let id = server.open();
    let (status, text) = listed(&mut server, None, "2099-01-01");
    assert_eq!(status, 400);
    assert!(text.contains("Bad Request: Missing session ID"), "{text}");
    let (status, text) = listed(&mut server, Some(&id), "2099-01-01");
    assert_eq!(status, 400);
    let unsupported = "Unsupported protocol version: 2099-01-01";
    assert!(text.contains(unsupported), "{text}");
    let (status, _) = listed(&mut server, Some(&id), "2025-06-18");
    assert_eq!(status, 200);
}

/// Whether the session is known is another check, which may come later.
#[test]
fn whether_a_session_is_named_says_nothing_of_whether_it_is_known() {
    let mut server = like(
        "python-sdk-1",
        "checks: [session-named, version, session-known]",
    );
    let (status, text) = listed(&mut server, Some("stale"), "2099-01-01");
    assert_eq!(status, 400);
    assert!(text.contains("Unsupported protocol version"), "{text}");
    let (status, text) = listed(&mut server, Some("stale"), "2025-06-18");
    assert_eq!(status, 404);
    assert!(text.contains("Session not found"), "{text}");
    let (_, text) = listed(&mut server, None, "2099-01-01");
    assert!(text.contains("Missing session ID"), "{text}");
}

/// Every GET is refused there before anybody asks for its session.
#[test]
fn without_get_streams_there_is_nothing_to_say_of_the_sessions_of_gets() {
    let served = [
        "  get-unknown-session: *unknown\n",
        "  get-without-session: *missing\n",
        "  get-wrong-accept: *not-acceptable\n",
    ];
    let accepted = "get-second-stream, get-unknown-cursor, ";
    let mut text = TEXTS.replace("  get-event-id: ${event}\n", "  get-streams: none\n");
    for part in served.into_iter().chain([accepted]) {
        assert!(text.contains(part), "{part}");
        text = text.replace(part, "");
    }
    if let Err(errors) = parse(&text) {
        panic!("{errors}");
    }
    for part in served {
        let more = text.replace("hazards:", &format!("{part}hazards:"));
        let errors = parse(&more).expect_err("it cannot happen").to_string();
        let name = part.trim().split(':').next().expect("a name");
        let expected = format!("`{name}` cannot happen to this server");
        assert!(errors.contains(&expected), "{errors}");
    }
}
