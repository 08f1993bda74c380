//! The models of the official SDKs' clients do what the programs themselves did on loopback: `@modelcontextprotocol/sdk`
//! 1.32.2 and `@modelcontextprotocol/client` 2.4.0 on Node.js 20, `mcp` 1.30.0 and 2.3.0 on Python 3.11. The second call of a
//! connection is answered in one odd way, then a third is made.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{Reply, World, gaps, paused};
use stalemate_clients::model::{Policy, sdks};
use tokio::time::{Instant, sleep, timeout};

/// What became of the second call, and with it of the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// It failed at once; the third was sent with the same id.
    Fails,
    /// It failed after a minute; the same.
    Waits,
    /// It had not ended after ten; the same.
    Hangs,
    /// It failed at once, and nothing was sent any more.
    Dies,
    /// It had not ended after ten, and nothing was sent any more.
    Leaves,
}

use Came::{Dies, Fails, Hangs, Leaves, Waits};

/// In the order of [`sdks`]: Python 1 and 2, TypeScript 1 and 2.
type Row = (&'static str, fn() -> Option<Reply>, [Came; 4]);

const SECOND_CALL: &[Row] = &[
    (
        "404",
        || Some(Reply::error(404, "Session not found")),
        [Fails, Fails, Fails, Fails],
    ),
    (
        "404 without JSON",
        || Some(Reply::Status(404, "text/plain", "Not Found".to_owned())),
        [Fails, Fails, Fails, Fails],
    ),
    (
        "400",
        || {
            Some(Reply::error(
                400,
                "Bad Request: No valid session ID provided",
            ))
        },
        [Leaves, Fails, Fails, Fails],
    ),
    (
        "502",
        || Some(Reply::Status(502, "text/html", "oops!".to_owned())),
        [Leaves, Fails, Fails, Fails],
    ),
    (
        "a connection that closes",
        || Some(Reply::RunThenClose),
        [Leaves, Dies, Fails, Fails],
    ),
    (
        "a stream that ends",
        || Some(Reply::RunThenEnd),
        [Hangs, Fails, Waits, Waits],
    ),
    (
        "a stream that is cut",
        || Some(Reply::CutLater("text/event-stream")),
        [Hangs, Fails, Waits, Waits],
    ),
    (
        "JSON that is cut",
        || Some(Reply::CutLater("application/json")),
        [Hangs, Dies, Fails, Fails],
    ),
];

/// The models with their places in a row.
fn each(test: impl AsyncFn(usize, &'static str, Policy)) {
    paused(async {
        for (n, (name, _, policy)) in sdks().into_iter().enumerate() {
            test(n, name, policy).await;
        }
    });
}

async fn second_call(world: &World) -> Came {
    world.call(1).await.expect("the first call");
    let began = Instant::now();
    let second = timeout(Duration::from_secs(600), world.call(2)).await;
    let took = began.elapsed().as_secs();
    world.server.script(|_| None);
    let sent = world.server.count("tools/call");
    let third = world.call(3).await;
    if world.server.count("tools/call") == sent {
        assert!(third.is_err());
        return match (second, took) {
            (Err(_), _) => Leaves,
            (Ok(Err(_)), 0) => Dies,
            (other, took) => panic!("{other:?} after {took} s"),
        };
    }
    let calls = world.server.all("tools/call");
    assert!(calls.iter().all(|c| c.session() == calls[0].session()));
    match (second, took) {
        (Err(_), _) => Hangs,
        (Ok(Err(_)), 0) => Fails,
        (Ok(Err(_)), 60) => Waits,
        (other, took) => panic!("{other:?} after {took} s"),
    }
}

#[test]
fn an_odd_answer_is_taken_as_the_programs_take_it() {
    each(async |n, name, policy| {
        for (what, reply, came) in SECOND_CALL {
            let world = World::pipes(policy.clone());
            world.connect().await;
            let reply = *reply;
            world.server.script(move |s| {
                let is_second = s.body.contains(r#""nonce":2}"#);
                is_second.then(reply).flatten()
            });
            assert_eq!(second_call(&world).await, came[n], "{name}, {what}");
        }
    });
}

#[test]
fn a_refused_connection_ends_the_python_ones() {
    each(async |n, name, policy| {
        let world = World::pipes(policy);
        world.connect().await;
        world.call(1).await.expect("the first call");
        world.server.cut_all();
        sleep(Duration::from_millis(10)).await;
        world.dials.refuse.store(1, Ordering::Relaxed);
        let second = timeout(Duration::from_secs(600), world.call(2)).await;
        assert_eq!(second.is_err(), n == 0, "{name}: {second:?}");
        assert!(!matches!(second, Ok(Ok(_))), "{name}: no connection");
        let third = world.call(3).await;
        assert_eq!(third.is_ok(), n >= 2, "{name}: {third:?}");
    });
}

/// How often a GET is sent, and with which waits in milliseconds, in 10 s.
async fn gets(policy: Policy, reply: impl Fn(usize) -> Option<Reply> + 'static) -> Vec<u128> {
    let world = World::pipes(policy);
    let mut count = 0;
    world.server.script(move |s| {
        (s.method == "GET")
            .then(|| {
                count += 1;
                reply(count)
            })
            .flatten()
    });
    world.client.connect().await.expect("it connects");
    sleep(Duration::from_secs(10)).await;
    gaps(&world.server.all("GET"))
}

#[test]
fn a_refused_stream_is_asked_for_twice_by_the_python_ones() {
    for status in [400, 405] {
        each(async |n, name, policy| {
            let waits = gets(policy, move |_| {
                Some(Reply::Status(status, "text/plain", String::new()))
            });
            let expected: &[u128] = if n < 2 { &[1000] } else { &[] };
            assert_eq!(waits.await, expected, "{name}, {status}");
        });
    }
}

#[test]
fn a_stream_that_ends_at_once_is_opened_each_second_for_ever() {
    each(async |_, name, policy| {
        let waits = gets(policy, |_| Some(Reply::Events(String::new()))).await;
        assert_eq!(waits, [1000; 9], "{name}");
    });
}

#[test]
fn a_stream_that_breaks_each_time_ends_the_patience_of_the_python_ones() {
    each(async |n, name, policy| {
        let waits = gets(policy, |_| Some(Reply::CutLater("text/event-stream"))).await;
        assert_eq!(waits.len(), if n < 2 { 1 } else { 9 }, "{name}");
    });
}

#[test]
fn a_stream_is_given_up_after_two_refusals() {
    each(async |n, name, policy| {
        let waits = gets(policy, |count| {
            Some(match count {
                1 => Reply::Events(String::new()),
                _ => Reply::error(404, "Session not found"),
            })
        });
        let expected = if n < 2 { [1000, 1000] } else { [1000, 1500] };
        assert_eq!(waits.await, expected, "{name}");
    });
}

/// The rest of a call's stream is asked for twice; then each takes it as a stream that ended.
#[test]
fn a_stream_that_was_primed_is_resumed_twice() {
    each(async |n, name, policy| {
        let world = World::pipes(policy);
        world.connect().await;
        world.server.script(|s| match s.method.as_str() {
            "GET" => Some(Reply::error(404, "Session not found")),
            _ => s
                .body
                .contains(r#""nonce":2}"#)
                .then(|| Reply::Events("id: 1\ndata:\n\n".to_owned())),
        });
        world.call(1).await.expect("the first call");
        let began = Instant::now();
        let second = timeout(Duration::from_secs(600), world.call(2)).await;
        let gets = world.server.all("GET").into_iter();
        let resumed = gets.filter(|g| g.header("last-event-id") == Some("1"));
        assert_eq!(resumed.count(), 2, "{name}");
        let (is_over, secs) = [(false, 600), (true, 2), (true, 60), (true, 60)][n];
        assert_eq!(second.is_ok(), is_over, "{name}");
        assert_eq!(began.elapsed().as_secs(), secs, "{name}");
    });
}

#[test]
fn only_the_python_ones_end_their_session() {
    each(async |n, name, policy| {
        let world = World::pipes(policy);
        world.connect().await;
        let stream = world.server.last("GET");
        assert_eq!(stream.header("mcp-protocol-version"), Some("2025-11-25"));
        world.client.disconnect().await.expect("it always can");
        assert_eq!(world.server.count("DELETE"), usize::from(n < 2), "{name}");
    });
}

/// The handshake of the second Python one goes on where the notification is refused; the TypeScript ones open no stream
/// where it was not answered with 202.
#[test]
fn the_answer_to_initialized_matters() {
    each(async |n, name, policy| {
        for (status, connects) in [(200, [true; 4]), (502, [false, true, false, false])] {
            let world = World::pipes(policy.clone());
            world.server.script(move |s| {
                (s.what() == "notifications/initialized")
                    .then(|| Reply::Status(status, "application/json", "{}".to_owned()))
            });
            let connected = world.client.connect().await.is_ok();
            sleep(Duration::from_millis(100)).await;
            assert_eq!(connected, connects[n], "{name}, {status}");
            let streams = connected && n < 2;
            assert_eq!(world.server.count("GET") > 0, streams, "{name}, {status}");
        }
    });
}
