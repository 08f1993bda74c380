//! Streams of the model server: what goes out on which, how they are resumed (RES-04 to RES-06), and how the real servers
//! differ in it. What a restart leaves of them, and what servers do that are wrong on purpose, is in `variants`.

use crate::model_server::streams::{CHANGED, LATEST, events, ids, messages};
use crate::model_server::{self, Server, initialize};
use serde_json::{Value, json};
use stalemate::journal::SessionEnd;
use stalemate::server::Input;

#[test]
fn spec_resumes_a_post_where_it_was_cut_and_ends_it_with_its_answer() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let call = server.slow_call(&id, 7, 2_000);
    assert_eq!(ids(&server, call), ["post-1/0"], "primed (POLL-01)");
    let primed = &events(&server.got[&call])[0];
    assert_eq!(
        (primed.data.as_deref(), primed.retry_ms),
        (Some(""), Some(2_000))
    );
    server.abort(call);
    server.wait(500);
    let resumed = server.resume(&id, "post-1/0");
    assert_eq!(
        (server.got[&resumed].status, server.got[&resumed].text()),
        (200, "")
    );
    server.wait(1_500);
    assert_eq!(ids(&server, resumed), ["post-1/1"]);
    assert_eq!(messages(&server, resumed), ["7"]);
    assert_eq!(server.got[&resumed].end, Some(true));
    // Whoever comes later gets it too, and learns that there is no more.
    let late = server.resume(&id, "post-1/0");
    assert_eq!(
        (messages(&server, late), server.got[&late].end),
        (vec!["7".to_owned()], Some(true))
    );
    let later = server.resume(&id, "post-1/1");
    assert_eq!(
        (server.got[&later].text(), server.got[&later].end),
        ("", Some(true))
    );
}

#[test]
fn an_answer_that_nobody_waited_for_is_kept() {
    for (dialect, first) in [("spec", "post-1/0"), ("spec-polling", "post-1/0")] {
        let mut server = Server::new(dialect);
        let id = server.open_latest();
        let call = server.slow_call(&id, 7, 100);
        server.abort(call);
        server.wait(5_000);
        let resumed = server.resume(&id, first);
        assert_eq!(messages(&server, resumed), ["7"], "{dialect}");
        assert_eq!(server.got[&resumed].end, Some(true), "{dialect}");
    }
}

#[test]
fn polling_closes_the_connection_and_not_the_stream() {
    let mut server = Server::new("spec-polling");
    let id = server.open_latest();
    let call = server.slow_call(&id, 7, 1_000);
    assert_eq!(
        (ids(&server, call), server.got[&call].end),
        (vec!["post-1/0".to_owned()], Some(true))
    );
    let poll = server.resume(&id, "post-1/0");
    assert_eq!(server.got[&poll].end, None);
    server.wait(1_000);
    assert_eq!(
        (messages(&server, poll), server.got[&poll].end),
        (vec!["7".to_owned()], Some(true))
    );
    // Older clients cannot poll: they are not primed, and get their answer where they asked.
    let old = server.open();
    let got = server.list(&old);
    assert_eq!(got.end, Some(true));
    assert!(got.text().contains("\"tools\""), "{}", got.text());
}

#[test]
fn spec_sends_a_message_on_one_stream_of_several() {
    let mut server = Server::new("spec");
    let (id, other) = (server.open_latest(), server.open_latest());
    let (first, second) = (server.stream(&id), server.stream(&id));
    let others = server.stream(&other);
    assert_eq!(ids(&server, second), ["get-1/0"]);
    server.input(Input::Notify);
    assert!(messages(&server, first).is_empty());
    assert_eq!(messages(&server, second), [CHANGED]);
    assert_eq!(messages(&server, others), [CHANGED], "its own");
    server.abort(second);
    server.input(Input::Notify);
    assert_eq!(
        messages(&server, first),
        [CHANGED],
        "it is the newest that is connected"
    );
    server.abort(first);
    server.input(Input::Notify);
    let resumed = server.resume(&id, "get-1/1");
    assert_eq!(
        ids(&server, resumed),
        ["get-1/2"],
        "what it missed, and nothing of the other"
    );
    server.input(Input::Notify);
    assert_eq!(
        ids(&server, resumed),
        ["get-1/2", "get-1/3"],
        "and it goes on"
    );
}

#[test]
fn event_ids_are_unique_in_the_session() {
    for dialect in ["spec", "server-everything", "typescript-sdk-resumable"] {
        let mut server = Server::new(dialect);
        let id = server.open_latest();
        let mut all = Vec::new();
        let stream = server.stream(&id);
        for n in 0..4 {
            let call = server.slow_call(&id, n, 0);
            server.input(Input::Notify);
            all.extend(ids(&server, call));
        }
        all.extend(ids(&server, stream));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{dialect}: {all:?}");
        assert!(count >= 12, "{dialect}: {all:?}");
    }
}

#[test]
fn the_oldest_events_are_forgotten() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let stream = server.stream(&id);
    for _ in 0..1_000 {
        server.input(Input::Notify);
    }
    server.abort(stream);
    let forgotten = server.resume(&id, "get-0/0");
    assert_eq!(server.got[&forgotten].status, 400);
    let resumed = server.resume(&id, "get-0/999");
    assert_eq!(ids(&server, resumed), ["get-0/1000"]);
}

#[test]
fn a_second_connection_to_a_stream() {
    // The specification's server lets it take over, the TypeScript SDK refuses it, the Rust SDK takes over a call's.
    for (dialect, status, former) in [
        ("spec", 200, Some(true)),
        ("typescript-sdk-resumable", 409, None),
        ("rmcp", 200, Some(true)),
    ] {
        let mut server = Server::new(dialect);
        let id = server.open_latest();
        let call = server.slow_call(&id, 7, 1_000);
        let cursor = ids(&server, call)[0].clone();
        let second = server.resume(&id, &cursor);
        assert_eq!(server.got[&second].status, status, "{dialect}");
        assert_eq!(server.got[&call].end, former, "{dialect}");
        server.wait(1_000);
        let answered = if status == 200 { second } else { call };
        assert_eq!(messages(&server, answered), ["7"], "{dialect}");
    }
}

#[test]
fn rmcp_sends_the_event_that_the_cursor_names_again_and_forgets_an_answered_stream() {
    let mut server = Server::new("rmcp");
    let id = server.open_latest();
    let call = server.slow_call(&id, 7, 900);
    server.abort(call);
    server.wait(300);
    let resumed = server.resume(&id, "0/0");
    server.wait(600);
    assert!(
        server.got[&resumed]
            .text()
            .starts_with("data: \nid: 0/0\nretry: 3000\n\ndata: {"),
        "{}",
        server.got[&resumed].text()
    );
    assert_eq!(
        (messages(&server, resumed), server.got[&resumed].end),
        (vec!["7".to_owned()], Some(true))
    );
    let lost = server.slow_call(&id, 8, 900);
    server.abort(lost);
    server.wait(1_000);
    let late = server.resume(&id, "0/1");
    let got = &server.got[&late];
    assert_eq!(
        (got.status, got.text(), got.end),
        (200, "", Some(true)),
        "the answer is lost"
    );
}

#[test]
fn rmcp_tells_the_first_stream_only_and_a_new_first_one_everything() {
    let mut server = Server::new("rmcp");
    let id = server.open_latest();
    server.input(Input::Notify);
    let first = server.stream(&id);
    assert_eq!(
        ids(&server, first),
        ["0", "0"],
        "priming, and what waited for it"
    );
    let shadow = server.stream(&id);
    server.input(Input::Notify);
    assert_eq!(messages(&server, first), [CHANGED, CHANGED]);
    assert!(messages(&server, shadow).is_empty());
    server.abort(first);
    server.input(Input::Notify);
    assert!(
        messages(&server, shadow).is_empty(),
        "it never becomes the first"
    );
    let second = server.stream(&id);
    assert_eq!(
        ids(&server, second),
        ["0", "0", "1", "2"],
        "all of it again"
    );
    server.abort(second);
    let resumed = server.resume(&id, "1");
    assert_eq!(ids(&server, resumed), ["1", "2"]);
    let again = server.resume(&id, "1");
    assert!(ids(&server, again).is_empty(), "the first is in use");
    server.abort(resumed);
    let primed_only = server.resume(&id, "0");
    assert_eq!(
        ids(&server, primed_only),
        ["0", "1", "2"],
        "the cursor of the priming event"
    );
}

#[test]
fn rmcp_ends_a_session_under_an_open_stream() {
    let mut server = Server::new("rmcp");
    let id = server.open_latest();
    let stream = server.stream(&id);
    server.wait(200_000);
    assert_eq!(server.list(&id).status, 200);
    server.wait(299_999);
    assert_eq!(server.live(), std::slice::from_ref(&id));
    server.wait(1);
    assert_eq!(server.ended(), [(id.clone(), SessionEnd::Expired)]);
    assert_eq!(server.got[&stream].end, Some(true));
    assert!(
        server.got[&stream].text().ends_with(":\n\n:\n\n"),
        "keepalives do not keep it"
    );
    assert_eq!(server.list(&id).status, 404);
}

#[test]
fn the_reference_server_replays_all_streams_and_does_not_go_on() {
    let mut server = Server::new("server-everything");
    let id = server.open_latest();
    let stream = server.stream(&id);
    assert_eq!(
        server.got[&stream].text(),
        "",
        "its GET streams are not primed"
    );
    server.input(Input::Notify);
    let cursor = ids(&server, stream)[0].clone();
    let call = server.slow_call(&id, 7, 0);
    assert!(
        server.got[&call].text().starts_with("id: "),
        "{}",
        server.got[&call].text()
    );
    server.abort(stream);
    let resumed = server.resume(&id, &cursor);
    let replayed = events(&server.got[&resumed]);
    let data: Vec<&str> = replayed.iter().filter_map(|e| e.data.as_deref()).collect();
    assert_eq!(data.len(), 2);
    assert_eq!(data[0], "{}", "the priming event of the call, as a message");
    assert!(
        data[1].contains("\"id\":7"),
        "the answer of the call: {}",
        data[1]
    );
    server.input(Input::Notify);
    assert_eq!(events(&server.got[&resumed]).len(), 2);
    assert_eq!(server.got[&resumed].end, None);
    let unknown = server.resume(&id, "nope");
    assert_eq!(
        (server.got[&unknown].status, server.got[&unknown].end),
        (200, None)
    );
}

#[test]
fn a_single_session_is_the_only_one() {
    let mut server = Server::new("typescript-sdk");
    assert_eq!(server.list("stale").status, 400, "not initialized");
    let id = server.open();
    assert_eq!(server.post(None, &initialize(LATEST)).status, 400);
    assert_eq!(server.delete(&id).status, 200);
    for got in [server.list(&id), server.post(None, &initialize(LATEST))] {
        assert_eq!((got.status, got.body.len()), (404, 81), "closed for good");
    }
    server.restart();
    // The stale id does not matter to an initialize, nor does its absence to another.
    let again = server.post(Some(&id), &initialize(LATEST));
    assert_eq!((again.status, server.live().len()), (200, 1));
    assert_eq!(server.list(&id).status, 404);
}

#[test]
fn python_mints_an_id_that_is_dead() {
    for dialect in ["python-sdk", "python-sdk-1"] {
        let mut server = Server::new(dialect);
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let got = server.post(None, &list);
        let minted = got.header("mcp-session-id").expect("an id").to_owned();
        assert_eq!(got.status, 400);
        assert_eq!(
            server.ended(),
            [(minted.clone(), SessionEnd::RefusalKilledIt)]
        );
        assert_eq!(server.list(&minted).status, 404, "{dialect}");
    }
}

#[test]
fn a_cancelled_call_ends_as_the_server_ends_it() {
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    for (dialect, words, end) in [
        ("typescript-sdk", None, None),
        ("python-sdk", Some("\"code\":-32800"), Some(true)),
        ("python-sdk-1", Some("\"code\":0,"), Some(true)),
        ("rmcp", None, Some(true)),
    ] {
        let mut server = Server::new(dialect);
        let id = server.open();
        let call = server.slow(&id, 7, 5_000);
        let head = server.got[&call].text().to_owned();
        assert_eq!(server.post(Some(&id), &cancel).status, 202, "{dialect}");
        let got = server.got[&call].clone();
        assert_eq!(got.end, end, "{dialect}");
        match words {
            Some(words) => assert!(got.text().contains(words), "{dialect}: {}", got.text()),
            None => assert_eq!(got.text(), head, "{dialect}"),
        }
        server.wait(10_000);
        assert_eq!(server.got[&call], got, "{dialect}: nothing more");
    }
}

#[test]
fn progress_is_told_every_second_on_the_calls_own_stream() {
    let mut server = Server::new("spec");
    let id = server.open_latest();
    let stream = server.stream(&id);
    let mut body = model_server::slow_call(7, 3_000);
    body["params"]["arguments"]["progress"] = json!(true);
    let silent = server.call(&id, &body);
    body["params"]["_meta"] = json!({"progressToken": "t-1"});
    let call = server.call(&id, &body);
    server.wait(3_000);
    let told = "notifications/progress";
    assert_eq!(messages(&server, call), [told, told, "7"]);
    assert_eq!(messages(&server, silent), ["7"], "nobody asked");
    assert!(messages(&server, stream).is_empty());
    let events = events(&server.got[&call]);
    let params: Vec<Value> = events[1..3]
        .iter()
        .map(|e| serde_json::from_str::<Value>(e.data.as_deref().unwrap()).unwrap())
        .map(|m| m["params"].clone())
        .collect();
    let expected = |n| json!({"progressToken": "t-1", "progress": n, "total": 3});
    assert_eq!(params, [expected(1), expected(2)]);
    server.wait(5_000);
    assert_eq!(
        messages(&server, call).len(),
        3,
        "PROG-01: it stops at the end"
    );
}

#[test]
fn notifications_are_spelled_as_the_server_spells_them() {
    for (dialect, text) in [
        (
            "supergateway-3.4.3",
            "event: message\ndata: {\"method\":\"notifications/tools/list_changed\",\"jsonrpc\":\"2.0\"}\n\n",
        ),
        (
            "python-sdk",
            "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\r\n\r\n",
        ),
    ] {
        let mut server = Server::new(dialect);
        let id = server.open();
        server.input(Input::Notify);
        let stream = server.get(&id);
        assert_eq!(
            server.got[&stream].text(),
            "",
            "{dialect}: what nobody heard is lost"
        );
        server.input(Input::Notify);
        assert_eq!(server.got[&stream].text(), text, "{dialect}");
    }
}
