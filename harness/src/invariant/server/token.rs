//! Sessions at a server that asks for bearer tokens: one thing is who asks, and another in which session.

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict};
use crate::journal::Evidence;

/// `srv-renewal-keeps-session`.
pub(in crate::invariant) const RENEWAL_KEEPS_SESSION: Invariant = Invariant {
    id: "srv-renewal-keeps-session",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["AUTH-01", "policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ServerTruth,
        Evidence::UserView,
    ],
    demands: "a session that lives is served whatever token its user shows, as long as that is good",
    forbids: "a token expires and is renewed; the server compares it with the one that the session was opened with, and answers \
              401 to the id, so that the client asks for one token after the other, and none of them helps",
    judge: Judge::Server(|view, server, received| {
        let fates = view.fates(server);
        let opened = received.iter().filter_map(|s| Some((s, s.given()?)));
        let opened: Vec<_> = opened.collect();
        let opened_with = |id: &str, by: usize| {
            let mut last = opened.iter().rev();
            let last = last.find(|(_, (at, given))| *at < by && *given == id);
            last.and_then(|(s, _)| s.request.token.as_deref())
        };
        let mut exercised = false;
        for seen in received {
            let (Some(id), Some((at, response))) = (seen.session(), &seen.response) else {
                continue;
            };
            let (Some(first), Some(token)) =
                (opened_with(id, seen.at), seen.request.token.as_deref())
            else {
                continue;
            };
            let lives = fates.lives(id, &seen.process, seen.at, *at);
            if first == token || !lives || view.token_is_good(seen) != Some(true) {
                continue;
            }
            exercised |= response.status < 300;
            if refuses_whom(seen) {
                let why = format!(
                    "answers {} to {} with a renewed token, in a session that lives",
                    response.status,
                    seen.what()
                );
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Whether a request is refused because of whom it is from, or of the session that it names.
fn refuses_whom(seen: &Seen) -> bool {
    matches!(seen.status(), Some(400 | 401 | 403 | 404 | 410))
}
