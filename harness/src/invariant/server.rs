//! What is demanded of a server, judged from what it received and sent and from what became of its sessions.

pub(super) mod answer;
pub(super) mod harm;
pub(super) mod session;
pub(super) mod stream;
pub(super) mod token;

use stalemate_wire::Method;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Evidence, ResponseSummary};

/// `srv-dead-session-is-404`.
pub(super) const DEAD_SESSION_IS_404: Invariant = Invariant {
    id: "srv-dead-session-is-404",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["SES-07b", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a request with the id of a session that has ended, for whatever cause, is answered 404; after a restart, \
              where the server cannot know the id, by policy; a server that keeps no sessions any more is exempt",
    forbids: "a session ends; a request with its id is answered 400 (or anything but 404), so that a client that does what \
              the specification demands never learns that it must initialize again",
    judge: Judge::Server(|view, server, received| {
        let fates = view.fates(server);
        let mut exercised = false;
        for seen in received {
            // How DELETE and initialize with a dead id are answered, the specification leaves open.
            if seen.request.method == Method::Delete || seen.request.asks("initialize") {
                continue;
            }
            let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
                continue;
            };
            let Some((cause, certain)) = fates.dead_at(id, seen.at) else {
                continue;
            };
            if is_of_next_era(view, received, seen)
                || is_without_sessions(view, received, seen, response.status)
            {
                continue;
            }
            // Who shows no good token is not told what became of a session (AUTH-02).
            if response.status == 401 && view.token_is_good(seen) == Some(false) {
                continue;
            }
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

/// Whether a request came to a server that speaks the revision without sessions, as it said itself in that life of its process.
/// Nothing of what is demanded of servers with sessions binds it.
fn is_of_next_era(view: &View<'_>, received: &[Seen], seen: &Seen) -> bool {
    let mut said = received.iter().filter(|s| s.says_next_era());
    said.any(|s| view.is_one_life(s, seen))
}

/// Whether a process keeps sessions in the life in which it received a request, as far as that shows: it opened one, named one in
/// an answer, or said of one that it is not there. Who has none serves what names one as it serves anything.
fn keeps_sessions(view: &View<'_>, received: &[Seen], seen: &Seen) -> bool {
    let names = |s: &Seen| {
        let response = s.response.as_ref().map(|(_, r)| r);
        let refuses = |r: &ResponseSummary| s.session().is_some() && matches!(r.status, 404 | 410);
        response.is_some_and(|r| r.session.is_some() || refuses(r))
    };
    let mut of_life = received.iter().filter(|s| view.is_one_life(s, seen));
    of_life.any(names) || view.has_sessions_in_life(seen)
}

/// Whether an answer in a session that ended means nothing, because the process has no sessions at all by then.
fn is_without_sessions(view: &View<'_>, received: &[Seen], seen: &Seen, status: u16) -> bool {
    (status < 300 || status == 405) && !keeps_sessions(view, received, seen)
}
