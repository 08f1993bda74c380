//! What outlives a process of the model server, and what servers do that are wrong on purpose.

use crate::model_server::streams::{CHANGED, LATEST, ids, messages};
use crate::model_server::{Server, initialize};
use serde_json::json;
use stalemate::registry::Registry;
use stalemate::server::{Durable, Input};

#[test]
fn durable_sessions_survive_a_restart_without_their_events() {
    let mut server = Server::durable("spec", Durable::Sessions);
    let id = server.open_latest();
    let subscribe = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe",
        "params": {"uri": "memory://knowledge-graph"}});
    server.call(&id, &subscribe);
    let stream = server.stream(&id);
    server.input(Input::Terminate);
    assert!(server.mortal().is_empty());
    assert_eq!(server.got[&stream].end, Some(true));
    server.restart();
    assert_eq!(server.live(), std::slice::from_ref(&id));
    let unknown = server.resume(&id, "get-0/0");
    assert_eq!(server.got[&unknown].status, 400);
    let again = server.stream(&id);
    assert_eq!(
        ids(&server, again),
        ["get-1/0"],
        "no id is used twice (RES-02)"
    );
    server.slow_call(&id, 2, 0);
    assert_eq!(
        messages(&server, again),
        ["notifications/resources/updated"]
    );
    assert_eq!(server.delete(&id).status, 200);
    server.restart();
    assert_eq!(server.list(&id).status, 404, "DELETE is durable too");
}

#[test]
fn durable_streams_survive_a_restart_with_their_events_and_without_their_calls() {
    let mut server = Server::durable("spec", Durable::Streams);
    let id = server.open_latest();
    let stream = server.stream(&id);
    let (done, cut) = (server.slow_call(&id, 7, 0), server.slow_call(&id, 8, 5_000));
    server.input(Input::Notify);
    assert_eq!(server.got[&done].end, Some(true));
    server.restart();
    let resumed = server.resume(&id, "get-0/0");
    assert_eq!(ids(&server, resumed), ["get-0/1"]);
    server.input(Input::Notify);
    assert_eq!(ids(&server, resumed), ["get-0/1", "get-0/2"]);
    let answered = server.resume(&id, "post-1/0");
    assert_eq!(messages(&server, answered), ["7"]);
    let never = server.resume(&id, "post-2/0");
    server.wait(10_000);
    assert_eq!(
        (server.got[&never].text(), server.got[&never].end),
        ("", None)
    );
    assert_eq!(
        (server.got[&stream].end, server.got[&cut].end),
        (None, None),
        "the process just died"
    );
}

#[test]
fn a_process_ends_the_sessions_that_are_not_durable() {
    let mut server = Server::new("spec");
    let id = server.open();
    assert_eq!(server.mortal(), std::slice::from_ref(&id));
    server.restart();
    assert_eq!(server.list(&id).status, 404);
}

#[test]
fn broken_server_resurrects() {
    let mut server = Server::new("broken/server-resurrects");
    let id = server.open();
    assert_eq!(server.delete(&id).status, 200);
    assert_eq!(server.list(&id).status, 200);
    server.restart();
    assert_eq!(server.list(&id).status, 200);
    let stream = server.get("never-issued");
    assert_eq!(server.got[&stream].status, 200);
}

#[test]
fn broken_server_answers_400_to_the_dead() {
    let mut server = Server::new("broken/server-400-for-dead");
    let id = server.open();
    server.input(Input::ExpireAll);
    let stream = server.get(&id);
    let initialized = server.post(Some(&id), &initialize(LATEST));
    for got in [
        server.list(&id),
        server.got[&stream].clone(),
        server.delete(&id),
        initialized,
    ] {
        assert_eq!(got.status, 400);
    }
}

#[test]
fn broken_server_broadcasts() {
    let mut server = Server::new("broken/server-broadcasts");
    let (id, other) = (server.open_latest(), server.open_latest());
    let (first, second) = (server.stream(&id), server.stream(&id));
    let call = server.slow_call(&id, 7, 1_000);
    let others = server.stream(&other);
    server.input(Input::Notify);
    for key in [first, second, call, others] {
        assert_eq!(messages(&server, key), [CHANGED]);
    }
}

#[test]
fn broken_server_replays_other_streams() {
    for (dialect, replayed) in [("spec", 1), ("broken/server-replays-other-streams", 3)] {
        let mut server = Server::new(dialect);
        let id = server.open_latest();
        let stream = server.stream(&id);
        server.slow_call(&id, 7, 0);
        server.abort(stream);
        server.input(Input::Notify);
        let resumed = server.resume(&id, "get-0/0");
        assert_eq!(ids(&server, resumed).len(), replayed, "{dialect}");
        server.input(Input::Notify);
        assert_eq!(
            ids(&server, resumed).len(),
            replayed + 1,
            "{dialect} goes on"
        );
    }
}

#[test]
fn broken_server_leaks_sessions() {
    let mut server = Server::new("broken/server-leaks-sessions");
    let (id, other) = (server.open_latest(), server.open_latest());
    let stream = server.stream(&id);
    let subscribe = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe",
        "params": {"uri": "memory://knowledge-graph"}});
    server.call(&other, &subscribe);
    let secret = server.slow_call(&other, 77, 0);
    assert_eq!(messages(&server, secret), ["77"]);
    let heard = messages(&server, stream);
    assert_eq!(
        heard,
        ["notifications/resources/updated"],
        "it never subscribed"
    );
    let foreign = server.resume(&id, "post-2/0");
    assert!(
        messages(&server, foreign).contains(&"77".to_owned()),
        "the answer of another session"
    );
}

#[test]
fn broken_names_are_not_listed() {
    let registry = Registry::builtin();
    let (listed, others): (Vec<_>, Vec<_>) =
        registry.dialects().iter().partition(|d| d.is_listed());
    assert!(listed.iter().all(|d| !d.name.starts_with("broken/")));
    assert!(others.iter().all(|d| d.name.starts_with("broken/server-")));
}
