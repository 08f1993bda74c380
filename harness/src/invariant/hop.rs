//! What is demanded of a hop: that what the server says of a session reaches the client, and what the client says in a
//! session the process that holds it. Judged from what the hop received and what it sent on for it.

pub(super) mod deliver;
pub(super) mod passes;

use std::collections::BTreeMap;

use crate::invariant::{Invariant, Judge, Party, Relayed, Severity, Verdict, View, refuses_id};
use crate::journal::{ConnEnd, Entry, Event, Evidence, Exchange, ProcessName, ServerName};

/// `hop-status-transparent`.
pub(super) const STATUS_TRANSPARENT: Invariant = Invariant {
    id: "hop-status-transparent",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads],
    demands: "a 4xx of the upstream is passed on with its status, the length of its body and its session id header; 5xx \
              are no part of this, since an edge that puts its own page in place of a 502 or 504 takes nothing from a \
              client that keeps its session on 5xx anyway",
    forbids: "the server answers 404 to a dead session; the hop makes a 500 of it, and the client never learns that it must \
              initialize again",
    judge: Judge::Hop(|view, hop, relayed| {
        let owns = view.cast.owns_sessions(hop);
        let breaks = |e: &Entry| {
            let is_own = |from: &ProcessName| from == hop;
            matches!(&e.event, Event::ConnEnded { from, how: ConnEnd::Refused | ConnEnd::Cut, .. } if is_own(from))
        };
        let mut exercised = false;
        for Relayed { outer, inner } in relayed {
            // What the plan did to the response on its way is in what the hop received.
            let (Some((came, theirs)), Some((sent, ours))) = (&inner.response, &outer.response)
            else {
                continue;
            };
            if !(400..500).contains(&theirs.status) {
                continue;
            }
            // What a gateway asks for itself is nobody's request; and where it was to open an inner session again, and could
            // not, its own word on that is the truth.
            let is_own = outer.what() != inner.what();
            let failed = || ours.status >= 500 && view.entries[*came..*sent].iter().any(breaks);
            if owns && (is_own || failed()) {
                continue;
            }
            exercised = true;
            let why = if ours.status != theirs.status {
                format!("makes {} of the upstream's {}", ours.status, theirs.status)
            } else if ours.session != theirs.session && !owns {
                format!("changes the session id header of a {}", theirs.status)
            } else if ours.bytes != theirs.bytes {
                format!(
                    "makes {} bytes of the {} in the body of a {}",
                    ours.bytes, theirs.bytes, theirs.status
                )
            } else {
                continue;
            };
            return Verdict::Violated { at: *sent, why };
        }
        Verdict::of(exercised, None)
    }),
};

/// `hop-session-affinity`.
pub(super) const SESSION_AFFINITY: Invariant = Invariant {
    id: "hop-session-affinity",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a request in a session goes to the process that opened the session and still has it",
    forbids: "a balancer sends initialize to one replica and the call in that session to another, which does not know it",
    judge: Judge::Hop(|view, hop, relayed| {
        let several = |server: &ServerName| view.cast.processes_of(server).count() > 1;
        let in_session = |r: &Relayed| several(&r.outer.server) && r.outer.session().is_some();
        let first = astray(view).into_iter().find(|a| a.hop == *hop);
        let found = first.map(
            |Astray {
                 at,
                 opened_at,
                 went_to,
                 ..
             }| {
                let why = format!(
                    "a request in a session of {opened_at} goes to {went_to}, which refuses it"
                );
                (at, why)
            },
        );
        // What a right client met there in another world, this one may have been spared by luck.
        let elsewhere = || {
            let mut nowhere = view.no_progress();
            let (at, ..) = nowhere.find(|(_, blamed, _)| blamed.iter().any(|b| **b == **hop))?;
            let why = "requests in a session go past the process that has it, for a right client";
            Some((at, why.to_owned()))
        };
        let found = found.or_else(elsewhere);
        Verdict::of(relayed.iter().any(in_session), found)
    }),
};

/// A request in a living session that a hop sent to another process than the one that has it, and that was refused there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Astray {
    /// The entry at which the wrong process received it.
    pub at: usize,
    /// The entry at which the session was opened.
    pub since: usize,
    /// The hop.
    pub hop: ProcessName,
    /// The server.
    pub server: ServerName,
    /// The process that has the session.
    pub opened_at: ProcessName,
    /// The one that refused the request.
    pub went_to: ProcessName,
}

/// What went astray, in order.
#[must_use]
pub fn astray(view: &View<'_>) -> Vec<Astray> {
    let has_several = |server: &ServerName| view.cast.processes_of(server).count() > 1;
    if !view.servers.keys().any(has_several) {
        return Vec::new();
    }
    let sent_by: BTreeMap<Exchange, &ProcessName> = view
        .hops
        .iter()
        .flat_map(|(hop, relayed)| relayed.iter().map(move |r| (r.inner.exchange, hop)))
        .collect();
    let mut all = Vec::new();
    for (server, received) in &view.servers {
        if !has_several(server) {
            continue;
        }
        let fates = view.fates(server);
        for seen in received {
            let refused = seen.status().is_some_and(refuses_id);
            let (Some(id), Some(hop)) = (seen.session(), sent_by.get(&seen.exchange)) else {
                continue;
            };
            let Some((since, at)) = fates.opened_before(id, seen.at) else {
                continue;
            };
            if refused && *at != seen.process && lives(view, id, at, *since, seen.at) {
                all.push(Astray {
                    at: seen.at,
                    since: *since,
                    hop: (*hop).clone(),
                    server: server.clone(),
                    opened_at: at.clone(),
                    went_to: seen.process.clone(),
                });
            }
        }
    }
    all.sort_by_key(|a| a.at);
    all
}

/// Whether nothing had ended the session, nor made its process unreachable, between two entries.
fn lives(view: &View<'_>, id: &str, process: &ProcessName, since: usize, until: usize) -> bool {
    let ends = |e: &Event| match e {
        Event::SessionEnded { session, .. } => session == id,
        Event::ProcessDown { process: p, .. } => p == process,
        _ => false,
    };
    !view.entries[since..until].iter().any(|e| ends(&e.event))
        && !view.outages.was_out_on(until, process)
}
