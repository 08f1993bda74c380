//! What a client that recovers by itself brings over into its new session.

use stalemate_wire::RpcKind;

use crate::invariant::{Handshake, Invariant, Judge, Party, Seen, Severity, Verdict};
use crate::journal::Evidence;

/// How long a client may take to subscribe again, in milliseconds.
const RESTORED_WITHIN_MS: u64 = 30_000;

/// The method by which a client asks to be told of a resource's changes.
const SUBSCRIBE: &str = "resources/subscribe";

/// `cli-restores-subscriptions`.
pub(in crate::invariant) const RESTORES: Invariant = Invariant {
    id: "cli-restores-subscriptions",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "a client object that opens another session by itself subscribes there within 30 s to what it had subscribed to \
              in the one before",
    forbids: "a restart ends a session in which the user had subscribed to a resource; the client initializes unseen, all \
              calls work, and no change of the resource is ever told again; a session that ends meanwhile, and a network \
              that is disturbed, are exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found = None;
        for (first, second) in view.successions() {
            // A client to which no result came has no session in place of the other.
            if second.settled.is_none() {
                continue;
            }
            let is_of = |s: &Seen, session: &Handshake<'_>| {
                s.object == session.object && s.request.asks(SUBSCRIBE) && s.session() == session.id
            };
            let mut before = view.client.iter().filter(|s| s.at < second.answered);
            let Some(subscription) =
                before.find(|s| is_of(s, &first) && is_granted(s, second.answered))
            else {
                continue;
            };
            // A session that is refused may have given way to another one meanwhile.
            let is_later = |s: &Seen| {
                s.object == second.object && s.request.asks(SUBSCRIBE) && s.session() != first.id
            };
            // A call of the user's own is no restoration, unless it is the same one, sent again.
            let again = view.requests_after(second.answered).find(|s| {
                let call = s.request.call;
                is_later(s) && (call.is_none() || call == subscription.request.call)
            });
            let due_ms = view.ms(second.answered) + RESTORED_WITHIN_MS;
            if again.is_some_and(|s| view.ms(s.at) <= due_ms) {
                exercised = true;
                continue;
            }
            let Some(due) = (second.answered..view.entries.len()).find(|at| view.ms(*at) >= due_ms)
            else {
                continue;
            };
            let ended = second
                .id
                .is_some_and(|id| view.is_ended(second.server, id, due));
            let changed = view.is_taken_away(second.server, first.answered..due);
            let disturbed = (second.answered..due).any(|at| view.is_out(at));
            if !ended && !changed && !disturbed {
                let why =
                    "a session takes the place of one with a subscription, and has none".to_owned();
                found.get_or_insert((due, why));
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// Whether a subscription was answered with a result before an entry.
fn is_granted(asked: &Seen, by: usize) -> bool {
    let mut answers = asked.answers();
    answers.any(|(at, rpc, _)| at < by && rpc.kind == RpcKind::Result && asked.asked_for(rpc))
}
