//! What a hop has to leave as it is: the headers by which client and server know each other's session, and success.

use crate::invariant::{Invariant, Judge, Over, Party, Relayed, Severity, Verdict, View};
use crate::journal::Evidence;

/// `hop-end-to-end`.
pub(in crate::invariant) const END_TO_END: Invariant = Invariant {
    id: "hop-end-to-end",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads],
    demands: "a request is passed on with its session id, protocol version, cursor and Accept, and a 2xx of the upstream with \
              its status, session id and content type, but for the ids of a gateway that has sessions of its own; a stream that broke off, or was silent for the hop's limit, before \
              the client saw its head may be answered otherwise",
    forbids: "the server opens a session and gives its id; the hop drops that header, and each request of the client comes \
              without a session",
    judge: Judge::Hop(|view, hop, relayed| {
        let owns = view.cast.owns_sessions(hop);
        // What a gateway asks for itself is nobody's request.
        let mut theirs = relayed
            .iter()
            .filter(|r| !owns || r.inner.what() == r.outer.what());
        let found = theirs.find_map(|r| request(r, owns).or_else(|| response(view, r, owns)));
        Verdict::of(!relayed.is_empty(), found)
    }),
};

/// What the hop did to a request.
fn request(Relayed { outer, inner }: &Relayed, owns: bool) -> Option<(usize, String)> {
    let (theirs, ours) = (&outer.request, &inner.request);
    let headers = [
        ("session id", &theirs.session, &ours.session),
        ("protocol version", &theirs.version, &ours.version),
        ("cursor", &theirs.cursor, &ours.cursor),
        ("Accept", &theirs.accept, &ours.accept),
    ];
    // An id of its own takes the place of the client's.
    let mut headers = headers.into_iter().skip(usize::from(owns));
    let (name, _, ours) = headers.find(|(_, t, o)| t != o)?;
    let did = if ours.is_none() { "drops" } else { "changes" };
    Some((
        inner.at,
        format!("{did} the {name} header of {}", outer.what()),
    ))
}

/// What the hop did to a success.
fn response(
    view: &View<'_>,
    Relayed { outer, inner }: &Relayed,
    owns: bool,
) -> Option<(usize, String)> {
    let ((_, theirs), (at, ours)) = (inner.response.as_ref()?, outer.response.as_ref()?);
    if !(200..300).contains(&theirs.status) {
        return None;
    }
    let what = outer.what();
    if theirs.status != ours.status {
        // The end of the upstream's stream and the hop's answer to it fall into one moment.
        let over = inner.over.filter(|(_, how)| *how != Over::Clean);
        let gave_up = over.is_some_and(|(n, _)| {
            view.entries[n].at_ms <= view.entries[*at].at_ms + view.cast.latency_ms
        });
        let why = format!(
            "makes {} of the upstream's {} to {what}",
            ours.status, theirs.status
        );
        return (!gave_up).then_some((*at, why));
    }
    let headers = [
        ("session id", &theirs.session, &ours.session),
        ("content type", &theirs.content_type, &ours.content_type),
    ];
    let mut headers = headers.into_iter().skip(usize::from(owns));
    let (name, _, ours) = headers.find(|(_, t, o)| t != o)?;
    let did = if ours.is_none() { "drops" } else { "changes" };
    Some((
        *at,
        format!("{did} the {name} header of the answer to {what}"),
    ))
}
