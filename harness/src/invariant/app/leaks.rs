//! What an application owes to sessions that it turns its back on.

use stalemate_wire::Method;

use crate::invariant::{Invariant, Judge, Party, Severity, Verdict};
use crate::journal::{Action, Evidence};

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
        for (began, _, _) in view.actions(Action::NewConversation) {
            let due_ms = view.ms(began.min(view.entries.len() - 1)) + ENDED_WITHIN_MS;
            if view.entries.last().is_none_or(|e| e.at_ms < due_ms)
                || view.is_changed(began, due_ms)
            {
                continue;
            }
            for old in view.handshakes().filter(|h| h.answered < began) {
                let Some(id) = old.id else { continue };
                let is_replaced = view.handshakes().any(|new| {
                    new.server == old.server && new.answered > began && new.object != old.object
                });
                let mut of_session = view.client.iter().filter(|s| s.session() == Some(id));
                let is_used_on = of_session.clone().any(|s| {
                    let is_over = s.over.is_some_and(|(n, _)| view.ms(n) <= due_ms);
                    let listens = s.is_get() && s.status() == Some(200) && !is_over;
                    listens || (s.at > began && s.request.method != Method::Delete)
                });
                let had_ended = view.is_ended(old.server, id, began);
                if !is_replaced
                    || is_used_on
                    || had_ended
                    || view.is_taken_away(old.server, old.answered..view.entries.len())
                {
                    continue;
                }
                exercised = true;
                if !of_session
                    .any(|s| s.request.method == Method::Delete && view.ms(s.at) <= due_ms)
                {
                    let why = "a new conversation has a session of its own, and the old one's, which lives, is not ended";
                    found.get_or_insert((began, why.to_owned()));
                }
            }
        }
        Verdict::of(exercised, found)
    }),
};
