//! What lets the idle clock of a session run on, what stops it, and what does not come back when its session is over.

use stalemate::journal::SessionEnd;
use stalemate::server::{Demand, Input};

use crate::bounds::like;
use crate::model_server::Server;
use crate::model_server::streams::messages;

/// A server whose sessions rest for 10 s while no call of theirs runs.
fn by_calls() -> Server {
    like("spec", "sessions: {idle-timeout: 10s, idle-clock: calls}")
}

#[test]
fn a_stream_that_ends_under_a_running_call_starts_no_clock() {
    let mut server = by_calls();
    let id = server.open();
    let call = server.slow(&id, 7, 25_000);
    let stream = server.get(&id);
    server.abort(stream);
    server.wait(25_000);
    assert_eq!(server.live(), std::slice::from_ref(&id));
    assert_eq!(messages(&server, call), ["7"]);
    server.wait(9_999);
    assert_eq!(server.live(), [id], "it rests since the call");
    server.wait(1);
    assert!(server.live().is_empty());
}

/// A stream that is open is no call, and neither is what goes out on it.
#[test]
fn a_session_without_a_call_rests_whatever_its_stream_does() {
    for happens in [Some(Input::Notify), Some(Input::Demand(Demand::Ping)), None] {
        let mut server = by_calls();
        let id = server.open();
        let stream = server.get(&id);
        server.wait(6_000);
        let abort = Input::Aborted { key: stream };
        server.input(happens.clone().unwrap_or(abort));
        server.wait(3_999);
        assert_eq!(server.live(), std::slice::from_ref(&id), "{happens:?}");
        server.wait(1);
        let expired = [(id, SessionEnd::Expired)];
        assert_eq!(server.ended(), expired, "{happens:?}");
    }
}

/// A session that was deleted is gone, also for the call that still runs in it (SES-07b).
#[test]
fn a_call_that_ends_brings_no_session_back() {
    for (dialect, comes_back) in [("spec", false), ("broken/server-revives", true)] {
        let mut server = Server::new(dialect);
        let id = server.open();
        server.slow(&id, 7, 5_000);
        assert_eq!(server.delete(&id).status, 200);
        assert!(server.live().is_empty(), "{dialect}");
        server.wait(5_000);
        let status = if comes_back { 200 } else { 404 };
        assert_eq!(server.list(&id).status, status, "{dialect}: deleted");
        let mut server = Server::new(dialect);
        let id = server.open();
        server.slow(&id, 7, 5_000);
        server.input(Input::ExpireAll);
        server.wait(5_000);
        assert_eq!(server.list(&id).status, 404, "{dialect}: expired");
    }
}
