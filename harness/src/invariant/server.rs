//! What is demanded of a server, judged from what it received and sent and from what became of its sessions.

pub(super) mod session;
pub(super) mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stalemate_wire::Method;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Event, Evidence, SessionEnd};

/// `srv-dead-session-is-404`.
pub(super) const DEAD_SESSION_IS_404: Invariant = Invariant {
    id: "srv-dead-session-is-404",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["SES-07b", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a request with the id of a session that has ended, for whatever cause, is answered 404; after a restart, \
              where the server cannot know the id, by policy",
    forbids: "a session ends; a request with its id is answered 400 (or anything but 404), so that a client that does what \
              the specification demands never learns that it must initialize again",
    judge: Judge::Server(|view, server, received| {
        let fates = fates(view, server, received);
        let mut exercised = false;
        for seen in received {
            // How DELETE and initialize with a dead id are answered, the specification leaves open.
            if seen.request.method == Method::Delete || seen.request.asks("initialize") {
                continue;
            }
            let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
                continue;
            };
            let dead = fates.get(id).and_then(|fates| dead_at(fates, seen.at));
            let Some((cause, certain)) = dead else {
                continue;
            };
            // A real server that goes on with the id after its restart had not lost it.
            if !certain && response.status < 300 {
                continue;
            }
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

/// What became of a session at an entry.
#[derive(Clone, Copy)]
enum Fate {
    Opened,
    Ended(&'static str),
    /// Its process ended. Whether a real server keeps sessions beyond that is its own business until it shows.
    PerhapsEnded(&'static str),
}

/// What became of the server's sessions, in order, by id. A model tells; of a real server it is known that its process
/// ended, and which sessions it had given out.
fn fates(
    view: &View<'_>,
    server: &Arc<str>,
    received: &[Seen],
) -> BTreeMap<String, Vec<(usize, Fate)>> {
    let mut fates: BTreeMap<String, Vec<(usize, Fate)>> = BTreeMap::new();
    let mut given: BTreeMap<&str, &str> = BTreeMap::new();
    for seen in received {
        let Some((at, id)) = seen.given() else {
            continue;
        };
        given.insert(id, &seen.process);
        fates
            .entry(id.to_owned())
            .or_default()
            .push((at, Fate::Opened));
    }
    // Sessions that are told of: a process may go down without them.
    let mut told = BTreeSet::new();
    for (at, entry) in view.entries.iter().enumerate() {
        match &entry.event {
            Event::SessionOpened {
                server: s, session, ..
            } if s == server => {
                told.insert(session.clone());
                let fate = (at, Fate::Opened);
                fates.entry(session.clone()).or_default().push(fate);
            }
            Event::SessionEnded {
                server: s,
                session,
                cause,
                ..
            } if s == server => {
                let fate = (at, Fate::Ended(ended(*cause)));
                fates.entry(session.clone()).or_default().push(fate);
            }
            Event::ProcessDown { process, .. } => {
                let perhaps = Fate::PerhapsEnded(ended(SessionEnd::ProcessEnded));
                for (id, _) in given
                    .iter()
                    .filter(|(id, by)| **by == &**process && !told.contains(**id))
                {
                    let fates = fates.entry((*id).to_owned()).or_default();
                    fates.push((at, perhaps));
                }
            }
            _ => {}
        }
    }
    fates
}

/// How a session had ended by an entry, and whether that is certain; `None` if it had not.
fn dead_at(fates: &[(usize, Fate)], at: usize) -> Option<(&'static str, bool)> {
    let mut dead = None;
    let mut by_then: Vec<_> = fates.iter().filter(|(n, _)| *n < at).collect();
    by_then.sort_by_key(|(n, _)| *n);
    for (_, fate) in by_then {
        dead = match (fate, dead) {
            (Fate::Opened, _) => None,
            (Fate::Ended(cause), None | Some((_, false))) => Some((*cause, true)),
            (Fate::PerhapsEnded(cause), None) => Some((*cause, false)),
            (_, dead) => dead,
        };
    }
    // Before its first opening an id is no session.
    let opened = fates
        .iter()
        .any(|(n, fate)| *n < at && matches!(fate, Fate::Opened));
    dead.filter(|_| opened)
}

fn ended(cause: SessionEnd) -> &'static str {
    match cause {
        SessionEnd::Deleted => "was deleted",
        SessionEnd::Expired => "had expired",
        SessionEnd::Evicted => "had made room for another one",
        SessionEnd::ExpiredByScenario => "had been made to expire",
        SessionEnd::ProcessEnded => "ended with its process",
        SessionEnd::RefusalKilledIt => "the server had destroyed on a refusal",
        SessionEnd::ChildEnded => "ended with its child process",
    }
}
