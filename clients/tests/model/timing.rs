//! The waits, limits and bounds of the model policies, in paused time: exact to the millisecond and free.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{Reply, Seen, World, gaps, paused, shown};
use futures_util::future::join_all;
use stalemate_clients::Health;
use stalemate_clients::model::{Policy, ReinitBounds};
use tokio::time::{Instant, sleep};

/// Fails if any 10 s hold more than 5 of these.
fn assert_no_storm(mut requests: Vec<Seen>) {
    requests.sort_by_key(|s| s.at);
    for six in requests.windows(6) {
        assert!(six[5].at - six[0].at > Duration::from_secs(10));
    }
}

#[test]
fn silence_ends_with_the_limit() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world
            .server
            .script(|s| s.body.contains(r#""nonce":1}"#).then_some(Reply::Silence));
        let began = Instant::now();
        assert_eq!(shown(world.call(1).await), "request timed out");
        assert_eq!(began.elapsed(), Duration::from_secs(30));
        assert_eq!(world.client.health(), Health::Failing);
        world.call(2).await.unwrap();
        assert_eq!(world.server.count("tools/call"), 2);
    });
}

#[test]
fn opening_a_connection_has_a_limit() {
    paused(async {
        let world = World::pipes(Policy::spec_404());
        world.dials.hang.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let told = world.client.connect().await.unwrap_err();
        assert_eq!(told.message, "connection timed out");
        assert_eq!(began.elapsed(), Duration::from_secs(10));
    });
}

#[test]
fn a_disconnect_does_not_wait_for_a_silent_server() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world.server.script(|_| Some(Reply::Silence));
        let began = Instant::now();
        world.client.disconnect().await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(world.client.stored_session(), None);
    });
}

#[test]
fn a_call_outlasts_a_short_outage() {
    paused(async {
        let world = World::pipes(Policy {
            open_stream: false,
            ..Policy::recovering()
        });
        world.client.connect().await.unwrap();
        world.server.cut_all();
        world.server.forget();
        world.dials.refuse.store(4, Ordering::Relaxed);
        // Let the client see the end of its idle connection.
        sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        assert_eq!(world.call(1).await.unwrap(), "did 1");
        // Four refusals: 0.5, 1, 2 and 4 s; then the session is found to be gone, too.
        assert_eq!(began.elapsed(), Duration::from_millis(7500));
        assert_eq!(world.server.count("initialize"), 2);
        assert_eq!(world.server.effects.borrow().len(), 1);
    });
}

#[test]
fn a_connection_that_was_closed_while_idle_costs_nothing() {
    paused(async {
        let world = World::pipes(Policy {
            open_stream: false,
            ..Policy::stale()
        });
        world.client.connect().await.unwrap();
        world.server.cut_all();
        sleep(Duration::from_millis(1)).await;
        world.call(1).await.unwrap();
        assert_eq!(world.server.effects.borrow().len(), 1);
    });
}

#[test]
fn a_reinitialization_is_tried_four_times_and_again_by_the_next_call() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        // The attempts of the beginning are no part of what follows.
        sleep(Duration::from_secs(20)).await;
        world.server.forget();
        world.server.script(|s| {
            (s.what() == "initialize").then(|| Reply::error(503, "Service Unavailable: starting"))
        });
        assert_eq!(
            shown(world.call(1).await),
            "503 Service Unavailable: starting"
        );
        let initializes = world.server.all("initialize");
        assert_eq!(gaps(&initializes[1..]), [1000, 2000, 4000]);
        assert_eq!(world.client.stored_session(), None);
        assert_eq!(world.client.health(), Health::Failing);

        world.server.script(|_| None);
        world.call(2).await.unwrap();
        assert_eq!(world.server.last("initialize").session(), None);
        assert_eq!(world.client.health(), Health::Working);
        world.server.until(|s| s.count("GET") == 2).await;
    });
}

#[test]
fn a_call_given_up_does_not_cancel_the_initialize() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world.server.forget();
        tokio::select! {
            biased;
            _ = world.call(1) => panic!("the session is dead"),
            () = world.server.until(|s| s.count("initialize") == 2) => {}
        }
        world.server.until(|s| s.count("GET") == 2).await;
        assert_eq!(world.server.given_up.get(), 0);
        world.call(2).await.unwrap();
        assert_eq!(world.server.count("initialize"), 2);
    });
}

#[test]
fn a_server_that_loses_every_session_causes_no_storm() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world
            .server
            .script(|s| (s.what() == "tools/call").then(|| Reply::error(404, "no")));
        for nonce in 0..60 {
            shown(world.call(nonce).await);
            sleep(Duration::from_millis(500)).await;
        }
        let mut attempts = world.server.all("initialize");
        assert!(attempts.len() > 20);
        attempts.extend(world.server.all("GET"));
        assert_no_storm(attempts);
    });
}

#[test]
fn without_bounds_nothing_waits() {
    paused(async {
        let world = World::pipes(Policy {
            reinit_bounds: ReinitBounds::none(),
            ..Policy::recovering()
        });
        world.connect().await;
        world
            .server
            .script(|s| (s.what() == "tools/call").then(|| Reply::error(404, "no")));
        assert_eq!(shown(world.call(1).await), "request timed out");
        // Five a second for 30 s.
        let calls = world.server.count("tools/call");
        assert!((145..=155).contains(&calls), "{calls}");
    });
}

#[test]
fn two_runs_are_equal() {
    let run = || {
        let trace = Rc::new(RefCell::new(Vec::new()));
        let out = Rc::clone(&trace);
        paused(async move {
            let world = World::pipes(Policy::recovering());
            world.server.sse.set(true);
            let began = Instant::now();
            world.connect().await;
            for round in 0..3 {
                world.server.forget();
                world.server.cut_all();
                world.dials.refuse.store(3, Ordering::Relaxed);
                let results = join_all((0..8).map(|nonce| world.call(nonce + 8 * round))).await;
                out.borrow_mut().push(format!("{results:?}"));
                sleep(Duration::from_secs(7)).await;
            }
            // No id is lost with what could not be sent, and none is used twice.
            let mut ids: Vec<u64> = (world.server.log.borrow().iter())
                .filter_map(|s| s.message()["id"].as_u64())
                .collect();
            ids.sort_unstable();
            assert!(ids.iter().copied().eq(0..ids.len() as u64), "{ids:?}");
            for seen in world.server.log.borrow().iter() {
                let line = format!("{:?} {:?}", seen.at - began, (&seen.headers, &seen.body));
                out.borrow_mut().push(line);
            }
        });
        trace.take()
    };
    let first = run();
    // Three results; 3 requests of the connect; in each round 3 of the 8 calls meet a refused connection and come later, the
    // others are sent twice, and initialize, initialized and GET come once.
    assert_eq!(first.len(), 3 + 3 + 3 * (3 + 2 * 5 + 3));
    assert_eq!(first, run());
}
