//! How a client initializes again: when it must, once, and not in a storm. What the handshake itself must be is one level
//! up.

use std::collections::{BTreeMap, BTreeSet};

use stalemate_wire::Method;

use crate::invariant::{Handshake, Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Action, Event, Evidence, ObjectId, Phase, ServerName};

/// `cli-reinit-on-404`.
pub(in crate::invariant) const REINIT_ON_404: Invariant = Invariant {
    id: "cli-reinit-on-404",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["SES-08"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
    ],
    demands: "when a request with an id, a GET like any other, was answered 404, the next thing that the client object \
              sends is initialize without an id",
    forbids: "the GET stream is answered 404; the client goes on with tool calls as if nothing had been said, or shows \
              every further call as failed without asking the server; an object that is dropped is exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found: Option<(usize, String)> = None;
        for loss in losses(view) {
            match after(view, &loss) {
                After::Nothing => continue,
                After::Reinitialized => {}
                After::GoesOn { at, why } => {
                    if found.as_ref().is_none_or(|(earliest, _)| at < *earliest) {
                        found = Some((at, why));
                    }
                }
            }
            exercised = true;
        }
        Verdict::of(exercised, found)
    }),
};

/// A client object was told that an id is lost.
struct Loss<'a> {
    seen: &'a Seen,
    id: &'a str,
    at: usize,
}

/// The first 404 for each object and id.
fn losses<'a>(view: &'a View<'_>) -> Vec<Loss<'a>> {
    let mut first: BTreeMap<(Option<ObjectId>, &str), Loss<'a>> = BTreeMap::new();
    for seen in &view.client {
        let (Some(id), Some((at, _))) = (seen.session(), &seen.response) else {
            continue;
        };
        // A DELETE is the end of the session anyway.
        if !seen.says_lost(&view.client) || seen.request.method == Method::Delete {
            continue;
        }
        let loss = Loss { seen, id, at: *at };
        let earliest = first.entry((seen.object, id)).or_insert(loss);
        if *at < earliest.at {
            *earliest = Loss { seen, id, at: *at };
        }
    }
    first.into_values().collect()
}

/// What an object does after a loss.
enum After {
    /// It is dropped, or nobody asks anything of it.
    Nothing,
    Reinitialized,
    GoesOn {
        at: usize,
        why: String,
    },
}

fn after(view: &View<'_>, loss: &Loss<'_>) -> After {
    let own = || {
        let client = view.client.iter();
        client.filter(|s| s.object == loss.seen.object)
    };
    let is_fresh = |s: &Seen| s.request.asks("initialize") && s.session().is_none();
    // It may have noticed before: another request was refused otherwise, or a connection said it.
    let began = own().find(|s| s.session() == Some(loss.id));
    let began = began.map_or(loss.at, |s| s.at);
    if own().any(|s| is_fresh(s) && (began..loss.at).contains(&s.at)) {
        return After::Reinitialized;
    }
    // What was on its way when the 404 came, and what left in the same millisecond, is no answer to it.
    let answers = |s: &Seen| {
        is_fresh(s) || view.ms(s.at) > view.ms(loss.at) && !view.was_on_its_way(s, loss.at)
    };
    let next = own().find(|s| s.at > loss.at && s.request.method != Method::Delete && answers(s));
    match next {
        Some(next) if is_fresh(next) => After::Reinitialized,
        Some(next) => {
            let why = format!(
                "{} was answered 404, and {} follows in place of initialize without an id",
                loss.seen.what(),
                next.what()
            );
            After::GoesOn { at: next.at, why }
        }
        None => match silent_call(view, loss) {
            Some(at) => {
                let why = "a call ends, and since the 404 nothing was sent at all".to_owned();
                After::GoesOn { at, why }
            }
            None => After::Nothing,
        },
    }
}

/// Where a call ended that began in calm after the loss, if the object was not dropped for another one meanwhile.
fn silent_call(view: &View<'_>, loss: &Loss<'_>) -> Option<usize> {
    let server = &loss.seen.server;
    if view.requests_after(loss.at).any(|s| s.server == *server) {
        return None;
    }
    let mut calm = false;
    let mut began = None;
    for (at, entry) in view.entries.iter().enumerate().skip(loss.at) {
        match &entry.event {
            Event::Phase(Phase::Calm { server: s }) if s == server => calm = true,
            Event::UserActed {
                action: Action::Disconnect | Action::Delete,
                server: Some(s),
                ..
            } if s == server => return None,
            Event::CallBegan {
                call, server: s, ..
            } if s == server && calm && began.is_none() => began = Some(*call),
            Event::CallEnded { call, .. } if began == Some(*call) => return Some(at),
            _ => {}
        }
    }
    None
}

/// `cli-single-flight-reinit`.
pub(in crate::invariant) const SINGLE_FLIGHT: Invariant = Invariant {
    id: "cli-single-flight-reinit",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
    ],
    demands: "a client object that lost its session has one initialize in flight at a time, however many of its calls \
              found the loss; besides those that the user asks for",
    forbids: "eight parallel calls are answered 404, and eight initialize requests leave at once; seven of the new \
              sessions are never used",
    judge: Judge::Client(|view| {
        let mut found = None;
        // How many an object has sent, and the entry up to which one of them had no answer.
        let mut sent: BTreeMap<Option<ObjectId>, (usize, usize)> = BTreeMap::new();
        let mut asked = asked_by_user(view);
        for seen in view.client.iter().filter(|s| s.request.asks("initialize")) {
            let answered = seen.response.as_ref().map(|(at, _)| *at);
            let end = answered.or(seen.failed).unwrap_or(usize::MAX);
            let (count, busy_until) = sent.entry(seen.object).or_default();
            // Who saw the first attempt come to nothing may connect again, though its request still waits.
            let by_user = is_asked(&mut asked, seen);
            if seen.at < *busy_until && !by_user && found.is_none() {
                let why = "initialize is sent while another one of the same client object has no answer yet";
                found = Some((seen.at, why.to_owned()));
            }
            *count += 1;
            *busy_until = end.max(*busy_until);
        }
        Verdict::of(sent.values().any(|(count, _)| *count > 1), found)
    }),
};

/// The most attempts in a window that are no storm, and the window in milliseconds.
const STORM: (usize, u64) = (5, 10_000);
/// What each lost session is good for: one initialize and one GET.
const PER_LOSS: usize = 2;
/// The lost sessions in a window that count: to open one after the other at a server that loses each is a storm too.
const LOSSES: usize = 2;

/// `cli-no-reinit-storm`.
pub(in crate::invariant) const NO_STORM: Invariant = Invariant {
    id: "cli-no-reinit-storm",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
    ],
    demands: "a client object begins no more than 5 initialize and GET requests in any 10 s, and two more for each of two \
              sessions whose ids are refused (404, 400 or 410); besides those that the user asks for, the first GET for the rest of \
              each call's stream that broke, and what asks a server what kind it is",
    forbids: "the server is starting and answers 503; the client asks five times a second, and the server never comes up \
              under it",
    judge: Judge::Client(|view| {
        let mut attempts: BTreeMap<Option<ObjectId>, Vec<usize>> = BTreeMap::new();
        let mut asked = asked_by_user(view);
        // A request that was sent elsewhere counts where it came.
        let is_sent_on = |s: &Seen| matches!(s.status(), Some(300..400));
        let is_attempt = |s: &&Seen| {
            let is_one = (s.is_get() && !fetches_rest(view, s)) || s.request.asks("initialize");
            is_one && !is_sent_on(s) && !asks_about(view, s)
        };
        for seen in view.client.iter().filter(is_attempt) {
            if is_asked(&mut asked, seen) {
                continue;
            }
            let of_object = attempts.entry(seen.object).or_default();
            of_object.push(seen.at);
            let (most, window_ms) = STORM;
            if of_object.len() <= most {
                continue;
            }
            let most = most + PER_LOSS * told_lost(view, seen, window_ms).min(LOSSES);
            if let Some(first) = of_object.len().checked_sub(most + 1)
                && view.ms(seen.at) - view.ms(of_object[first]) <= window_ms
            {
                let why = format!(
                    "{} is the {}th initialize or GET within {} s",
                    seen.what(),
                    most + 1,
                    window_ms / 1000
                );
                return Verdict::Violated { at: seen.at, why };
            }
        }
        Verdict::of(!attempts.is_empty(), None)
    }),
};

/// How many sessions a client object was told in that time that it had lost, by a refusal of their ids.
fn told_lost(view: &View<'_>, by: &Seen, window_ms: u64) -> usize {
    let from_ms = view.ms(by.at).saturating_sub(window_ms);
    let told = view.client.iter().filter(|s| {
        let when = s.response.as_ref().map(|(n, _)| *n);
        let in_time = when.is_some_and(|n| n < by.at && view.ms(n) >= from_ms);
        // Some servers refuse an id that they do not know with 400 or 410; a client that takes the hint goes on as after 404.
        let is_told = |s: &Seen| matches!(s.status(), Some(400 | 410)) || s.says_lost(&view.client);
        in_time && s.object == by.object && is_told(s)
    });
    let lost: BTreeSet<&str> = told.filter_map(Seen::session).collect();
    lost.len()
}

/// Whether a GET asks what kind of server that is: it names no session, the client object has had none there, and it is answered
/// that this is no way in. Nothing is recovered by it.
fn asks_about(view: &View<'_>, get: &Seen) -> bool {
    let is_refused = matches!(get.status(), Some(400..500));
    let had_one = || {
        let mut handshakes = view.handshakes();
        let is_own = |h: &Handshake<'_>| h.object == get.object && *h.server == get.server;
        handshakes.any(|h| is_own(&h) && h.answered < get.at)
    };
    get.is_get() && get.session().is_none() && is_refused && !had_one()
}

/// Whether a GET is the first that asks for the rest of the stream of a POST: several calls may break at once.
fn fetches_rest(view: &View<'_>, get: &Seen) -> bool {
    let Some(cursor) = get.request.cursor.as_deref() else {
        return false;
    };
    let own = || {
        let before = view.client.iter().filter(|s| s.at < get.at);
        before.filter(|s| s.object == get.object)
    };
    let has = |s: &Seen| {
        s.events
            .iter()
            .any(|(_, e)| e.id.as_deref() == Some(cursor))
    };
    own().any(|s| !s.is_get() && s.session() == get.session() && has(s))
        && !own().any(|s| s.is_get() && s.request.cursor.as_deref() == Some(cursor))
}

/// The user pressed Add or Connect.
struct Asked<'a> {
    at: usize,
    server: &'a ServerName,
    initialize: bool,
    stream: bool,
}

/// Whether the user asked for that initialize or GET: each press of the button is good for one of either.
fn is_asked(asked: &mut [Asked<'_>], seen: &Seen) -> bool {
    let mine = |a: &&mut Asked<'_>| *a.server == seen.server && a.at < seen.at;
    asked.iter_mut().rfind(mine).is_some_and(|asked| {
        let spent = match seen.is_get() {
            true => &mut asked.stream,
            false => &mut asked.initialize,
        };
        !std::mem::replace(spent, true)
    })
}

fn asked_by_user<'a>(view: &View<'a>) -> Vec<Asked<'a>> {
    let pressed = |action| view.actions(action);
    let both = pressed(Action::Add).chain(pressed(Action::Connect));
    let mut asked: Vec<Asked<'a>> = both
        .filter_map(|(at, _, server)| {
            Some(Asked {
                at,
                server: server?,
                initialize: false,
                stream: false,
            })
        })
        .collect();
    asked.sort_by_key(|a| a.at);
    asked
}
