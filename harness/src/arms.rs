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
const NEVER: &[(Arm, &str)] = &[
    (("hop", "a hash leads to a process that is out"), ONE_FAULT),
    (("hop", "no process is left to ask"), ONE_FAULT),
    (("hop", "the edge replaces a 504"), HEAD_FIRST),
    (("hop", "the edge says 522"), HEAD_FIRST),
    ((ANSWERS, "bad-json"), WELL_FORMED),
    ((ANSWERS, "delete-without-session"), WELL_FORMED),
    ((ANSWERS, "get-cursor-in-use"), ONE_STREAM_TESTED),
    ((ANSWERS, "get-unknown-cursor"), OWN_CURSOR),
    ((ANSWERS, "get-wrong-accept"), WELL_FORMED),
    ((ANSWERS, "method-not-allowed"), WELL_FORMED),
    ((ANSWERS, "options"), WELL_FORMED),
    ((ANSWERS, "other-path"), WELL_FORMED),
    ((ANSWERS, "other-version"), NO_OTHER_VERSION),
    ((ANSWERS, "post-no-message"), WELL_FORMED),
    ((ANSWERS, "post-wrong-accept"), WELL_FORMED),
    ((ANSWERS, "post-wrong-content-type"), WELL_FORMED),
    (
        ("server streams", "a GET takes up the one stream again"),
        ONE_STREAM_TESTED,
    ),
    (
        ("server streams", "a cursor before the first event"),
        BEGINNING,
    ),
    (("server streams", "a second GET hears nothing"), ONE_STREAM),
    (
        ("server streams", "a second GET takes the stream over"),
        ONE_STREAM_TESTED,
    ),
    (
        ("server streams", "a stream in use is resumed in silence"),
        ONE_STREAM_TESTED,
    ),
    (
        ("server streams", "an unknown cursor opens a silent stream"),
        OWN_CURSOR,
    ),
];

const WELL_FORMED: &str =
    "no client here sends that; the replayed captures and the random sequences of `probe` do";
const ONE_STREAM: &str = "no scenario has a client whose GET comes while the stream before it is open, at a server that treats it \
                          so; the replayed captures do";
const OWN_CURSOR: &str = "a client here resumes with a cursor of a session that lives, and those of a lost one are refused for \
                          the session; the replayed captures do it";
const ONE_STREAM_TESTED: &str = "as for a second stream; the tests of a server's streams do";
const NO_OTHER_VERSION: &str = "no client here names a revision that its server does not know; the tests of a server's kinds do";
const BEGINNING: &str = "no stream of a scenario breaks before its first event and is resumed; the tests of a server's streams do";
const ONE_FAULT: &str =
    "no scenario takes so many replicas away at once; the tests of the balancer do";
const HEAD_FIRST: &str = "in the scenarios a stream's head is through before the way behind the edge breaks; the tests of the \
                          edge do it";

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

/// Those that no scenario takes and that are taken where what real servers were asked is asked of their models.
pub fn asked_of_real_servers() -> impl Iterator<Item = Arm> {
    let replayed = [WELL_FORMED, ONE_STREAM, OWN_CURSOR];
    let of_servers = NEVER.iter().filter(move |(_, why)| replayed.contains(why));
    of_servers.map(|(arm, _)| *arm)
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
