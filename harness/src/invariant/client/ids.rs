//! What a client does with the id of its session: it sends it with everything, and ends it when it is no longer needed.
//! That it lets go of it when it is dead stands one level up.

use std::ops::Range;

use stalemate_wire::{Method, Revision};

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Action, Event, Evidence, ServerName};

/// `cli-id-on-everything`.
pub(in crate::invariant) const ID_ON_EVERYTHING: Invariant = Invariant {
    id: "cli-id-on-everything",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["SES-05", "VER-01"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ClientObjects],
    demands: "once a server has given an id, every request of the client object carries one, POST, GET and DELETE alike; \
              and the version header, if the revision settled on has it",
    forbids: "initialize brings an id; the tool calls carry it, and the GET that opens the stream, or the DELETE, does not",
    judge: Judge::Client(|view| {
        let gone = gone(view);
        let mut exercised = false;
        for seen in &view.client {
            if begins(seen) {
                continue;
            }
            let known = knows(view, seen, &gone);
            exercised |= known.id || known.revision.is_some_and(Revision::has_version_header);
            let why = if known.id && seen.session().is_none() {
                format!("{} carries no session id", seen.what())
            } else if let Some(revision) = known.revision.filter(|r| r.has_version_header())
                && seen.request.version.is_none()
            {
                format!("{} carries no version header in {revision}", seen.what())
            } else {
                continue;
            };
            return Verdict::Violated { at: seen.at, why };
        }
        Verdict::of(exercised, None)
    }),
};

/// `cli-version-is-negotiated`.
pub(in crate::invariant) const VERSION_IS_NEGOTIATED: Invariant = Invariant {
    id: "cli-version-is-negotiated",
    party: Party::Client,
    severity: Severity::Should,
    clauses: &["VER-02"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ClientObjects],
    demands: "the version header names the revision that was settled on in initialize",
    forbids: "a client offers 2025-11-25, the server settles on 2025-06-18, and every request names 2025-11-25",
    judge: Judge::Client(|view| {
        let gone = gone(view);
        let mut exercised = false;
        for seen in &view.client {
            if begins(seen) {
                continue;
            }
            let Some(version) = &seen.request.version else {
                continue;
            };
            let Some(revision) = knows(view, seen, &gone)
                .revision
                .filter(|r| r.has_version_header())
            else {
                continue;
            };
            exercised = true;
            if *version != revision.to_string() {
                let why = format!(
                    "{} names {version}, and {revision} was settled on",
                    seen.what()
                );
                return Verdict::Violated { at: seen.at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Whether a request begins a connection, and belongs to no session: an `initialize`, or the question of the next revision
/// whether the server has sessions at all.
fn begins(seen: &Seen) -> bool {
    seen.request.asks("initialize") || seen.request.asks("server/discover")
}

/// What a client object knows when it begins a request.
struct Known {
    /// Whether it was given an id, by its last `initialize` or with a stored session.
    id: bool,
    revision: Option<Revision>,
}

/// When the user had taken a connector away: what belonged to it is forgotten, but for the DELETE of its session.
fn gone(view: &View<'_>) -> Vec<(ServerName, usize)> {
    let servers = view.servers.keys();
    let of = |server: &ServerName| {
        let ended = view.taken_away(server).map(|(_, ended)| ended);
        ended
            .map(|ended| (server.clone(), ended))
            .collect::<Vec<_>>()
    };
    servers.flat_map(of).collect()
}

fn knows(view: &View<'_>, seen: &Seen, gone: &[(ServerName, usize)]) -> Known {
    let own = |h: &crate::invariant::Handshake<'_>| {
        h.object == seen.object && *h.server == seen.server && h.answered < seen.at
    };
    let last = view.handshakes().rfind(own);
    let since = last.as_ref().map_or(0, |h| h.answered);
    let is_gone = |(server, ended): &(ServerName, usize)| {
        *server == seen.server && (since..seen.at).contains(ended)
    };
    if seen.request.method != Method::Delete && gone.iter().any(is_gone) {
        return Known {
            id: false,
            revision: None,
        };
    }
    let resumed = || {
        view.entries[..seen.at].iter().any(|e| {
            matches!(&e.event, Event::ObjectMade { object, resumed: true, .. } if Some(*object) == seen.object)
        })
    };
    let of_session = match (seen.session(), last) {
        (Some(id), _) => view.handshake_of(id),
        (None, last) => last,
    };
    // A result that is late, or never came, settled nothing yet.
    let settled = of_session.filter(|h| h.settled.is_some_and(|at| at < seen.at));
    Known {
        id: last.map_or_else(resumed, |h| h.id.is_some()),
        revision: settled.and_then(|h| h.revision),
    }
}

/// `cli-delete-on-close`.
pub(in crate::invariant) const DELETE_ON_CLOSE: Invariant = Invariant {
    id: "cli-delete-on-close",
    party: Party::Client,
    severity: Severity::Should,
    clauses: &["SES-09"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "when the user disconnects or deletes a connector whose session is alive, DELETE with its id is sent before \
              the action ends",
    forbids: "the user disconnects, the client drops its connections, and the server keeps the session until it expires; \
              a session that the client was told is lost, whose handshake the network broke off, or whose server cannot be \
              reached, is exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for action in [Action::Disconnect, Action::Delete] {
            for (began, ended, server) in view.actions(action) {
                let Some(server) = server else { continue };
                let Some(id) = live_id(view, server, began..ended) else {
                    continue;
                };
                let sent = |s: &Seen| s.at <= ended && is_delete(s, id);
                let is_deleted = view.requests_after(began).any(sent);
                // Who loses the way amid the action can tell nobody either.
                let last = ended.min(view.entries.len() - 1);
                if !is_deleted && (began..=last).any(|at| view.is_out(at)) {
                    continue;
                }
                exercised = true;
                if !is_deleted {
                    let why = "the action is over, and the live session was not deleted".to_owned();
                    return Verdict::Violated { at: last, why };
                }
            }
        }
        Verdict::of(exercised, None)
    }),
};

fn is_delete(seen: &Seen, id: &str) -> bool {
    seen.request.method == Method::Delete && seen.session() == Some(id)
}

/// The id that the client's requests to a server carried last, or were given last, if its session is alive at that entry
/// as far as the client can know, and it can be told so. Who is told of the loss while the action goes on need not end it.
/// What an earlier action closed is that action's business.
fn live_id<'a>(view: &'a View<'_>, server: &ServerName, action: Range<usize>) -> Option<&'a str> {
    let Range { start: at, end } = action;
    let of_server = || view.client.iter().filter(|s| s.server == *server);
    let carried = of_server().filter_map(|s| Some((s.at, s.session()?)));
    let given = of_server().filter_map(Seen::given);
    let closed = view.taken_away(server).map(|(_, ended)| ended);
    let closed = closed.filter(|ended| *ended < at).max();
    let before = carried
        .chain(given)
        .filter(|(n, _)| *n < at && closed.is_none_or(|closed| *n > closed));
    let (_, id) = before.max_by_key(|(n, _)| *n)?;
    let handshake = view.handshake_of(id);
    if handshake.is_some_and(|h| view.broke_off(id, h.answered..at)) {
        return None;
    }
    let ended = view.is_ended(server, id, at);
    let told = of_server().any(|s| {
        let by = if is_delete(s, id) { at } else { end };
        s.session() == Some(id)
            && (is_delete(s, id) && s.at < at
                || matches!(s.status_before(by), Some(400 | 404 | 410)))
    });
    (!ended && !told && !view.is_out(at)).then_some(id)
}
