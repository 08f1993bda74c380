//! What is demanded of a server, judged from what it received and sent and from what became of its sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stalemate_wire::Method;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Event, SessionEnd};

/// `srv-dead-session-is-404`.
pub(super) const DEAD_SESSION_IS_404: Invariant = Invariant {
    id: "srv-dead-session-is-404",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["SES-07b", "policy"],
    demands: "a request with the id of a session that has ended, for whatever cause, is answered 404; after a restart, \
              where the server cannot know the id, by policy",
    forbids: "a session ends; a request with its id is answered 400 (or anything but 404), so that a client that does what \
              the specification demands never learns that it must initialize again",
    judge: Judge::Server(|view, server, received| {
        let dead = dead_sessions(view, server, received);
        let mut exercised = false;
        for seen in received {
            // How DELETE and initialize with a dead id are answered, the specification leaves open.
            if seen.request.method == Method::Delete || seen.request.asks("initialize") {
                continue;
            }
            let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
                continue;
            };
            let Some((_, cause)) = dead.get(id).filter(|(since, _)| *since < seen.at) else {
                continue;
            };
            exercised = true;
            if response.status != 404 {
                let why = format!(
                    "answers {} to {} in a session that {}",
                    response.status,
                    seen.what(),
                    cause
                );
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// The server's sessions that have ended: where in the journal, and how. A model tells; of a real server it is known
/// that its process ended, and which sessions it had given out.
fn dead_sessions(
    view: &View<'_>,
    server: &Arc<str>,
    received: &[Seen],
) -> BTreeMap<String, (usize, &'static str)> {
    let mut dead = BTreeMap::new();
    // Sessions that are told of: a process may go down without them.
    let mut told = BTreeSet::new();
    for (at, entry) in view.entries.iter().enumerate() {
        match &entry.event {
            Event::SessionOpened { server: s, session } if s == server => {
                told.insert(session.clone());
            }
            Event::SessionEnded {
                server: s,
                session,
                cause,
            } if s == server => {
                dead.entry(session.clone()).or_insert((at, ended(*cause)));
            }
            Event::ProcessDown { process, .. } if process == server => {
                for seen in received
                    .iter()
                    .filter(|s| s.at < at && s.request.asks("initialize"))
                {
                    if let Some((_, response)) = &seen.response
                        && let Some(id) = &response.session
                        && !told.contains(id)
                    {
                        dead.entry(id.clone())
                            .or_insert((at, ended(SessionEnd::ProcessEnded)));
                    }
                }
            }
            _ => {}
        }
    }
    dead
}

fn ended(cause: SessionEnd) -> &'static str {
    match cause {
        SessionEnd::Deleted => "was deleted",
        SessionEnd::Expired => "had expired",
        SessionEnd::ExpiredByScenario => "had been made to expire",
        SessionEnd::ProcessEnded => "ended with its process",
        SessionEnd::RefusalKilledIt => "the server had destroyed on a refusal",
        SessionEnd::ChildEnded => "ended with its child process",
    }
}
