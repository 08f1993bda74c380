//! What is demanded of a hop: that what the server says of a session reaches the client. Judged from what the hop received
//! from its upstream and what it sent on for it.

use crate::invariant::{Invariant, Judge, Party, Relayed, Severity, Verdict};
use crate::journal::Evidence;

/// `hop-status-transparent`.
pub(super) const STATUS_TRANSPARENT: Invariant = Invariant {
    id: "hop-status-transparent",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads],
    demands: "a 4xx of the upstream is passed on with its status, the length of its body and its session id header; 5xx \
              are no part of this, since an edge that puts its own page in place of a 502 or 504 takes nothing from a \
              client that keeps its session on 5xx anyway",
    forbids: "the server answers 404 to a dead session; the hop makes a 500 of it, and the client never learns that it must \
              initialize again",
    judge: Judge::Hop(|relayed| {
        let mut exercised = false;
        for Relayed { outer, inner } in relayed {
            // What the plan did to the response on its way is in what the hop received.
            let (Some((_, theirs)), Some((sent, ours))) = (&inner.response, &outer.response) else {
                continue;
            };
            if !(400..500).contains(&theirs.status) {
                continue;
            }
            exercised = true;
            let why = if ours.status != theirs.status {
                format!("makes {} of the upstream's {}", ours.status, theirs.status)
            } else if ours.session != theirs.session {
                format!("changes the session id header of a {}", theirs.status)
            } else if ours.bytes != theirs.bytes {
                format!(
                    "makes {} bytes of the {} in the body of a {}",
                    ours.bytes, theirs.bytes, theirs.status
                )
            } else {
                continue;
            };
            return Verdict::Violated { at: *sent, why };
        }
        Verdict::of(exercised, None)
    }),
};
