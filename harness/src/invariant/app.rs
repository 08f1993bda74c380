//! What is demanded of the application around a client: that what it tells the user and what the user does to a
//! connector is what truly happens to its session. Not exercised for a bare SDK.

pub(super) mod leaks;
pub(super) mod tools;

use std::collections::BTreeMap;

use stalemate_wire::Method;

use crate::invariant::{
    Invariant, Judge, Party, Seen, Severity, Verdict, View, is_refusal, refuses_id,
};
use crate::journal::{Action, CallOutcome, Drawn, Entry, Event, Evidence, ServerName};

/// `app-disconnect-clears`.
pub(super) const DISCONNECT_CLEARS: Invariant = Invariant {
    id: "app-disconnect-clears",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["SES-09", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::UserView],
    demands: "once the user has disconnected a connector, no request carries a session id from before",
    forbids: "the user disconnects, the page says so, the user connects again, and the next request still has the old id",
    judge: Judge::Client(|view| clears(view, Action::Disconnect, "the user had disconnected")),
};

/// `app-delete-clears`.
pub(super) const DELETE_CLEARS: Invariant = Invariant {
    id: "app-delete-clears",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["SES-09", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::UserView],
    demands: "once the user has deleted a connector, no request carries a session id from before, added again or not",
    forbids: "the user deletes the connector, adds it again, and the next request still has the old id",
    judge: Judge::Client(|view| clears(view, Action::Delete, "the user had deleted the connector")),
};

fn clears(view: &View<'_>, action: Action, what: &str) -> Verdict {
    let mut exercised = false;
    for (began, ended, server) in view.actions(action) {
        let Some(server) = server else { continue };
        let old = view.ids_before(server, began);
        let mut later = uses_after(view, server, ended).peekable();
        exercised |= !old.is_empty() && later.peek().is_some();
        if let Some(reuse) = later.find(|s| is_old(view, s, &old, ended)) {
            let why = format!("{} carries an id from before {what}", reuse.what());
            return Verdict::Violated { at: reuse.at, why };
        }
    }
    Verdict::of(exercised, None)
}

/// The requests to a server that begin after an entry and are more than the end of a session: that is what disconnecting
/// and deleting ask for, however late it leaves (SES-09).
fn uses_after<'v>(
    view: &'v View<'_>,
    server: &'v ServerName,
    at: usize,
) -> impl Iterator<Item = &'v Seen> {
    view.requests_after(at)
        .filter(move |s| s.server == *server && !s.ends_session())
}

/// Whether a request carries one of the ids, and the server has not given it anew since the entry.
fn is_old(view: &View<'_>, seen: &Seen, old: &[&str], since: usize) -> bool {
    seen.session().is_some_and(|id| {
        old.contains(&id) && !view.given_between(&seen.server, id, since, seen.at)
    })
}

/// `app-shows-the-truth`.
pub(super) const SHOWS_THE_TRUTH: Invariant = Invariant {
    id: "app-shows-the-truth",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::UserView,
        Evidence::ClientObjects,
    ],
    demands: "the settings page says connected only if the connector's last exchange was not refused and no disconnect was \
              committed since; disconnected only if the session's id is not used again, but for a session that is still \
              being opened",
    forbids: "every call is refused and the page says connected; or the page says disconnected, and the next request has \
              the same id as before",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (at, entry) in view.entries.iter().enumerate() {
            let Event::Drawn { server, shown, .. } = &entry.event else {
                continue;
            };
            let found = match shown {
                Drawn::Connected => untrue_connected(view, server, at),
                Drawn::Disconnected => untrue_disconnected(view, server, at),
                Drawn::Failing | Drawn::Absent => continue,
            };
            exercised = true;
            if let Some(why) = found {
                return Verdict::Violated {
                    at,
                    why: why.to_owned(),
                };
            }
        }
        Verdict::of(exercised, None)
    }),
};

fn untrue_connected(view: &View<'_>, server: &ServerName, at: usize) -> Option<&'static str> {
    // The head of a stream is not the last that is heard: the answer is, when it comes.
    let ended = |s: &Seen| {
        let answers = s.answers().map(|(n, ..)| n).filter(|n| *n < at);
        let head = s.response.as_ref().map(|(n, _)| *n).or(s.failed);
        answers.chain(head.filter(|n| *n < at)).max()
    };
    // That a session was ended well says nothing of a connection, nor does a page in place of a stream; and a client may give
    // up a stream of its own accord, or a call because its user did.
    let of_server = view.client.iter().filter(|s| {
        let given_up = s.response.is_none() && (s.is_get() || view.gave_up(s).is_some());
        let is_page = s.is_get() && s.status() == Some(404) && !s.says_lost(&view.client);
        let says_nothing = s.ends_session() || given_up || is_page;
        s.server == *server && !says_nothing && !view.is_beside(s.object)
    });
    let finished: Vec<(usize, &Seen)> =
        of_server.filter_map(|s| ended(s).map(|n| (n, s))).collect();
    let (ended, last) = *finished.iter().max_by_key(|(n, _)| *n)?;
    // Of exchanges that end in one millisecond none is the last for the client.
    let well_too = finished.iter().any(|(n, s)| {
        view.entries[*n].at_ms == view.entries[ended].at_ms
            && s.status()
                .is_some_and(|status| !is_refusal(&s.request.method, status))
    });
    // What arrives in the moment of drawing may be drawn with the next, unless the user was told of it already.
    let told = |e: &Entry| matches!(&e.event, Event::CallEnded { outcome, .. } if *outcome != CallOutcome::Ok);
    let in_time = view.entries[ended].at_ms < view.entries[at].at_ms
        || view.entries[ended..at].iter().any(told);
    let refused = in_time
        && !well_too
        && last
            .status()
            .is_none_or(|status| is_refusal(&last.request.method, status));
    // An answer to what was asked before a disconnect does not connect again.
    let committed = view.entries[last.at..at]
        .iter()
        .any(|e| matches!(&e.event, Event::Committed { server: s, .. } if s == server));
    if refused {
        Some("the page says connected although the connector's last exchange was refused or failed")
    } else if committed {
        Some("the page says connected although a disconnect was committed")
    } else {
        None
    }
}

fn untrue_disconnected(view: &View<'_>, server: &ServerName, at: usize) -> Option<&'static str> {
    // A session that is being opened does not connect yet.
    let mut old = view.ids_before(server, at);
    old.retain(|id| view.was_of_use(id, at));
    // The page is not that of the user's other client objects.
    let mut of_page = uses_after(view, server, at).filter(|s| !view.is_beside(s.object));
    let reused = of_page.any(|s| is_old(view, s, &old, at));
    reused.then_some("the page says disconnected, and a later request carries the same id")
}

/// `app-incognito-is-first-contact`.
pub(super) const INCOGNITO_IS_FIRST_CONTACT: Invariant = Invariant {
    id: "app-incognito-is-first-contact",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::UserView,
        Evidence::ClientObjects,
    ],
    demands: "a private window is as good as first contact: no id that the server has refused comes back in it",
    forbids: "every call with id S is refused; the user opens a private window; its first request has id S too",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (began, _, _) in view.actions(Action::OpenIncognito) {
            let refused = refused_ids(view, began);
            let closed = view.actions(Action::OpenNormal).map(|(at, _, _)| at);
            let closed = closed.filter(|at| *at > began).min();
            let mut within = view
                .requests_after(began)
                .filter(|s| closed.is_none_or(|closed| s.at < closed))
                .filter(|s| {
                    !s.ends_session() && !view.is_beside(s.object) && !is_of_before(view, s, began)
                })
                .peekable();
            exercised |= within.peek().is_some();
            if let Some(reuse) = within.find(|s| {
                s.session().is_some_and(|id| {
                    refused.contains(&(&s.server, id))
                        && !view.given_between(&s.server, id, began, s.at)
                })
            }) {
                let why = format!(
                    "{} in the private window carries an id that had been refused",
                    reuse.what()
                );
                return Verdict::Violated { at: reuse.at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// The ids that servers had refused by an entry, and not taken again since.
fn refused_ids<'v>(view: &'v View<'_>, by: usize) -> Vec<(&'v ServerName, &'v str)> {
    let mut last: BTreeMap<(&ServerName, &str), (usize, bool)> = BTreeMap::new();
    for seen in view.client.iter().filter(|s| !s.ends_session()) {
        let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
            continue;
        };
        // The page of a framework that knows no GET says nothing of the id.
        let is_page = response.status == 404 && !seen.says_lost(&view.client);
        // A 400 to a GET with a cursor may be about that.
        let is_vague = response.status == 400 && seen.request.cursor.is_some();
        let refused = refuses_id(response.status) && !is_page && !is_vague;
        if *at >= by || (response.status >= 300 && !refused) {
            continue;
        }
        let newest = last.entry((&seen.server, id)).or_insert((*at, refused));
        if *at > newest.0 {
            *newest = (*at, refused);
        }
    }
    last.into_iter()
        .filter_map(|(id, (_, refused))| refused.then_some(id))
        .collect()
}

/// Whether a request belongs to what ran before a window was opened: an older client object's stream, or an older call.
fn is_of_before(view: &View<'_>, seen: &Seen, opened: usize) -> bool {
    let before =
        |wanted: &dyn Fn(&Event) -> bool| view.entries[..opened].iter().any(|e| wanted(&e.event));
    match seen.request.call {
        Some(id) => before(&|e| matches!(e, Event::CallBegan { call, .. } if *call == id)),
        None => {
            seen.request.method == Method::Get
                && before(
                    &|e| matches!(e, Event::ObjectMade { object, .. } if Some(*object) == seen.object),
                )
        }
    }
}

/// `app-connectors-isolated`.
pub(super) const CONNECTORS_ISOLATED: Invariant = Invariant {
    id: "app-connectors-isolated",
    party: Party::Application,
    severity: Severity::Must,
    clauses: &["SES-05", "SES-04"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a request to one server carries no session id that another server gave",
    forbids: "two connectors of one account share a record, and the id of the first is sent to the second's server",
    judge: Judge::Client(|view| {
        // Two servers may happen to give the same id.
        let mut given: BTreeMap<&str, Vec<&ServerName>> = BTreeMap::new();
        for seen in &view.client {
            if let Some((_, id)) = seen.given() {
                given.entry(id).or_default().push(&seen.server);
            }
        }
        let mut servers: Vec<&ServerName> = Vec::new();
        for seen in &view.client {
            let Some(id) = seen.session() else { continue };
            if !servers.contains(&&seen.server) {
                servers.push(&seen.server);
            }
            if let Some(givers) = given.get(id)
                && !givers.contains(&&seen.server)
            {
                let why = format!(
                    "{} to {} carries an id that {} gave",
                    seen.what(),
                    seen.server,
                    givers[0]
                );
                return Verdict::Violated { at: seen.at, why };
            }
        }
        Verdict::of(servers.len() > 1, None)
    }),
};
