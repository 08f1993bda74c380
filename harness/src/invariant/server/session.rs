//! What becomes of sessions at a server: a dead one stays dead, and no session gets what is another's.

use std::collections::{BTreeMap, BTreeSet};

use stalemate_wire::{Method, RpcKind};

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict};
use crate::journal::{Entry, Event, Evidence, ServerName, SessionEnd};

/// `srv-no-resurrection`.
pub(in crate::invariant) const NO_RESURRECTION: Invariant = Invariant {
    id: "srv-no-resurrection",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["SES-07b"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "an id whose session has ended, or that was answered 404 once, is never accepted again",
    forbids: "a request with id S is answered 404, so that its client initializes anew; a later request with S is served, \
              and there are two sessions where the client knows of one",
    judge: Judge::Server(|view, server, received| {
        let since = dead_since(view.entries, server, received);
        let mut exercised = false;
        for seen in received {
            let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
                continue;
            };
            // Of replicas each knows its own sessions only; that a request reached the wrong one is not their fault.
            let since = since.get(&(&*seen.process, id)).copied();
            let is_dead = since.is_some_and(|since| {
                since < seen.at && !is_given_again(view.entries, server, id, since)
            });
            if seen.request.method == Method::Delete || !is_dead {
                continue;
            }
            // A dead id with initialize may be ignored, and a new session opened.
            let renews = seen.request.asks("initialize") && response.session.as_deref() != Some(id);
            if super::is_without_sessions(view, received, seen, response.status) {
                continue;
            }
            exercised = true;
            if response.status < 300 && !renews {
                let why = format!("accepts {} with an id that was dead already", seen.what());
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Since when each id is dead for certain at a process: it ended the session, or said 404 to it. Whether the session of a real
/// server outlives its process shows only then.
fn dead_since<'a>(
    entries: &'a [Entry],
    server: &ServerName,
    received: &'a [Seen],
) -> BTreeMap<(&'a str, &'a str), usize> {
    let ended = entries
        .iter()
        .enumerate()
        .filter_map(|(at, e)| match &e.event {
            Event::SessionEnded {
                server: s,
                at: process,
                session,
                ..
            } if s == server => Some(((&**process, session.as_str()), at)),
            _ => None,
        });
    // How DELETE is answered says nothing of later requests.
    let disowned = received.iter().filter_map(|s| {
        let (at, _) = s.response.as_ref().filter(|_| !s.ends_session())?;
        let id = s.session()?;
        s.says_lost(received).then_some(((&*s.process, id), *at))
    });
    let mut since = BTreeMap::new();
    for (id, at) in ended.chain(disowned) {
        let earliest = since.entry(id).or_insert(at);
        *earliest = at.min(*earliest);
    }
    since
}

/// Whether the id was given to a new session after that, as a scenario that lists its ids may have it.
fn is_given_again(entries: &[Entry], server: &ServerName, id: &str, since: usize) -> bool {
    entries[since..].iter().any(|e| {
        matches!(&e.event, Event::SessionOpened { server: s, session, .. } if s == server && session == id)
    })
}

/// The tool whose result speaks of the call that asked, and of no other.
const ECHO: &str = "create_entities";

/// `srv-session-isolation`.
pub(in crate::invariant) const SESSION_ISOLATION: Invariant = Invariant {
    id: "srv-session-isolation",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["SES-12", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a response goes to the session that asked, and to no other",
    forbids: "two sessions call at once, and the result of the first call arrives on the stream of the second session",
    judge: Judge::Server(|_, _, received| {
        let session = |s: &Seen| {
            let given = || s.response.as_ref().and_then(|(_, r)| r.session.clone());
            s.session().map(str::to_owned).or_else(given)
        };
        let mut answered = BTreeSet::new();
        for seen in received {
            let Some(own) = session(seen) else { continue };
            // A refusal need not know whom it answers.
            let answers = seen
                .answers()
                .filter(|_| seen.status().is_some_and(|s| s < 300));
            for (at, rpc, call) in answers {
                let asked = || {
                    let mut earlier = received.iter().filter(|s| s.at < at);
                    earlier.any(|s| s.asked_for(rpc) && session(s).as_ref() == Some(&own))
                };
                let echoes = seen
                    .request
                    .rpc
                    .iter()
                    .any(|r| r.tool.as_deref() == Some(ECHO));
                let why = if !seen.asked_for(rpc) && !asked() {
                    format!("{} is answered what its session never asked", seen.what())
                } else if echoes
                    && seen.asked_for(rpc)
                    && call.is_some()
                    && call != seen.request.call
                {
                    format!(
                        "{} is answered with the result of another call",
                        seen.what()
                    )
                } else {
                    continue;
                };
                return Verdict::Violated { at, why };
            }
            if seen.answers().next().is_some() {
                answered.insert(own);
            }
        }
        Verdict::of(answered.len() > 1, None)
    }),
};

/// `srv-opens-sessions`.
pub(in crate::invariant) const OPENS_SESSIONS: Invariant = Invariant {
    id: "srv-opens-sessions",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a server that runs and has room opens a session for a client that initializes as it should",
    forbids: "a server with one transport for all loses its session and keeps the transport, which was initialized once; \
              every further initialize is refused until somebody restarts it",
    judge: Judge::Server(|view, server, received| {
        let opened = received.iter().any(|s| s.given().is_some());
        // What it must be asked in another way, it says itself.
        if received.iter().any(Seen::says_next_era) {
            return Verdict::of(opened, None);
        }
        // What a right client met in another world, this one may never have asked for.
        let found = view
            .no_progress()
            // Who has no room for those at work says so by rights, and may have some later.
            .find(|(_, blamed, full)| {
                let is_among = |names: &[String]| names.iter().any(|b| **b == **server);
                is_among(blamed) && !is_among(full)
            })
            .map(|(at, ..)| {
                let why = "it opens no further session for a right client, with no fault about";
                (at, why.to_owned())
            });
        // Who needed more than a retry may have found room elsewhere, or later.
        let refused = || {
            view.refusing()
                .find(|(_, refusing)| refusing.iter().any(|name| **name == **server))
        };
        let found = found.or_else(|| {
            let why = "it refuses handshakes of a right client, with no fault about, so that a retry does not help";
            refused().map(|(at, _)| (at, why.to_owned()))
        });
        Verdict::of(opened, found)
    }),
};

/// `srv-idle-means-idle`.
pub(in crate::invariant) const IDLE_MEANS_IDLE: Invariant = Invariant {
    id: "srv-idle-means-idle",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["SES-07a", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a session does not expire for idleness while a request of it runs that was not cancelled",
    forbids: "the idle clock starts with a request and runs on while it is worked on; a tool that takes longer than the \
              time-out loses its session, and its caller the answer",
    judge: Judge::Server(|view, server, received| {
        let runs_at = |s: &Seen, at: usize| {
            let asks = s.request.rpc.iter().any(|r| r.kind == RpcKind::Request);
            let is_answered = s.answers().any(|(n, ..)| n < at);
            let is_over = |n: Option<usize>| n.is_some_and(|n| n < at);
            let refused = s.response.as_ref().filter(|(_, r)| !r.stream);
            // What arrives as the session ends has not begun to run.
            asks && view.ms(s.at) < view.ms(at)
                && !is_answered
                && !is_over(s.over.map(|(n, _)| n))
                && !is_over(refused.map(|(n, _)| *n))
                && !is_cancelled(s, received, at)
        };
        let mut exercised = false;
        for (at, entry) in view.entries.iter().enumerate() {
            let Event::SessionEnded {
                server: s,
                session,
                cause: SessionEnd::Expired,
                ..
            } = &entry.event
            else {
                continue;
            };
            if s != server {
                continue;
            }
            exercised = true;
            let of_session = |s: &&Seen| s.session() == Some(session);
            if let Some(running) = received.iter().filter(of_session).find(|s| runs_at(s, at)) {
                let why = format!(
                    "its session expires for idleness while {} runs",
                    running.what()
                );
                return Verdict::Violated { at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Whether the server was told by an entry that nobody waits for a request any more: it need not answer then (CAN-02).
fn is_cancelled(seen: &Seen, received: &[Seen], at: usize) -> bool {
    let id = |s: &Seen| s.request.rpc.iter().find_map(|r| r.id.clone());
    let Some(id) = id(seen) else { return false };
    let mut told = received.iter().filter(|s| (seen.at..at).contains(&s.at));
    told.any(|s| {
        let mut cancelled = s.request.rpc.iter().filter_map(|r| r.cancels.as_ref());
        s.session() == seen.session() && cancelled.any(|cancelled| *cancelled == id)
    })
}
