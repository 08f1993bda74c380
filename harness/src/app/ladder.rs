//! The recovery ladder: what a user tries, in order, until the connector works again. A rung has worked when three calls
//! in a row are ok: a write, a read, a write, 5 s apart. A cached tool list or a lucky replica cannot fake that. A user who asked
//! this server for something else too, a resource or a prompt, asks for that first: calls that work do not console them. Who
//! has several client objects of the server has each of the others call once: a rung has worked when all of them work. On each
//! rung every object is tried, so that one that needs a retry does not cost the next one a rung.

use crate::app::user::{Asked, CallSpec, User};
use crate::journal::{Action, CallOutcome, Event, Phase, Rung, ServerName};
use crate::server::Tool;

/// How long the user waits before trying the same call again, in milliseconds.
const RETRY_AFTER_MS: u64 = 30_000;
/// The time between the calls that prove a rung, in milliseconds.
const BETWEEN_CALLS_MS: u64 = 5_000;

/// How long nothing happens after a climb, in milliseconds: longer than any sound wait between two attempts at a stream
/// (30 s, the longest of the official SDKs). What a client does by itself is judged then, and not by how soon the calls of
/// the climb were done.
const SETTLE_MS: u64 = 40_000;

/// The tools whose calls prove a rung: one that writes, and one that reads.
pub const CLIMBS_WITH: [Tool; 2] = [Tool::CreateEntities, Tool::SearchNodes];

/// Climbs the ladder for one server, and lets what the client puts off have its time.
pub async fn climb(user: &User, server: &ServerName) {
    let rung = find_rung(user, server).await;
    let note = |phase| user.journal().note(Event::Phase(phase));
    note(Phase::Climbed {
        server: server.clone(),
        rung,
    });
    user.wait(SETTLE_MS).await;
    note(Phase::Settled {
        server: server.clone(),
    });
}

/// The first rung that works. Whatever went wrong before, the user begins by calling; where an error that no outage excuses
/// had been shown by then, that call is a second one.
async fn find_rung(user: &User, server: &ServerName) -> Rung {
    let spoilt = user.journal().is_spoilt(server);
    for rung in Rung::ALL {
        if rung == Rung::Never || !user.front().has_rung(rung) {
            continue;
        }
        user.journal().note(Event::Phase(Phase::Rung {
            server: server.clone(),
            rung,
        }));
        if ascend(user, server, rung).await && works(user, server).await {
            return if spoilt { rung.max(Rung::Retry) } else { rung };
        }
    }
    Rung::Never
}

/// Does what the rung asks of the user. False if it showed an error that leaves nothing to call.
async fn ascend(user: &User, server: &ServerName, rung: Rung) -> bool {
    match rung {
        Rung::Transparent | Rung::Never => true,
        Rung::Retry => {
            user.wait(RETRY_AFTER_MS).await;
            true
        }
        Rung::NewConversation => user.act(Action::NewConversation, None).await,
        Rung::Reconnect => {
            user.act(Action::Disconnect, Some(server)).await;
            user.act(Action::Reload, None).await;
            user.act(Action::Connect, Some(server)).await
        }
        Rung::ReAdd => {
            user.act(Action::Delete, Some(server)).await;
            user.act(Action::Add, Some(server)).await;
            user.act(Action::NewConversation, None).await
        }
        Rung::Incognito => user.act(Action::OpenIncognito, None).await,
    }
}

async fn works(user: &User, server: &ServerName) -> bool {
    let [write, read] = CLIMBS_WITH;
    let mut others_work = true;
    for object in user.beside(server) {
        let spec = CallSpec {
            object,
            ..CallSpec::of(write)
        };
        others_work &= user.call(server, spec).await.1 == CallOutcome::Ok;
        user.wait(BETWEEN_CALLS_MS).await;
    }
    let calls = [write, read, write];
    let habits = user.habits(server).into_iter();
    for (n, asked) in habits.chain(calls.map(Asked::Tool)).enumerate() {
        if n > 0 {
            user.wait(BETWEEN_CALLS_MS).await;
        }
        if user.call(server, CallSpec::asking(asked)).await.1 != CallOutcome::Ok {
            return false;
        }
    }
    others_work
}
