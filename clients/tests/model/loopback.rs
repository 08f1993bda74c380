//! Each model policy against a scripted server on loopback: what it puts on the wire and what its user is told. Waits
//! and limits are in `timing`, the broken policies in `broken`.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use crate::support::{Reply, World, real, shown};
use futures_util::future::join_all;
use serde_json::json;
use stalemate_clients::Health;
use stalemate_clients::model::{Backoff, Policy, Reopen, Reopening};
use tokio::sync::Notify;

/// A policy whose waits are too short to notice.
fn quick(policy: Policy) -> Policy {
    let brief = Backoff::ms(1, 2);
    Policy {
        retry_unsent: policy.retry_unsent.map(|_| brief),
        reopen_stream: match policy.reopen_stream {
            Reopen::Never => Reopen::Never,
            Reopen::After(reopening) => Reopen::After(Reopening {
                backoff: brief,
                ..reopening
            }),
        },
        ..policy
    }
}

#[test]
fn the_handshake_is_exact_to_the_byte() {
    real(async {
        for sse in [false, true] {
            let world = World::loopback(Policy::recovering()).await;
            world.server.sse.set(sse);
            world.connect().await;
            assert_eq!(world.call(7).await.unwrap(), "did 7");
            assert_eq!(world.client.list_tools().await.unwrap(), ["write"]);

            let log = world.server.log.borrow();
            let posts: Vec<&str> = log
                .iter()
                .filter(|s| s.method == "POST")
                .map(|s| s.body.as_str())
                .collect();
            assert_eq!(
                posts,
                [
                    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"stalemate","version":"1.0"}}}"#,
                    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":{"nonce":7}}}"#,
                    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
                ]
            );
            let headers = |n: usize| -> Vec<(&str, &str)> {
                let all = log[n].headers.iter();
                all.map(|(n, v)| (n.as_str(), v.as_str()))
                    .filter(|(n, _)| *n != "content-length")
                    .collect()
            };
            let post = [
                ("host", "memory.test"),
                ("accept", "application/json, text/event-stream"),
                ("content-type", "application/json"),
                ("mcp-session-id", "session-1"),
                ("mcp-protocol-version", "2025-06-18"),
            ];
            assert_eq!(headers(0), post[..3]);
            assert_eq!(headers(1), post);
            let get = log.iter().position(|s| s.method == "GET").unwrap();
            assert_eq!(
                headers(get),
                [post[0], ("accept", "text/event-stream"), post[3], post[4]]
            );
        }
    });
}

#[test]
fn a_revision_without_the_version_header_does_not_send_it() {
    real(async {
        let world = World::loopback(Policy::spec_404()).await;
        world.connect().await;
        world.call(1).await.unwrap();
        let log = world.server.log.borrow();
        assert!(log[0].body.contains("2025-03-26"));
        assert!(
            log.iter()
                .all(|s| s.header("mcp-protocol-version").is_none())
        );
    });
}

#[test]
fn one_connection_serves_the_posts_and_one_the_stream() {
    real(async {
        for sse in [false, true] {
            let world = World::loopback(Policy::recovering()).await;
            world.server.sse.set(sse);
            world.connect().await;
            for nonce in 0..5 {
                world.call(nonce).await.unwrap();
            }
            assert_eq!(world.dials.count.load(Ordering::Relaxed), 2);
        }
    });
}

#[test]
fn stale_shows_the_refusal_and_goes_on_with_the_id() {
    real(async {
        for status in [400, 404] {
            let world = World::loopback(quick(Policy::stale())).await;
            world.server.dead.set(status);
            world.connect().await;
            world.server.forget();
            for nonce in 0..3 {
                let told = shown(world.call(nonce).await);
                assert!(told.ends_with(": No valid session ID provided") || status == 404);
                assert!(told.starts_with(&status.to_string()), "{told}");
            }
            assert_eq!(world.server.count("initialize"), 1);
            let calls = world.server.all("tools/call");
            assert!(calls.iter().all(|s| s.session() == Some("session-1")));
            assert_eq!(world.client.health(), Health::Failing);
        }
    });
}

#[test]
fn stale_resumes_without_initialize() {
    real(async {
        let world = World::resumed(Policy::stale(), Some("session-of-before"));
        world.server.dead.set(400);
        world.client.connect().await.unwrap();
        assert_eq!(
            shown(world.call(1).await),
            "400 Bad Request: No valid session ID provided"
        );
        world.server.until(|s| s.count("GET") == 1).await;
        assert_eq!(world.server.count("initialize"), 0);
        let call = world.server.last("tools/call");
        assert_eq!(call.session(), Some("session-of-before"));
        assert_eq!(call.message()["id"], 1);
        let stored = world.client.stored_session().unwrap();
        assert_eq!(stored.id.as_str(), "session-of-before");

        world.client.disconnect().await.unwrap();
        assert_eq!(world.client.stored_session(), None);
        world.client.connect().await.unwrap();
        assert_eq!(world.server.last("initialize").session(), None);
        world.call(2).await.unwrap();
    });
}

#[test]
fn the_others_ignore_a_stored_session() {
    real(async {
        for policy in [Policy::spec_404(), Policy::recovering()] {
            let world = World::resumed(policy, Some("session-of-before"));
            world.client.connect().await.unwrap();
            assert_eq!(world.server.log.borrow()[0].what(), "initialize");
            assert_eq!(world.server.log.borrow()[0].session(), None);
        }
    });
}

#[test]
fn spec_404_initializes_once_and_shows_the_call_as_failed() {
    real(async {
        let world = World::loopback(quick(Policy::spec_404())).await;
        world.connect().await;
        world.server.forget();
        assert_eq!(
            shown(world.call(1).await),
            "404 Not Found: Bad Request: No valid session ID provided"
        );
        assert_eq!(world.call(2).await.unwrap(), "did 2");
        assert_eq!(world.server.count("initialize"), 2);
        assert_eq!(world.server.count("notifications/initialized"), 2);
        assert_eq!(world.server.last("initialize").session(), None);
        let initialized = world.server.last("notifications/initialized");
        assert_eq!(initialized.session(), Some("session-2"));
        assert_eq!(*world.server.effects.borrow(), [json!({"nonce": 2})]);
        assert_eq!(world.client.health(), Health::Working);
        // Its GET stream was opened once and stays closed.
        assert_eq!(world.server.count("GET"), 1);
    });
}

#[test]
fn spec_404_is_stranded_by_any_other_status() {
    real(async {
        for status in [400, 410] {
            let world = World::loopback(quick(Policy::spec_404())).await;
            world.server.dead.set(status);
            world.connect().await;
            world.server.forget();
            shown(world.call(1).await);
            shown(world.call(2).await);
            assert_eq!(world.server.count("initialize"), 1);
        }
    });
}

#[test]
fn recovering_hides_a_lost_session() {
    real(async {
        for status in [400, 404, 410] {
            let world = World::loopback(quick(Policy::recovering())).await;
            world.server.dead.set(status);
            world.connect().await;
            world.server.forget();
            assert_eq!(world.call(1).await.unwrap(), "did 1");
            assert_eq!(world.server.count("initialize"), 2);
            assert_eq!(world.server.last("initialize").session(), None);
            let initialized = world.server.last("notifications/initialized");
            assert_eq!(initialized.session(), Some("session-2"));
            assert_eq!(*world.server.effects.borrow(), [json!({"nonce": 1})]);
            // The stream belongs to the session, so there is a new one.
            world.server.until(|s| s.count("GET") == 2).await;
            assert_eq!(world.server.last("GET").session(), Some("session-2"));
            assert_eq!(world.client.health(), Health::Working);
        }
    });
}

#[test]
fn parallel_calls_share_one_initialize() {
    real(async {
        let world = World::loopback(quick(Policy::recovering())).await;
        world.connect().await;
        world.server.forget();
        let results = join_all((0..8).map(|nonce| world.call(nonce))).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(world.server.count("initialize"), 2);
        assert_eq!(world.server.effects.borrow().len(), 8);
    });
}

#[test]
fn a_late_refusal_does_not_tear_down_the_new_session() {
    real(async {
        let world = World::loopback(quick(Policy::recovering())).await;
        world.connect().await;
        world.server.forget();
        let late = Rc::new(Notify::new());
        let held = Rc::clone(&late);
        world.server.script(move |seen| {
            (seen.what() == "tools/call" && seen.body.contains(r#""nonce":1}"#))
                .then(|| Reply::After(Rc::clone(&held)))
        });
        let first = world.call(1);
        let rest = async {
            world.server.until(|s| s.count("tools/call") == 1).await;
            world.call(2).await.unwrap();
            // The refusal of the first call comes after the session that follows is in use.
            late.notify_one();
            world.server.until(|s| s.count("tools/call") == 4).await;
            late.notify_one();
        };
        let (result, ()) = tokio::join!(biased; first, rest);
        assert_eq!(result.unwrap(), "did 1");
        assert_eq!(world.server.count("initialize"), 2);
        let stored = world.client.stored_session().unwrap();
        assert_eq!(stored.id.as_str(), "session-2");
    });
}

#[test]
fn other_statuses_keep_the_id() {
    real(async {
        for status in [401, 403, 405, 406, 409, 413, 415, 429, 500, 502, 503, 504] {
            let world = World::loopback(quick(Policy::recovering())).await;
            world.connect().await;
            let mut refused = false;
            world.server.script(move |seen| {
                let refuse = seen.what() == "tools/call" && !std::mem::replace(&mut refused, true);
                refuse.then(|| Reply::Status(status, "text/html", "<html>".into()))
            });
            let told = shown(world.call(1).await);
            assert!(told.starts_with(&status.to_string()), "{told}");
            assert_eq!(world.client.health(), Health::Failing);
            world.call(2).await.unwrap();
            assert_eq!(world.server.count("initialize"), 1, "{status}");
            let calls = world.server.all("tools/call");
            assert_eq!(calls.len(), 2, "{status} is not sent again");
            assert_eq!(calls[1].session(), Some("session-1"));
        }
    });
}

#[test]
fn a_call_is_refused_twice_at_most() {
    real(async {
        for (status, initializes) in [(404, 3), (400, 2)] {
            let world = World::loopback(quick(Policy::recovering())).await;
            world.connect().await;
            let mut left = 2;
            world.server.script(move |seen| {
                let refuse = seen.what() == "tools/call" && left > 0;
                left -= u32::from(refuse);
                refuse.then(|| Reply::error(status, "no"))
            });
            shown(world.call(1).await);
            assert_eq!(world.server.count("tools/call"), 2);
            assert_eq!(world.server.count("initialize"), 2);
            // A 404 ends the use of the second id as well; a 400 to a fresh session was about something else.
            world.call(2).await.unwrap();
            assert_eq!(world.server.count("initialize"), initializes);
        }
    });
}

#[test]
fn a_lost_response_is_shown_and_not_sent_again() {
    real(async {
        for (reply, told) in [
            (Reply::RunThenEnd, "response lost"),
            (Reply::RunThenCut, "connection lost"),
            (Reply::RunThenClose, "connection lost"),
        ] {
            let world = World::loopback(quick(Policy::recovering())).await;
            world.connect().await;
            world.server.script(move |seen| {
                (seen.what() == "tools/call" && seen.body.contains(r#""nonce":1}"#))
                    .then(|| reply.clone())
            });
            assert_eq!(shown(world.call(1).await), told);
            assert_eq!(world.client.health(), Health::Failing);
            world.call(2).await.unwrap();
            let effects = [json!({"nonce": 1}), json!({"nonce": 2})];
            assert_eq!(*world.server.effects.borrow(), effects);
            assert_eq!(world.server.count("initialize"), 1);
        }
    });
}

#[test]
fn a_refused_connection_is_tried_again() {
    real(async {
        let policy = Policy {
            open_stream: false,
            ..quick(Policy::recovering())
        };
        let world = World::loopback(policy).await;
        world.client.connect().await.unwrap();
        // The idle connection goes with whoever closed it.
        world.server.script(|_| Some(Reply::RunThenClose));
        shown(world.call(1).await);
        world.server.script(|_| None);
        world.dials.refuse.store(3, Ordering::Relaxed);
        assert_eq!(world.call(2).await.unwrap(), "did 2");
        assert_eq!(world.dials.refuse.load(Ordering::Relaxed), 0);
        assert_eq!(world.server.effects.borrow().len(), 2);
    });
}

#[test]
fn a_refused_connection_is_shown_by_those_who_do_not_retry() {
    real(async {
        for policy in [Policy::stale(), Policy::spec_404()] {
            let world = World::loopback(policy).await;
            world.dials.refuse.store(1, Ordering::Relaxed);
            let told = world.client.connect().await.unwrap_err();
            assert_eq!(told.message, "connection refused");
            assert_eq!(shown(world.call(1).await), "not connected");
            assert_eq!(world.client.health(), Health::Failing);
            world.client.connect().await.unwrap();
            world.call(2).await.unwrap();
        }
    });
}

#[test]
fn errors_are_shown_without_ids() {
    real(async {
        let world = World::loopback(quick(Policy::stale())).await;
        world.connect().await;
        for (reply, told) in [
            (
                Reply::error(404, "Session not found: session-1"),
                "404 Not Found: Session not found: [session id]",
            ),
            (
                Reply::Status(
                    404,
                    "application/json",
                    r#"{"error":{"code":-32600,"message":"gone"},"id":"server-error"}"#.into(),
                ),
                "404 Not Found: gone",
            ),
            (
                Reply::Status(502, "text/html", "<html>session-1".into()),
                "502 Bad Gateway",
            ),
            (Reply::error(200, "odd session-1"), "odd [session id]"),
        ] {
            world.server.script(move |_| Some(reply.clone()));
            assert_eq!(shown(world.call(1).await), told);
        }
        world.server.script(|seen| {
            let id = &seen.message()["id"];
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"isError":true,"content":[{{"type":"text","text":"no such entity"}}]}}}}"#
            );
            Some(Reply::Status(200, "application/json", body))
        });
        assert_eq!(shown(world.call(1).await), "no such entity");
        assert_eq!(world.client.health(), Health::Working);
    });
}

#[test]
fn disconnect_deletes_the_session_and_connect_begins_anew() {
    real(async {
        for (policy, deletes) in [
            (Policy::recovering(), 1),
            (Policy::spec_404(), 1),
            (Policy::stale(), 0),
        ] {
            let world = World::loopback(quick(policy)).await;
            world.connect().await;
            world.call(1).await.unwrap();
            world.client.disconnect().await.unwrap();
            assert_eq!(world.client.stored_session(), None);
            assert_eq!(world.client.health(), Health::Unknown);
            assert_eq!(shown(world.call(2).await), "not connected");
            assert_eq!(world.server.count("DELETE"), deletes);
            if deletes == 1 {
                let delete = world.server.last("DELETE");
                assert_eq!(delete.session(), Some("session-1"));
            }
            let before = world.server.log.borrow().len();
            world.client.connect().await.unwrap();
            world.call(3).await.unwrap();
            let log = world.server.log.borrow();
            assert_eq!(log[before].what(), "initialize");
            assert!(
                log[before..]
                    .iter()
                    .all(|s| s.session() != Some("session-1"))
            );
        }
    });
}

#[test]
fn disconnect_ends_the_calls_in_flight() {
    real(async {
        let world = World::loopback(quick(Policy::recovering())).await;
        world.connect().await;
        world
            .server
            .script(|s| (s.what() == "tools/call").then_some(Reply::Silence));
        let leave = async {
            world.server.until(|s| s.count("tools/call") == 1).await;
            world.client.disconnect().await.unwrap();
        };
        let (result, ()) = tokio::join!(biased; world.call(1), leave);
        assert_eq!(shown(result), "not connected");
        world.server.until(|s| s.given_up.get() == 1).await;
    });
}

#[test]
fn a_call_that_the_user_gives_up_is_aborted() {
    real(async {
        let world = World::loopback(quick(Policy::recovering())).await;
        world.connect().await;
        world
            .server
            .script(|s| s.body.contains(r#""nonce":1}"#).then_some(Reply::Silence));
        tokio::select! {
            biased;
            _ = world.call(1) => panic!("there is no answer"),
            () = world.server.until(|s| s.count("tools/call") == 1) => {}
        }
        world.server.until(|s| s.given_up.get() == 1).await;
        world.call(2).await.unwrap();
    });
}
