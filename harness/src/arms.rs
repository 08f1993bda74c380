//! The arms of the decisions of servers, hops and model clients that are marked in the code, and why no scenario takes some.

use std::collections::BTreeSet;

use stalemate_wire::marks::Arm;

use crate::server::Situation;

/// Why no scenario takes an arm; `None` if one does.
type Never = Option<&'static str>;

/// Those of model clients.
const CLIENT: &[(&str, Never)] = &[
    ("a failure ends the client object", None),
    ("a fresh token that is refused is not replaced", None),
    ("a late refusal spares the session that followed", None),
    ("a lost session is only a failure", Some(NOT_RECOGNIZED)),
    ("a page in place of a stream is taken for no stream", None),
    ("a re-initialization begins", None),
    ("a re-initialization is given up", None),
    ("a re-initialization that failed is tried again", None),
    (
        "a refusal without the id of its request is waited past",
        Some(FAULTS_TESTED),
    ),
    ("a refused cursor is left out", None),
    ("a refused initialized changes nothing", Some(MODEL_TESTED)),
    ("a refused initialized ends the handshake", None),
    ("a refused request is sent again in another session", None),
    ("a refused token is replaced", None),
    ("a request is given up for its time", None),
    (
        "a request is refused too often, and fails",
        Some(CLIENTS_TESTED),
    ),
    ("a request of the server is answered", None),
    ("a request of the server is left unanswered", None),
    ("a request that may have run fails", None),
    ("a request that may have run is sent again", None),
    (
        "a request that met a dead idle connection goes out on another",
        None,
    ),
    ("a request that was not sent fails", None),
    ("a request that was not sent is tried again", None),
    ("a request whose answer will not come fails", None),
    ("a server has no stream", None),
    ("a session that opens after a disconnect is ended", None),
    ("a stream does not open, and may later", None),
    ("a stream finds its session lost", None),
    ("a stream is given up", None),
    (
        "a stream that is refused with 400 again spares the session",
        Some(CLIENTS_TESTED),
    ),
    ("a subscription is restored", None),
    ("an answer that will not come is waited for", None),
    (
        "an answer that will not come is waited for without limit",
        None,
    ),
    ("an id that comes with an answer is believed", None),
    ("attempts are held back", None),
    ("each call re-initializes for itself", None),
    (
        "the request that found its session lost fails, and the next one has another",
        None,
    ),
    ("the rest of an answer cannot be had", Some(CLIENTS_TESTED)),
    ("the rest of an answer is fetched by its cursor", None),
    (
        "the rest of an answer is lost with its session",
        Some(CLIENTS_TESTED),
    ),
    ("the tools are listed beside a listing that hangs", None),
    ("who waits for a re-initialization fails with it", None),
];

/// Those of hops.
const HOP: &[(&str, Never)] = &[
    ("a failed request has nobody left to be tried with", None),
    ("a failed request is tried again", None),
    (
        "a failed request may have run, and is not tried again",
        None,
    ),
    ("a hash leads to a process that is out", Some(ONE_FAULT)),
    ("a kept connection was dead, and counts for nothing", None),
    ("a process that was out answers again", None),
    ("a request is redirected", None),
    ("a session ends on both sides of the gateway", None),
    ("a status is exchanged", None),
    (
        "an inner session that was opened again is refused",
        Some(GATEWAY_TESTED),
    ),
    ("nginx fills a buffer before it passes it on", None),
    ("nginx has no location for a path", Some(NGINX_REPLAYED)),
    ("nginx holds a head until the first chunk", None),
    ("nginx passes an answer on unbuffered", None),
    ("nginx passes an empty answer on", None),
    ("nginx refuses a body that is too large", None),
    (
        "nginx refuses a line that is too long",
        Some(NGINX_REPLAYED),
    ),
    (
        "nginx refuses headers that are too large",
        Some(NGINX_REPLAYED),
    ),
    ("nginx says 502", None),
    ("nginx says 504", None),
    ("no process is left to ask", Some(ONE_FAULT)),
    ("the edge replaces a 502", None),
    ("the edge replaces a 504", Some(HEAD_FIRST)),
    ("the edge says 520", None),
    ("the edge says 521", None),
    ("the edge says 522", Some(HEAD_FIRST)),
    ("the edge says 524", None),
    ("the gateway collects an answer for too long", None),
    ("the gateway does not know a session", None),
    ("the gateway opens an inner session again", None),
    ("the gateway passes the loss of an inner session on", None),
    ("the gateway says 500 to the loss of an inner session", None),
    ("the gateway says 502 to the loss of an inner session", None),
];

/// Those of a server's streams.
const STREAMS: &[(&str, Never)] = &[
    ("a GET opens a stream", None),
    (
        "a GET takes up the one stream again",
        Some(ONE_STREAM_TESTED),
    ),
    ("a GET without a cursor is told what was kept", None),
    ("a cursor before the first event", Some(BEGINNING)),
    ("a resumed stream goes on", None),
    ("a resumed stream is only replayed", None),
    ("a resumed stream that was over ends", None),
    ("a second GET hears nothing", Some(ONE_STREAM)),
    (
        "a second GET takes the stream over",
        Some(ONE_STREAM_TESTED),
    ),
    (
        "a stream in use is resumed in silence",
        Some(ONE_STREAM_TESTED),
    ),
    ("an unknown cursor opens a new stream", None),
    ("an unknown cursor opens a silent stream", Some(OWN_CURSOR)),
];

/// Whose decisions a dialect's situations are. Each of these is an arm.
const ANSWERS: &str = "server answers";

/// The situations that no scenario comes to.
const NEVER_ANSWERED: &[(&str, &str)] = &[
    ("bad-json", WELL_FORMED),
    ("delete-without-session", WELL_FORMED),
    ("get-cursor-in-use", ONE_STREAM_TESTED),
    ("get-wrong-accept", WELL_FORMED),
    ("method-not-allowed", WELL_FORMED),
    ("options", WELL_FORMED),
    ("other-path", WELL_FORMED),
    ("other-version", NO_OTHER_VERSION),
    ("post-no-message", WELL_FORMED),
    ("post-wrong-accept", WELL_FORMED),
    ("post-wrong-content-type", WELL_FORMED),
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

const NOT_RECOGNIZED: &str = "the models that never re-initialize recognize no lost session either";
const FAULTS_TESTED: &str =
    "of the models only a broken one does that; the tests of the invariants do";
const CLIENTS_TESTED: &str =
    "no server of a scenario answers so; the tests of the model clients do";
const MODEL_TESTED: &str =
    "the model that takes no notice is in no scenario where that happens; its own tests do it";
const GATEWAY_TESTED: &str =
    "no server of a scenario loses what was just opened; the tests of the gateway do";
const NGINX_REPLAYED: &str = "no client here sends that; the replayed captures of nginx do";

/// All that are marked, with why no scenario takes them.
fn marked() -> impl Iterator<Item = (Arm, Never)> {
    let tables = [
        ("client", CLIENT),
        ("hop", HOP),
        ("server streams", STREAMS),
    ];
    let others = tables.into_iter().flat_map(|(of, arms)| {
        let arms = arms.iter();
        arms.map(move |(name, never)| ((of, *name), *never))
    });
    let answers = Situation::ALL.iter().map(|(_, name)| {
        let never = NEVER_ANSWERED.iter().find(|(known, _)| known == name);
        ((ANSWERS, *name), never.map(|(_, why)| *why))
    });
    answers.chain(others)
}

/// All that are marked, in order.
#[must_use]
pub fn all() -> BTreeSet<Arm> {
    marked().map(|(arm, _)| arm).collect()
}

/// Why no scenario takes an arm; `None` if one does, or nobody has said why.
#[must_use]
pub fn why_never(arm: Arm) -> Option<&'static str> {
    marked().find(|(known, _)| *known == arm)?.1
}

/// Those that no scenario takes and that are taken where what real servers were asked is asked of their models.
pub fn asked_of_real_servers() -> impl Iterator<Item = Arm> {
    let replayed = [WELL_FORMED, ONE_STREAM, OWN_CURSOR];
    let asked = marked().filter(move |(_, never)| never.is_some_and(|why| replayed.contains(&why)));
    asked.map(|(arm, _)| arm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_marked_once_and_each_situation_is_one() {
        assert_eq!(marked().count(), all().len());
        let is_known = |name: &str| Situation::ALL.iter().any(|(_, known)| *known == name);
        assert!(NEVER_ANSWERED.iter().all(|(name, _)| is_known(name)));
    }
}
