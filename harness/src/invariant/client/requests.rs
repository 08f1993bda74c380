//! Requests of another kind than `tools/call`: a client recovers for all of them alike.

use std::collections::BTreeMap;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View, refuses_id};
use crate::journal::{CallId, CallOutcome, Event, Evidence, ServerName, TOOLS_CALL};

/// `cli-all-requests-recover`.
pub(in crate::invariant) const ALL_RECOVER: Invariant = Invariant {
    id: "cli-all-requests-recover",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["SES-08", "policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "where a tool's call that finds its session lost comes to a good end by itself, so does reading a resource, filling \
              in a prompt, and completing an argument",
    forbids: "after a restart the client answers the 404 to tools/call with a new session and sends the call again, and shows \
              the 404 to resources/read as an error, with the old id still in use; an error for another reason, one \
              where the recovery itself met trouble, and one where another request of the kind recovered, are exempt",
    judge: Judge::Client(|view| {
        let losses = losses(view);
        let recovers = |server: &ServerName, method: &str| {
            let mut of_server = losses.iter().filter(|l| l.server == server);
            of_server.any(|l| l.method == method && *l.outcome == CallOutcome::Ok)
        };
        // Where another one of the kind came to a good end, it is not the kind.
        let differs = |loss: &Loss<'_>| {
            recovers(loss.server, TOOLS_CALL) && !recovers(loss.server, loss.method)
        };
        let mut exercised = false;
        let mut found = None;
        for loss in losses.iter().filter(|l| l.method != TOOLS_CALL) {
            match loss.outcome {
                CallOutcome::Ok => exercised = true,
                CallOutcome::Error(_) if differs(loss) && !loss.met_trouble(view) => {
                    let why = format!(
                        "{} finds its session lost and fails, where tools/call recovers",
                        loss.method
                    );
                    found.get_or_insert((loss.ended, why));
                }
                CallOutcome::Error(_)
                | CallOutcome::Hollow(_)
                | CallOutcome::GivenUp(_)
                | CallOutcome::TimedOut(_) => {}
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// A request of the user that found its session lost.
struct Loss<'a> {
    server: &'a ServerName,
    method: &'a str,
    /// The exchange that was refused.
    refused: &'a Seen,
    /// The entry of the refusal.
    at: usize,
    /// How often it was sent.
    sent: usize,
    /// The entry at which it ended, and how.
    ended: usize,
    outcome: &'a CallOutcome,
}

impl Loss<'_> {
    /// Whether more than the loss stood in its way: it was sent again, the network was disturbed, another request failed, or
    /// the user took the connector away.
    fn met_trouble(&self, view: &View<'_>) -> bool {
        let during = self.at..self.ended;
        // A recovery that it shares with other requests may have begun before its own refusal came.
        let recovery = |s: &Seen| s.at > self.at || s.session() != self.refused.session();
        let mut others = view.client.iter().filter(|s| {
            s.object == self.refused.object
                && s.at > self.refused.at
                && s.at < self.ended
                && recovery(s)
        });
        let fails = |s: &Seen| {
            s.status_before(self.ended)
                .is_none_or(|status| status >= 400)
        };
        self.sent > 1
            || view.is_out(self.at)
            || view.is_out(self.ended)
            || view.changes.iter().any(|n| during.contains(n))
            || others.any(fails)
            || view.is_taken_away(self.server, during.clone())
    }
}

/// The requests of the user whose first refusal is that of a session which had ended.
fn losses<'a>(view: &'a View<'_>) -> Vec<Loss<'a>> {
    let mut refusals: BTreeMap<CallId, Vec<(&Seen, usize)>> = BTreeMap::new();
    for seen in &view.client {
        let answer = seen.response.as_ref();
        if let Some((at, _)) = answer.filter(|(_, r)| refuses_id(r.status))
            && let Some(call) = seen.request.call
        {
            refusals.entry(call).or_default().push((seen, *at));
        }
    }
    let began = view.entries.iter().filter_map(|entry| match &entry.event {
        Event::CallBegan {
            call,
            server,
            method,
            ..
        } => Some((*call, server, method.as_str())),
        _ => None,
    });
    began
        .filter_map(|(call, server, method)| {
            let mut refused = refusals.get(&call)?.iter().copied();
            let (refused, at) = refused
                .find(|(s, at)| s.session().is_some_and(|id| view.is_ended(server, id, *at)))?;
            let (ended, outcome) = end(view, call)?;
            let own = view.client.iter().filter(|s| s.request.call == Some(call));
            Some(Loss {
                server,
                method,
                refused,
                at,
                sent: own.count(),
                ended,
                outcome,
            })
        })
        .collect()
}

/// The entry at which a driven call ended, and how.
fn end<'a>(view: &View<'a>, id: CallId) -> Option<(usize, &'a CallOutcome)> {
    let mut entries = view.entries.iter().enumerate();
    entries.find_map(|(at, entry)| match &entry.event {
        Event::CallEnded { call, outcome } if *call == id => Some((at, outcome)),
        _ => None,
    })
}
