//! Each broken policy shows its bug on the wire, where the right one does not.

use std::time::Duration;

use crate::support::{Reply, World, paused, shown};
use futures_util::future::join_all;
use stalemate_clients::model::{Policy, broken};

fn named(name: &str) -> Policy {
    let found = broken().into_iter().find(|(n, _)| *n == name);
    found.expect(name).1
}

/// A world whose server has just forgotten all sessions.
async fn forgotten(policy: Policy) -> World {
    let world = World::pipes(policy);
    world.connect().await;
    // The attempts of the beginning are no part of what follows.
    tokio::time::sleep(Duration::from_secs(20)).await;
    world.server.forget();
    world
}

#[test]
fn each_is_named_once_and_wrong() {
    let names: Vec<&str> = broken().iter().map(|(n, _)| *n).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    for (name, policy) in broken() {
        assert!(name.starts_with("broken/"));
        assert_ne!(policy, Policy::recovering(), "{name}");
    }
}

#[test]
fn initialize_with_stale_id() {
    paused(async {
        let world = forgotten(named("broken/initialize-with-stale-id")).await;
        for nonce in 0..3 {
            shown(world.call(nonce).await);
        }
        let later = &world.server.all("initialize")[1..];
        assert_eq!(later.len(), 3);
        assert!(later.iter().all(|s| s.session() == Some("session-1")));
        // A user who reconnects is rid of it.
        world.client.disconnect().await.unwrap();
        world.client.connect().await.unwrap();
        world.call(3).await.unwrap();
    });
}

#[test]
fn no_initialized() {
    paused(async {
        for (policy, initialized) in [
            (named("broken/no-initialized"), 1),
            (Policy::recovering(), 2),
        ] {
            let world = forgotten(policy).await;
            world.call(1).await.unwrap();
            assert_eq!(world.server.count("initialize"), 2);
            assert_eq!(world.server.count("notifications/initialized"), initialized);
        }
    });
}

#[test]
fn resends_what_may_have_run() {
    paused(async {
        for (policy, effects) in [
            (named("broken/resends-what-may-have-run"), 2),
            (Policy::recovering(), 1),
        ] {
            for lost in [Reply::RunThenEnd, Reply::RunThenCut, Reply::RunThenClose] {
                let world = World::pipes(policy.clone());
                world.connect().await;
                let mut once = Some(lost);
                world
                    .server
                    .script(move |s| (s.what() == "tools/call").then(|| once.take()).flatten());
                assert_eq!(world.call(1).await.is_ok(), effects == 2);
                assert_eq!(world.server.effects.borrow().len(), effects);
            }
        }
    });
}

#[test]
fn hangs() {
    paused(async {
        for status in [400, 404] {
            let world = forgotten(named("broken/hangs")).await;
            world.server.dead.set(status);
            let hour = Duration::from_secs(3600);
            assert!(tokio::time::timeout(hour, world.call(1)).await.is_err());
            assert_eq!(world.server.count("tools/call"), 1);

            let silent = World::pipes(named("broken/hangs"));
            silent.connect().await;
            silent
                .server
                .script(|s| (s.what() == "tools/call").then_some(Reply::Silence));
            assert!(tokio::time::timeout(hour, silent.call(1)).await.is_err());
        }
    });
}

#[test]
fn reinit_storm() {
    paused(async {
        let mut counts = Vec::new();
        for policy in [Policy::recovering(), named("broken/reinit-storm")] {
            let world = forgotten(policy).await;
            world
                .server
                .script(|s| (s.what() == "initialize").then(|| Reply::error(503, "starting")));
            let ten = Duration::from_secs(10);
            let _ = tokio::time::timeout(ten, world.call(1)).await;
            counts.push(world.server.count("initialize") - 1);
        }
        assert_eq!(counts[0], 4);
        assert!(counts[1] > 45, "{counts:?}");
    });
}

#[test]
fn reinit_per_call() {
    paused(async {
        for (policy, initializes) in [
            (named("broken/reinit-per-call"), 1 + 8),
            (Policy::recovering(), 1 + 1),
        ] {
            let world = forgotten(policy).await;
            let results = join_all((0..8).map(|nonce| world.call(nonce))).await;
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            assert_eq!(world.server.count("initialize"), initializes);
        }
    });
}

#[test]
fn keeps_id_after_404() {
    paused(async {
        let world = forgotten(named("broken/keeps-id-after-404")).await;
        shown(world.call(1).await);
        // Its stream goes on with the lost id as well, and so causes re-initializations of its own.
        let later = &world.server.all("initialize")[1..];
        assert!(!later.is_empty() && later.iter().all(|s| s.session().is_none()));
        let calls = world.server.all("tools/call");
        assert_eq!(calls.len(), 2);
        assert!(calls.iter().all(|s| s.session() == Some("session-1")));
        assert_eq!(world.server.effects.borrow().len(), 0);
    });
}

#[test]
fn stream_ignores_404() {
    paused(async {
        for (policy, heeded) in [
            (named("broken/stream-ignores-404"), false),
            (Policy::recovering(), true),
        ] {
            let world = forgotten(policy).await;
            let streams = world.server.count("GET");
            world.server.cut_all();
            tokio::time::sleep(Duration::from_secs(20)).await;
            let lost = world.server.all("GET");
            let lost = lost[streams..].iter();
            let stale = lost.filter(|s| s.session() == Some("session-1")).count();
            assert_eq!(stale == 1, heeded, "{stale} with the lost id");
            assert!(stale > 0);
            assert_eq!(world.server.count("initialize"), 1 + usize::from(heeded));
            // A call's 404 counts for either.
            world.call(1).await.unwrap();
            assert_eq!(world.server.count("initialize"), 2);
        }
    });
}
