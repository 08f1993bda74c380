//! What is demanded of a client, application or none. Only its own connections, its calls and the servers' effects are
//! looked at.

pub(super) mod ids;
pub(super) mod ping;
pub(super) mod reinit;
pub(super) mod requests;
pub(super) mod restore;
pub(super) mod spare;
pub(super) mod stream;

use std::collections::BTreeMap;

use stalemate_wire::Method;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Action, CallId, CallOutcome, Event, Evidence, ObjectId, Rung, ServerName};

/// `cli-recovers`.
pub(super) const RECOVERS: Invariant = Invariant {
    id: "cli-recovers",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["SES-08", "policy"],
    needs: &[Evidence::UserView],
    demands: "once everything works again, a call succeeds by itself or when it is made once more, or with what a right \
              client needs of its user there",
    forbids: "the server side is up and answers a fresh client; the user calls a tool, waits 30 s, calls it again, and \
              sees errors until the user disconnects, re-adds, or gives up",
    judge: Judge::Client(|view| {
        let mut worse = view.rungs().filter(|(_, rung, right)| rung > right);
        let worst = worse
            .by_ref()
            .fold(None, |worst: Option<(usize, Rung)>, (at, rung, _)| {
                worst.filter(|(_, w)| *w >= rung).or(Some((at, rung)))
            });
        let found = worst.map(|(at, rung)| {
            let what = match rung {
                Rung::Never => "nothing that the user tried helped".to_owned(),
                rung => format!("nothing short of {} helped", rung.as_str()),
            };
            (at, what)
        });
        Verdict::of(view.rungs().next().is_some(), found)
    }),
};

/// `cli-no-stale-id`.
pub(super) const NO_STALE_ID: Invariant = Invariant {
    id: "cli-no-stale-id",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["SES-08", "SES-09"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
    ],
    demands: "an id is not used again by a client object that got 404 for it or had its DELETE accepted, nor once its \
              user has disconnected or deleted the connector",
    forbids: "a request with id S is answered 404, and the same client object begins another request with id S; requests \
              begun before the answer came are exempt, and once the user has disconnected what belongs to a call that still runs",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found = None;
        for dead in dead_ids(view) {
            exercised = true;
            let mut later = view.client.iter().filter(|s| s.at > dead.since);
            let reuse = later.find(|s| {
                s.session() == Some(&dead.id)
                    && match dead.object {
                        // What arrives in the millisecond in which a request leaves, its sender could not know.
                        Some(object) => {
                            s.object == Some(object)
                                && view.ms(s.at) > view.ms(dead.since)
                                && !view.was_on_its_way(s, dead.since)
                        }
                        // To disconnect is to end the session, however late the DELETE leaves. A call that runs may come
                        // to its end before.
                        None => {
                            s.server == dead.server
                                && !s.ends_session()
                                && !view.is_of_call_before(s, dead.began)
                        }
                    }
            });
            let reuse =
                reuse.filter(|s| !view.given_between(&dead.server, &dead.id, dead.since, s.at));
            if let Some(reuse) = reuse {
                let why = format!("{} carries an id {}", reuse.what(), dead.why);
                if found.as_ref().is_none_or(|(at, _)| reuse.at < *at) {
                    found = Some((reuse.at, why));
                }
            }
        }
        Verdict::of(exercised, found)
    }),
};

struct Dead {
    id: String,
    /// The entry at which it began to be of no use, and the one from which on that counts.
    began: usize,
    since: usize,
    /// The object that knows; none if the whole connector must not use it.
    object: Option<ObjectId>,
    server: ServerName,
    why: &'static str,
}

fn dead_ids(view: &View<'_>) -> Vec<Dead> {
    let mut dead = Vec::new();
    for seen in &view.client {
        let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
            continue;
        };
        let why = match (&seen.request.method, response.status) {
            (_, 404) if seen.says_lost(&view.client) => "that this client object had got 404 for",
            (Method::Delete, 200..=299) => "that this client object had deleted",
            _ => continue,
        };
        dead.push(Dead {
            id: id.to_owned(),
            began: *at,
            since: *at,
            object: seen.object,
            server: seen.server.clone(),
            why,
        });
    }
    for (action, why) in [
        (Action::Disconnect, "from before the user disconnected"),
        (Action::Delete, "from before the user deleted the connector"),
    ] {
        for (began, ended, server) in view.actions(action) {
            let Some(server) = server else { continue };
            for id in view.ids_before(server, began) {
                dead.push(Dead {
                    id: id.to_owned(),
                    began,
                    since: ended,
                    object: None,
                    server: server.clone(),
                    why,
                });
            }
        }
    }
    dead
}

/// `cli-initialize-without-id`.
pub(super) const INITIALIZE_WITHOUT_ID: Invariant = Invariant {
    id: "cli-initialize-without-id",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["SES-08", "LIFE-01"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "an initialize request carries no session id",
    forbids: "a client whose session is lost sends initialize with the lost id still in the header, and is refused again",
    judge: Judge::Client(|view| {
        let initializes = || view.client.iter().filter(|s| s.request.asks("initialize"));
        let found = initializes().find(|s| s.session().is_some());
        Verdict::of(
            initializes().next().is_some(),
            found.map(|s| (s.at, "initialize carries a session id".to_owned())),
        )
    }),
};

/// `cli-full-handshake-again`.
pub(super) const FULL_HANDSHAKE_AGAIN: Invariant = Invariant {
    id: "cli-full-handshake-again",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["LIFE-04", "LIFE-02"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ClientObjects],
    demands: "after every successful initialize, notifications/initialized is the first message in the new session, a ping \
              excepted",
    forbids: "a client re-initializes, gets a new id, and sends a tool call with it before, or without ever, sending \
              notifications/initialized",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for init in view.client.iter().filter(|s| s.request.asks("initialize")) {
            let Some((answered, id)) = init.given() else {
                continue;
            };
            exercised = true;
            // A GET is no message: opening the stream while the notification leaves is nowhere forbidden. A DELETE is none
            // either.
            let first = view.client.iter().find(|s| {
                s.at > answered
                    && s.object == init.object
                    && s.session() == Some(id)
                    && s.request.method == Method::Post
                    && !s.request.asks("ping")
            });
            if let Some(first) = first
                && !first.request.asks("notifications/initialized")
            {
                let why = format!(
                    "{} comes in a new session before notifications/initialized",
                    first.what()
                );
                return Verdict::Violated { at: first.at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// `cli-every-call-resolves`.
pub(super) const EVERY_CALL_RESOLVES: Invariant = Invariant {
    id: "cli-every-call-resolves",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["TIME-01", "policy"],
    needs: &[Evidence::UserView],
    demands: "every call ends, with a result or an error, before its user gives up, who waits longer than the tool takes and \
              any hop on the way waits",
    forbids: "the answer to a call is lost, or is an error that names no request, and the user waits for ever; a program \
              that passes on what a host asks owes no answer to a request that it passed on and that nothing became of: the \
              limit is the host's",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (at, entry) in view.entries.iter().enumerate() {
            let Event::CallEnded { call, outcome } = &entry.event else {
                continue;
            };
            if view.cast.relays && is_passed_on(view, *call) {
                continue;
            }
            exercised = true;
            if let CallOutcome::TimedOut(ms) = outcome {
                let why = format!("a call got no answer within {} s", ms / 1000);
                return Verdict::Violated { at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Whether a call was sent, and its sender has heard nothing of it: neither an answer nor a failure.
fn is_passed_on(view: &View<'_>, call: CallId) -> bool {
    let mut sent = view.client.iter();
    let last = sent.rfind(|s| s.request.call == Some(call));
    last.is_some_and(|s| {
        let status = s.status().or(s.broken_status);
        status.is_none_or(|status| status < 300)
            && s.failed.is_none()
            && s.over.is_none()
            && s.answers().next().is_none()
    })
}

/// `cli-failure-is-shown`.
pub(super) const FAILURE_IS_SHOWN: Invariant = Invariant {
    id: "cli-failure-is-shown",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::UserView],
    demands: "a call for which no result came from the server ends with an error",
    forbids: "the client hands \"Session not found\" to whoever called, as the tool's own result, so that nobody who could \
              recover the session hears of the loss",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (at, entry) in view.entries.iter().enumerate() {
            let Event::CallEnded { outcome, .. } = &entry.event else {
                continue;
            };
            exercised |= *outcome != CallOutcome::Ok;
            if let CallOutcome::Hollow(_) = outcome {
                let why = "a call is shown as done, and its server sent no result".to_owned();
                return Verdict::Violated { at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// `cli-at-most-once`.
pub(super) const AT_MOST_ONCE: Invariant = Invariant {
    id: "cli-at-most-once",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "one call has at most one effect, however often the client sends it; what a client sends again after a refusal \
              (4xx) or a redirect it may take for not done",
    forbids: "a call commits its write, the answer is lost, the client sends the call again by itself, and the write is \
              committed twice",
    judge: Judge::Client(|view| {
        let mut effects: BTreeMap<CallId, u32> = BTreeMap::new();
        for (at, entry) in view.entries.iter().enumerate() {
            let Event::EffectCommitted {
                call: Some(call), ..
            } = &entry.event
            else {
                continue;
            };
            let count = effects.entry(*call).or_default();
            *count += 1;
            // What the network or a hop sent twice is not the client's doing, and what was refused, or sent elsewhere by a
            // redirect, counts for not done.
            let sends_again = || {
                let of_call = |s: &&Seen| s.at < at && s.request.call == Some(*call);
                let status = |s: &Seen| s.status().or(s.broken_status);
                let refused = |s: &&Seen| status(s).is_some_and(|n| (300..500).contains(&n));
                let sent = view.client.iter().filter(of_call);
                sent.filter(|s| !refused(s)).count() > 1
            };
            if *count > 1 && sends_again() {
                return Verdict::Violated {
                    at,
                    why: "one call had its effect twice".to_owned(),
                };
            }
        }
        Verdict::of(!effects.is_empty(), None)
    }),
};
