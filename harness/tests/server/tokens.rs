//! A server that asks for bearer tokens: on every request, as long as they are good, and whose its sessions are.

use serde_json::{Value, json};
use stalemate::journal::token::token;

use crate::bounds::like;
use crate::model_server::{Server, initialize, post};

const ANSWERS: &str = "\
answers:
  unauthorized: {status: 401, headers: {www-authenticate: Bearer}}
";

/// What is answered to a POST with that token.
fn send(server: &mut Server, session: Option<&str>, body: &Value, token: &str) -> u16 {
    let mut request = post(session, body);
    if !token.is_empty() {
        let shown = format!("Bearer {token}");
        request.headers.push("authorization", shown);
    }
    let (key, _) = server.request(request);
    server.got[&key].status
}

fn opening() -> Value {
    initialize("2025-06-18")
}

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
}

fn server(knobs: &str, answers: &str) -> Server {
    like("spec", &format!("tokens: {{{knobs}}}\n{ANSWERS}{answers}"))
}

#[test]
fn a_token_is_good_for_its_time_and_a_session_outlives_it() {
    let server = &mut server("lifetime: 5m", "");
    let (first, second) = (token(1, Some(300_000), "a"), token(2, Some(600_000), "b"));
    assert_eq!(send(server, None, &opening(), ""), 401, "none is shown");
    assert_eq!(send(server, None, &opening(), "t1"), 401, "it is no token");
    assert_eq!(send(server, None, &opening(), &first), 200);
    let id = server.live().remove(0);
    server.wait(299_999);
    assert_eq!(send(server, Some(&id), &list(), &first), 200);
    server.wait(1);
    assert_eq!(send(server, Some(&id), &list(), &first), 401);
    let again = send(server, Some(&id), &list(), &second);
    assert_eq!(again, 200, "the session is its user's");
}

#[test]
fn a_session_may_be_the_tokens() {
    let answer = "  foreign-session: {status: 403}\n";
    let server = &mut server("session-of: token", answer);
    let (first, second) = (token(1, None, "a"), token(2, None, "b"));
    send(server, None, &opening(), &first);
    let id = server.live().remove(0);
    assert_eq!(send(server, Some(&id), &list(), &second), 403);
    let still = send(server, Some(&id), &list(), &first);
    assert_eq!(still, 200, "it lives all the same");
    assert_eq!(send(server, Some("another"), &list(), &second), 404);
}
