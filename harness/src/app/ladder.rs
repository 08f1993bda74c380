//! The recovery ladder: what a user tries, in order, until the connector works again. A rung has worked when three calls
//! in a row are ok: a write, a read, a write, 5 s apart. A cached tool list or a lucky replica cannot fake that.

use std::time::Duration;

use tokio::time::sleep;

use crate::app::user::{CallSpec, User};
use crate::journal::{Action, Event, Outcome, Phase, Rung, ServerName};
use crate::server::Tool;

/// How long the user waits before trying the same call again, in milliseconds.
const RETRY_AFTER_MS: u64 = 30_000;
/// The time between the calls that prove a rung, in milliseconds.
const BETWEEN_CALLS_MS: u64 = 5_000;

/// Climbs the ladder for one server and returns the rung that worked. `probe` asks whether the server side works at
/// all; `None` if it does not, before the climb or after the last rung.
pub async fn climb<P: Future<Output = bool>>(
    user: &User,
    server: &ServerName,
    probe: impl Fn() -> P,
) -> Option<Rung> {
    let journal = user.journal();
    let rung = if probe().await {
        let rung = find_rung(user, server).await;
        // Where nothing helped, the server side must still work, or the fault is not the client's.
        (rung != Rung::Never || probe().await).then_some(rung)
    } else {
        None
    };
    journal.note(Event::Phase(Phase::Climbed {
        server: server.clone(),
        rung,
    }));
    rung
}

async fn find_rung(user: &User, server: &ServerName) -> Rung {
    let spoilt = user.journal().is_spoilt(server);
    for rung in Rung::ALL {
        if rung == Rung::Never
            || !user.front().has_rung(rung)
            || (rung == Rung::Transparent && spoilt)
        {
            continue;
        }
        user.journal().note(Event::Phase(Phase::Rung {
            server: server.clone(),
            rung,
        }));
        if ascend(user, server, rung).await && works(user, server).await {
            return rung;
        }
    }
    Rung::Never
}

/// Does what the rung asks of the user. False if it showed an error that leaves nothing to call.
async fn ascend(user: &User, server: &ServerName, rung: Rung) -> bool {
    match rung {
        Rung::Transparent | Rung::Never => true,
        Rung::Retry => {
            sleep(Duration::from_millis(RETRY_AFTER_MS)).await;
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
    for (n, tool) in [
        Tool::CreateEntities,
        Tool::SearchNodes,
        Tool::CreateEntities,
    ]
    .into_iter()
    .enumerate()
    {
        if n > 0 {
            sleep(Duration::from_millis(BETWEEN_CALLS_MS)).await;
        }
        if user.call(server, CallSpec::of(tool)).await.1 != Outcome::Ok {
            return false;
        }
    }
    true
}
