//! What an application owes to sessions that it turns its back on.

use stalemate_wire::{Method, RpcKind};

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict};
use crate::journal::{Action, Entry, Event, Evidence};

/// How long an application may take to end a session that nobody uses any more, in milliseconds.
const ENDED_WITHIN_MS: u64 = 30_000;

/// `app-ends-old-conversations`.
pub(in crate::invariant) const ENDS_OLD_CONVERSATIONS: Invariant = Invariant {
    id: "app-ends-old-conversations",
    party: Party::Application,
    severity: Severity::Should,
    clauses: &["SES-09"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "where a new conversation gets a session of its own, the session of the one before is ended by DELETE within 30 s, \
              unless it is used on",
    forbids: "each conversation opens a session and leaves it to the server when the next one begins; a network that is \
              disturbed then is exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found = None;
        for (began, ended, _) in view.actions(Action::NewConversation) {
            let due_ms = view.ms(began.min(view.entries.len() - 1)) + ENDED_WITHIN_MS;
            let is_seen = view.entries.last().is_some_and(|e| e.at_ms >= due_ms);
            if !is_seen || view.is_changed(began, due_ms) {
                continue;
            }
            // What the user does next, another window above all, has objects of its own.
            let acted = |e: &Entry| matches!(e.event, Event::UserActed { .. });
            let after = view.entries.iter().skip(ended).position(acted);
            let conversation = began..after.map_or(view.entries.len(), |n| ended + n);
            let before = view.handshakes().filter(|h| h.answered < began);
            for old in before.filter(|h| !view.is_beside(h.object)) {
                let Some(id) = old.id else { continue };
                let is_replaced = view.handshakes().any(|new| {
                    new.server == old.server
                        && new.object != old.object
                        && !view.is_beside(new.object)
                        && conversation.contains(&new.answered)
                });
                let of_session = || view.client.iter().filter(|s| s.session() == Some(id));
                let is_used_on = of_session().any(|s| {
                    let is_over = s.over.is_some_and(|(n, _)| view.ms(n) <= due_ms);
                    let listens = s.is_get() && s.status() == Some(200) && !is_over;
                    listens || (s.at > began && s.request.method != Method::Delete)
                });
                let refused = |s: &Seen| s.status_before(began).is_some_and(|status| status >= 400);
                let was_refused = of_session().any(refused);
                // Of a connect that failed there is nothing to talk in.
                let is_of_conversation = of_session().any(|s| {
                    let asks = s.request.rpc.iter().any(|r| r.kind == RpcKind::Request);
                    asks && s.at < began && s.status() == Some(200)
                });
                let had_ended = view.is_ended(old.server, id, began);
                let is_taken_away =
                    view.is_taken_away(old.server, old.answered..view.entries.len());
                if !is_of_conversation
                    || !is_replaced
                    || is_used_on
                    || was_refused
                    || had_ended
                    || is_taken_away
                {
                    continue;
                }
                let ends = |s: &Seen| s.request.method == Method::Delete && view.ms(s.at) <= due_ms;
                let is_deleted = of_session().any(ends);
                // What is lost before its time is over needs no end any more.
                let due = view.entries.partition_point(|e| e.at_ms <= due_ms);
                if !is_deleted && view.is_ended(old.server, id, due) {
                    continue;
                }
                exercised = true;
                if !is_deleted {
                    let why = "a new conversation has a session of its own, and the old one's, which lives, is not ended";
                    found.get_or_insert((began, why.to_owned()));
                }
            }
        }
        Verdict::of(exercised, found)
    }),
};
