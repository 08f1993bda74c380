//! The tools are listed again when they change, also beside a listing that hangs.

use std::time::Duration;

use stalemate_clients::model::Policy;
use tokio::time::sleep;

use crate::support::{Reply, World, gaps, paused};

const CHANGED: &str =
    "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";

/// A world whose user has listed the tools, and whose server leaves the next listing unanswered.
async fn hanging() -> World {
    let world = World::pipes(Policy::recovering());
    world.connect().await;
    world.client.list_tools().await.unwrap();
    let mut hangs = true;
    world.server.script(move |seen| {
        let silent = seen.what() == "tools/list" && std::mem::take(&mut hangs);
        silent.then_some(Reply::Silence)
    });
    world.server.push(CHANGED);
    world.server.until(|s| s.count("tools/list") == 2).await;
    world
}

#[test]
fn a_listing_that_hangs_is_not_waited_for() {
    paused(async {
        let world = hanging().await;
        world.server.push(CHANGED);
        sleep(Duration::from_secs(100)).await;
        let lists = world.server.all("tools/list");
        assert_eq!(gaps(&lists[1..]), [500]);
        assert_eq!(world.server.given_up.get(), 1);

        // Each later change is listed once more.
        world.server.push(CHANGED);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(world.server.count("tools/list"), 4);
    });
}

#[test]
fn nor_is_it_in_a_session_that_follows() {
    paused(async {
        let world = hanging().await;
        world.server.forget();
        world.call(1).await.unwrap();
        sleep(Duration::from_secs(100)).await;
        let lists = world.server.all("tools/list");
        let sessions: Vec<_> = lists.iter().filter_map(|s| s.session()).collect();
        assert_eq!(sessions, ["session-1", "session-1", "session-2"]);
    });
}

/// What changes while a listing runs is listed behind it, once.
#[test]
fn changes_in_a_row_are_listed_together() {
    paused(async {
        let world = World::pipes(Policy::recovering());
        world.connect().await;
        world.client.list_tools().await.unwrap();
        world.server.push(&CHANGED.repeat(5));
        sleep(Duration::from_secs(100)).await;
        assert_eq!(world.server.count("tools/list"), 3);
    });
}
