//! The arms of the decisions of servers, hops and model clients that are marked in the code, and why no scenario takes some.

use std::collections::BTreeSet;

use stalemate_wire::marks::Arm;

use crate::server::Situation;

/// Those of hops, of a server's streams and of model clients. A server's answers are the situations of its dialect.
const OTHERS: &[Arm] = &[
    ("client", "a re-initialization begins"),
    ("client", "a re-initialization is given up"),
    ("client", "a re-initialization that failed is tried again"),
    ("client", "a request is given up for its time"),
    ("client", "a subscription is restored"),
    ("client", "attempts are held back"),
    ("client", "each call re-initializes for itself"),
    ("client", "who waits for a re-initialization fails with it"),
    ("hop", "a failed request has nobody left to be tried with"),
    ("hop", "a failed request is tried again"),
    (
        "hop",
        "a failed request may have run, and is not tried again",
    ),
    ("hop", "a hash leads to a process that is out"),
    ("hop", "a kept connection was dead, and counts for nothing"),
    ("hop", "a process that was out answers again"),
    ("hop", "no process is left to ask"),
    ("hop", "the edge replaces a 502"),
    ("hop", "the edge replaces a 504"),
    ("hop", "the edge says 520"),
    ("hop", "the edge says 521"),
    ("hop", "the edge says 522"),
    ("hop", "the edge says 524"),
    ("server streams", "a GET opens a stream"),
    ("server streams", "a GET takes up the one stream again"),
    (
        "server streams",
        "a GET without a cursor is told what was kept",
    ),
    ("server streams", "a cursor before the first event"),
    ("server streams", "a resumed stream goes on"),
    ("server streams", "a resumed stream is only replayed"),
    ("server streams", "a resumed stream that was over ends"),
    ("server streams", "a second GET hears nothing"),
    ("server streams", "a second GET takes the stream over"),
    ("server streams", "a stream in use is resumed in silence"),
    ("server streams", "an unknown cursor opens a new stream"),
    ("server streams", "an unknown cursor opens a silent stream"),
];

/// Whose decisions a dialect's situations are.
const ANSWERS: &str = "server answers";

/// Why no scenario takes an arm.
const NEVER: &[(Arm, &str)] = &[];

/// All that are marked, in order.
#[must_use]
pub fn all() -> BTreeSet<Arm> {
    let answers = Situation::ALL.iter().map(|(_, name)| (ANSWERS, *name));
    answers.chain(OTHERS.iter().copied()).collect()
}

/// Why no scenario takes an arm; `None` if one does, or nobody has said why.
#[must_use]
pub fn why_never(arm: Arm) -> Option<&'static str> {
    let known = NEVER.iter().find(|(known, _)| *known == arm);
    known.map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_of_an_arm() {
        let all = all();
        assert_eq!(all.len(), Situation::ALL.len() + OTHERS.len());
        assert!(NEVER.iter().all(|(arm, _)| all.contains(arm)));
    }
}
