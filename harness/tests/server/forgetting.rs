//! What is left of a stream when its peer is gone: it is taken up again only where streams can be resumed, and by who names
//! it.

use stalemate::server::Input;

use crate::bounds::like;
use crate::model_server::Server;
use crate::model_server::streams::{CHANGED, ids, messages};

/// Every GET has a stream of its own there (MULTI-01): without a cursor it takes up no other one.
#[test]
fn a_get_without_a_cursor_is_a_new_stream_where_each_has_its_own() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let first = server.stream(&id);
    server.abort(first);
    let second = server.stream(&id);
    assert_eq!(ids(&server, second), ["get-1/0"]);
    server.input(Input::Notify);
    assert_eq!(ids(&server, second), ["get-1/0", "get-1/1"]);
    let resumed = server.resume(&id, "get-0/0");
    assert_eq!(ids(&server, resumed), [""; 0], "that one heard nothing");
    // Where there is one stream for all of them, its events go on.
    let mut server = like(
        "spec",
        "sse: {get-streams: one}\nanswers: {get-second-stream: {status: 409}}",
    );
    let id = server.open_latest();
    let first = server.stream(&id);
    server.abort(first);
    let second = server.stream(&id);
    assert_eq!(ids(&server, second), ["get-0/1"]);
}

/// Ids alone keep nothing: the process still dies of an answer that nobody waits for, unless it can be resumed.
#[test]
fn events_with_ids_are_not_kept_where_nothing_is_resumed() {
    let ids_only =
        "post-event-id: 'post-${stream}/${event}', get-event-id: 'get-${stream}/${event}'";
    let named = format!("sse: {{{ids_only}}}");
    let resumed =
        format!("sse: {{{ids_only}, resume: {{keeps: 10}}}}\naccepts: [get-cursor-in-use]");
    for (rest, dies) in [(named, true), (resumed, false)] {
        let mut server = like("supergateway-3.4.3", &rest);
        let id = server.open();
        let call = server.slow(&id, 7, 1_000);
        server.abort(call);
        server.wait(1_000);
        assert_eq!(server.exit().is_some(), dies, "{rest}");
        let mut server = like("supergateway-3.4.3", &rest);
        let id = server.open();
        let first = server.get(&id);
        server.abort(first);
        server.input(Input::Notify);
        let again = server.get(&id);
        server.input(Input::Notify);
        let heard = if dies { "get-1/0" } else { "get-0/1" };
        assert_eq!(ids(&server, again), [heard], "{rest}");
    }
}

/// A server without sessions has nothing to remember a stream by.
#[test]
fn without_sessions_a_stream_is_forgotten_with_its_request() {
    let mut server = like(
        "spec",
        "sessions: {id: none}\nsse: {resume: {keeps: 10, scope: server}}",
    );
    let first = server.stream("any");
    server.input(Input::Notify);
    assert_eq!(messages(&server, first), [CHANGED]);
    server.abort(first);
    let second = server.resume("any", "get-0/0");
    assert_eq!(server.got[&second].status, 200);
    assert!(messages(&server, second).is_empty(), "it is a new stream");
    server.input(Input::Notify);
    assert_eq!(
        messages(&server, second),
        [CHANGED],
        "which hears what is new"
    );
}
