//! The GET stream of the models, and what arrives on any stream, in paused time.

use std::rc::Rc;
use std::time::Duration;

use crate::support::{Reply, Seen, World, gaps, paused};
use stalemate_clients::Health;
use stalemate_clients::model::Policy;
use tokio::sync::Notify;
use tokio::time::sleep;

#[test]
fn a_stream_that_ends_at_once_causes_no_storm() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world
            .server
            .script(|s| (s.method == "GET").then(|| Reply::Events("id: 1\ndata:\n\n".into())));
        world.connect().await;
        sleep(Duration::from_secs(600)).await;
        let gets = world.server.all("GET");
        assert_eq!(gaps(&gets[..6]), [1000, 2000, 4000, 8000, 16_000]);
        assert_eq!(gaps(&gets[6..9]), [30_000, 30_000]);
        assert_eq!(world.server.count("initialize"), 1);
    });
}

#[test]
fn a_conflict_backs_off_and_keeps_the_session() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        let mut left = 3;
        world.server.script(move |s| {
            let refuse = s.method == "GET" && left > 0;
            left -= u32::from(refuse);
            refuse.then(|| Reply::error(409, "Conflict"))
        });
        world.connect().await;
        world.server.until(|s| !s.streams.borrow().is_empty()).await;
        sleep(Duration::from_secs(1)).await;
        let gets = world.server.all("GET");
        assert_eq!(gaps(&gets), [1000, 2000, 4000]);
        assert!(gets.iter().all(|s| s.session() == Some("session-1")));
        assert_eq!(world.client.health(), Health::Working);
    });
}

#[test]
fn the_server_says_when_to_reconnect() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        let mut first = true;
        world.server.script(move |s| {
            let primed = s.method == "GET" && std::mem::take(&mut first);
            primed.then(|| Reply::Events("id: 0/0\nretry: 3000\ndata:\n\n".into()))
        });
        world.connect().await;
        world.server.until(|s| s.count("GET") == 2).await;
        let gets = world.server.all("GET");
        assert_eq!(gaps(&gets), [3000]);
        assert_eq!(gets[1].header("last-event-id"), Some("0/0"));
    });
}

#[test]
fn a_refused_cursor_is_given_up_before_the_session() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.server.script(|s| {
            s.header("last-event-id")
                .map(|_| Reply::error(400, "unknown event"))
        });
        world.connect().await;
        world.server.push("id: 1\ndata:\n\n");
        sleep(Duration::from_millis(1)).await;
        world.server.streams.borrow_mut().clear();
        world.server.until(|s| s.count("GET") == 3).await;
        sleep(Duration::from_secs(60)).await;
        assert_eq!(world.server.count("GET"), 3);
        assert_eq!(world.server.count("initialize"), 1);
        assert_eq!(world.client.health(), Health::Working);
    });
}

#[test]
fn a_stream_is_not_opened_with_a_lost_id() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world.server.forget();
        // The stream is over and waits to be reopened while a call finds that the session is gone.
        world.server.streams.borrow_mut().clear();
        sleep(Duration::from_millis(500)).await;
        world.call(1).await.unwrap();
        sleep(Duration::from_secs(60)).await;
        let gets = world.server.all("GET");
        let sessions: Vec<_> = gets.iter().filter_map(Seen::session).collect();
        assert_eq!(sessions, ["session-1", "session-2"]);
    });
}

#[test]
fn a_lost_session_is_noticed_by_the_stream() {
    paused(async {
        for status in [400, 404] {
            let world = World::pipes(Policy::recovering());
            world.server.dead.set(status);
            world.connect().await;
            world.server.forget();
            world.server.streams.borrow_mut().clear();
            world.server.until(|s| s.count("GET") == 3).await;
            let sessions: Vec<_> = world.server.all("GET");
            let sessions: Vec<_> = sessions.iter().filter_map(|s| s.session()).collect();
            assert_eq!(sessions, ["session-1", "session-1", "session-2"]);
            // Nothing is left for the user to notice.
            world.call(1).await.unwrap();
            assert_eq!(world.server.count("tools/call"), 1);
        }
    });
}

/// Every GET is answered so.
fn refuses_get(
    status: u16,
    content_type: &'static str,
    body: &'static str,
) -> impl Fn(&Seen) -> Option<Reply> {
    move |seen: &Seen| {
        (seen.method == "GET").then(|| Reply::Status(status, content_type, body.to_owned()))
    }
}

#[test]
fn a_server_without_streams_is_left_alone() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.server.script(refuses_get(405, "text/plain", ""));
        world.connect().await;
        world.call(1).await.unwrap();
        assert_eq!(world.client.health(), Health::Working);

        // 404 means a lost session, but not a third time.
        world.client.disconnect().await.unwrap();
        let lost =
            r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#;
        world
            .server
            .script(refuses_get(404, "application/json", lost));
        let before = world.server.count("initialize");
        world.client.connect().await.unwrap();
        world.server.until(|s| s.count("GET") == 3).await;
        for nonce in 2..6 {
            world.call(nonce).await.unwrap();
        }
        assert_eq!(world.server.count("GET"), 3);
        assert_eq!(world.server.count("initialize") - before, 3);
    });
}

/// Sessions that end before their first GET is answered look like a server without streams. A call that finds the same
/// session lost tells them apart.
#[test]
fn a_session_that_a_call_finds_lost_too_says_nothing_of_streams() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.server.dead.set(400);
        forgets_two_sessions(&world, None);
        world.client.connect().await.unwrap();
        world.server.until(|s| s.count("GET") == 2).await;
        world.call(1).await.unwrap();
        world.server.until(|s| s.count("GET") == 3).await;
        assert_eq!(world.server.last("GET").session(), Some("session-3"));
        assert_eq!(world.server.count("initialize"), 3);
    });
}

/// So does anything that failed in it.
#[test]
fn a_get_that_is_refused_amid_failures_says_nothing_of_streams() {
    paused(async {
        for (status, dead) in [(502, 404), (502, 400), (403, 404)] {
            let world = World::pipes(Policy::recovering());
            world.server.dead.set(dead);
            let goes_on = Rc::new(Notify::new());
            forgets_two_sessions(&world, Some((status, Rc::clone(&goes_on))));
            world.client.connect().await.unwrap();
            world.server.until(|s| s.count("GET") == 2).await;
            world.call(1).await.unwrap_err();
            goes_on.notify_one();
            sleep(Duration::from_secs(5)).await;
            world.call(2).await.unwrap();
            sleep(Duration::from_secs(60)).await;
            let asked = world.server.all("GET");
            let asked = asked.iter().filter_map(|s| s.session()).collect::<Vec<_>>();
            // A call that is not allowed is no failure of what stands between.
            let last = (status >= 500).then_some("session-3");
            let expected: Vec<_> = ["session-1", "session-2"].into_iter().chain(last).collect();
            assert_eq!(asked, expected, "{status}, {dead}");
        }
    });
}

/// The first two sessions are forgotten before their GET is answered; the second one waits for that, and a call in it is
/// answered with the status.
fn forgets_two_sessions(world: &World, second: Option<(u16, Rc<Notify>)>) {
    let server = Rc::clone(&world.server);
    world.server.script(move |seen| {
        let (status, goes_on) = match (&second, seen.session()) {
            (Some((status, goes_on)), Some("session-2")) => (*status, goes_on),
            (_, Some("session-1" | "session-2")) if seen.method == "GET" => {
                server.forget();
                return None;
            }
            _ => return None,
        };
        match seen.what().as_str() {
            "GET" => {
                server.forget();
                Some(Reply::After(Rc::clone(goes_on)))
            }
            "tools/call" => Some(Reply::Status(status, "text/plain", String::new())),
            _ => None,
        }
    });
}

/// A framework that has no handler for GET says 404 with a page of its own (GET-03); the session is well.
#[test]
fn a_page_that_answers_the_first_get_is_no_loss() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world
            .server
            .script(refuses_get(404, "text/html", "Cannot GET /mcp"));
        world.connect().await;
        world.server.until(|s| s.count("GET") == 1).await;
        for nonce in 1..5 {
            world.call(nonce).await.unwrap();
        }
        assert_eq!(world.server.count("GET"), 1);
        assert_eq!(world.server.count("initialize"), 1);
        assert_eq!(world.client.health(), Health::Working);
    });
}

#[test]
fn the_stream_is_reopened_from_the_last_event() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world
            .server
            .push("id: 4\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n\n");
        // An event with an id but no data moves the cursor all the same (POLL-07).
        world.server.push("id: 5\ndata:\n\n");
        world.server.streams.borrow_mut().clear();
        world.server.until(|s| s.count("GET") == 2).await;
        assert_eq!(world.server.all("GET")[0].header("last-event-id"), None);
        assert_eq!(world.server.last("GET").header("last-event-id"), Some("5"));
        assert_eq!(*world.notes.lock().unwrap(), ["notifications/message"]);
        assert_eq!(world.server.count("initialize"), 1);
    });
}

#[test]
fn what_the_server_asks_is_answered_by_post() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world
            .server
            .push("data: {\"jsonrpc\":\"2.0\",\"id\":\"p1\",\"method\":\"ping\"}\n\n");
        world
            .server
            .push("data: {\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}\n\n");
        world.server.until(|s| s.count("POST") == 2).await;
        let mut answers = world.server.all("POST");
        answers.sort_by_key(|s| s.body.len());
        assert_eq!(
            answers[0].body,
            r#"{"jsonrpc":"2.0","id":"p1","result":{}}"#
        );
        assert!(answers[1].body.contains("-32601"), "{}", answers[1].body);
        assert_eq!(answers[0].session(), Some("session-1"));
    });
}

#[test]
fn notifications_before_a_response_are_passed_on() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world.server.script(|seen| {
            let id = seen.message()["id"].as_u64()?;
            Some(Reply::Events(format!(
                "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}}\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{}}}}\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"mine\"}}]}}}}\n\n",
                id + 1
            )))
        });
        assert_eq!(world.call(1).await.unwrap(), "mine");
        assert_eq!(*world.notes.lock().unwrap(), ["notifications/progress"]);
    });
}

/// A server that primes the stream of a call and ends it, and answers the GET that resumes it with `rest` of the call's id.
fn interrupted(world: &World, rest: impl Fn(u64) -> Reply + 'static) {
    let mut asked = 0;
    world.server.script(move |s| match s.what().as_str() {
        "tools/call" => {
            asked = s.message()["id"].as_u64().unwrap();
            Some(Reply::Events("id: 7\nretry: 2000\ndata:\n\n".into()))
        }
        "GET" if s.header("last-event-id") == Some("7") => Some(rest(asked)),
        _ => None,
    });
}

fn resuming(world: &World) -> Vec<Seen> {
    let gets = world.server.all("GET").into_iter();
    gets.filter(|s| s.header("last-event-id").is_some())
        .collect()
}

#[test]
fn what_is_left_of_a_calls_stream_is_asked_for() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        interrupted(&world, |id| {
            let result = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#);
            Reply::Events(format!("id: 8\ndata: {result}\n\n"))
        });
        world.call(1).await.unwrap();
        let calls = world.server.all("tools/call");
        let gets = resuming(&world);
        assert_eq!((calls.len(), gets.len()), (1, 1));
        assert_eq!(gets[0].session(), Some("session-1"));
        assert!(gets[0].at - calls[0].at >= Duration::from_secs(2));
    });
}

#[test]
fn a_session_that_is_lost_with_the_stream_is_renewed_and_the_call_is_not_sent_again() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        interrupted(&world, |_| Reply::error(404, "Session not found"));
        world.call(1).await.unwrap_err();
        world.server.script(|_| None);
        world.call(2).await.unwrap();
        assert_eq!(world.server.count("initialize"), 2);
        assert_eq!(resuming(&world).len(), 1);
        assert_eq!(world.server.count("tools/call"), 2);
    });
}

#[test]
fn a_cursor_that_is_not_known_ends_the_call_and_not_the_session() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        interrupted(&world, |_| Reply::error(400, "Unknown event"));
        world.call(1).await.unwrap_err();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(world.server.count("initialize"), 1);
        assert_eq!(resuming(&world).len(), 1);
    });
}
