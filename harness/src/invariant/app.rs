//! What is demanded of the application around a client: that what it tells the user and what the user does to a
//! connector is what truly happens to its session. Not exercised for a bare SDK.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View, is_refusal};
use crate::journal::{Action, Drawn, Event, ServerName};

/// `app-disconnect-clears`.
pub(super) const DISCONNECT_CLEARS: Invariant = Invariant {
    id: "app-disconnect-clears",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["SES-09", "policy"],
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
    demands: "once the user has deleted a connector, no request carries a session id from before, added again or not",
    forbids: "the user deletes the connector, adds it again, and the next request still has the old id",
    judge: Judge::Client(|view| clears(view, Action::Delete, "the user had deleted the connector")),
};

fn clears(view: &View<'_>, action: Action, what: &str) -> Verdict {
    let mut exercised = false;
    for (began, ended, server) in view.actions(action) {
        let Some(server) = server else { continue };
        let old = view.ids_before(server, began);
        let mut later = view
            .requests_after(ended)
            .filter(|s| s.server == *server)
            .peekable();
        exercised |= !old.is_empty() && later.peek().is_some();
        if let Some(reuse) = later.find(|s| s.session().is_some_and(|id| old.contains(&id))) {
            let why = format!("{} carries an id from before {what}", reuse.what());
            return Verdict::Violated { at: reuse.at, why };
        }
    }
    Verdict::of(exercised, None)
}

/// `app-shows-the-truth`.
pub(super) const SHOWS_THE_TRUTH: Invariant = Invariant {
    id: "app-shows-the-truth",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["policy"],
    demands: "the settings page says connected only if the connector's last exchange was not refused and no disconnect was \
              committed since; disconnected only if the session's id is not used again",
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
    let ended = |s: &Seen| {
        s.response
            .as_ref()
            .map(|(n, _)| *n)
            .or(s.failed)
            .filter(|n| *n < at)
    };
    let of_server = view.client.iter().filter(|s| s.server == *server);
    let last = of_server
        .filter_map(|s| ended(s).map(|n| (n, s)))
        .max_by_key(|(n, _)| *n);
    let (ended, last) = last?;
    let refused = last
        .status()
        .is_none_or(|status| is_refusal(&last.request.method, status));
    let committed = view.entries[ended..at]
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
    let old = view.ids_before(server, at);
    let reused = view
        .requests_after(at)
        .any(|s| s.server == *server && s.session().is_some_and(|id| old.contains(&id)));
    reused.then_some("the page says disconnected, and a later request carries the same id")
}

/// `app-incognito-is-first-contact`.
pub(super) const INCOGNITO_IS_FIRST_CONTACT: Invariant = Invariant {
    id: "app-incognito-is-first-contact",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["policy"],
    demands: "a private window is as good as first contact: no id that was already refused comes back in it",
    forbids: "every call with id S is refused; the user opens a private window; its first request has id S too",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (began, _, _) in view.actions(Action::OpenIncognito) {
            let refused: Vec<(&Arc<str>, &str)> = view
                .client
                .iter()
                .filter(|s| {
                    s.response.as_ref().is_some_and(|(at, r)| {
                        *at < began && is_refusal(&s.request.method, r.status)
                    })
                })
                .filter_map(|s| Some((&s.server, s.session()?)))
                .collect();
            let mut later = view.requests_after(began).peekable();
            exercised |= later.peek().is_some();
            if let Some(reuse) = later.find(|s| {
                s.session()
                    .is_some_and(|id| refused.contains(&(&s.server, id)))
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

/// `app-connectors-isolated`.
pub(super) const CONNECTORS_ISOLATED: Invariant = Invariant {
    id: "app-connectors-isolated",
    party: Party::Application,
    severity: Severity::Must,
    clauses: &["SES-05", "SES-04"],
    demands: "a request to one server carries no session id that another server gave",
    forbids: "two connectors of one account share a record, and the id of the first is sent to the second's server",
    judge: Judge::Client(|view| {
        let mut given: BTreeMap<&str, &ServerName> = BTreeMap::new();
        for seen in &view.client {
            if let Some((_, response)) = &seen.response
                && let Some(id) = response.session.as_deref()
                && seen.request.asks("initialize")
            {
                given.insert(id, &seen.server);
            }
        }
        let mut servers: Vec<&ServerName> = Vec::new();
        for seen in &view.client {
            let Some(id) = seen.session() else { continue };
            if !servers.contains(&&seen.server) {
                servers.push(&seen.server);
            }
            if let Some(giver) = given.get(id)
                && **giver != seen.server
            {
                let why = format!(
                    "{} to {} carries an id that {giver} gave",
                    seen.what(),
                    seen.server
                );
                return Verdict::Violated { at: seen.at, why };
            }
        }
        Verdict::of(servers.len() > 1, None)
    }),
};
