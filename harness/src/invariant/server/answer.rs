//! How a server answers requests in a session that lives: what it accepts, its stream, and what the headers lack.

use stalemate_wire::{Method, Revision, RpcKind};

use crate::invariant::fates::Fates;
use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::Evidence;

/// How soon a server notices that a stream's connection has gone, in milliseconds.
const NOTICED_MS: u64 = 5_000;

/// `srv-accepted-is-202`.
pub(in crate::invariant) const ACCEPTED_IS_202: Invariant = Invariant {
    id: "srv-accepted-is-202",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["POST-04"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a notification or a response that is accepted is answered 202 without a body",
    forbids: "notifications/initialized is answered 200 with {}, and a client that reads what a 200 brings takes it for a \
              broken answer and gives the connection up",
    judge: Judge::Server(|_, _, received| {
        let mut exercised = false;
        for seen in received {
            let mut messages = seen.request.rpc.iter();
            let is_told = seen.request.method == Method::Post
                && !seen.request.rpc.is_empty()
                && messages.all(|r| r.kind != RpcKind::Request);
            let Some((at, response)) = seen.response.as_ref().filter(|_| is_told) else {
                continue;
            };
            if !(200..300).contains(&response.status) {
                continue;
            }
            exercised = true;
            let why = if response.status != 202 {
                format!("answers {} to {}", response.status, seen.what())
            } else if response.bytes > 0 || response.stream {
                format!("accepts {} with a body", seen.what())
            } else {
                continue;
            };
            return Verdict::Violated { at: *at, why };
        }
        Verdict::of(exercised, None)
    }),
};

/// `srv-get-is-stream-or-405`.
pub(in crate::invariant) const GET_IS_STREAM: Invariant = Invariant {
    id: "srv-get-is-stream-or-405",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["GET-03"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a GET in a session that lives is answered by an event stream, or by 405",
    forbids: "a server without a stream answers GET by its framework's 404 page, which a client must take for the end of the \
              session; a refusal of a second stream (409), of the caller (401, 403, 429) and of a revision that the server was not \
              seen to take (400) are other matters",
    judge: Judge::Server(|view, server, received| {
        let fates = view.fates(server);
        let gives_ids = received.iter().any(|s| s.given().is_some());
        let mut exercised = false;
        for seen in received.iter().filter(|s| s.is_get()) {
            let Some((at, response)) = &seen.response else {
                continue;
            };
            let is_its_own = match seen.session() {
                Some(_) => lives(fates, seen),
                None => !gives_ids,
            };
            let accepts = seen.request.accept.as_deref();
            let is_asked = accepts.is_some_and(|a| a.contains("text/event-stream"));
            // Which cursors a server still knows is its own business.
            if !is_its_own || !is_asked || seen.request.cursor.is_some() {
                continue;
            }
            // A server may think a stream open that has just gone, or went while it was held up.
            let is_taken = || {
                let of_session =
                    |o: &&Seen| o.is_get() && o.at < seen.at && o.session() == seen.session();
                received.iter().filter(of_session).any(|o| {
                    let closed = o.over.is_some_and(|(n, _)| {
                        n < seen.at && view.ms(seen.at) - view.ms(n) > NOTICED_MS
                    });
                    o.status() == Some(200) && !closed
                }) || view.is_out(seen.at)
                    || view.quiet_ms(seen.at) <= NOTICED_MS
            };
            let why = match response.status {
                200..300 if response.stream => None,
                405 => None,
                200..300 => Some("no event stream".to_owned()),
                409 if is_taken() => continue,
                // Without its version header a request may be refused, and with a revision that is not taken it must be (VER-04).
                400 if is_unversioned(view, seen) || !is_taken_version(view, received, seen) => {
                    continue;
                }
                401 | 403 | 429 | 300..400 | 500.. => continue,
                status => Some(status.to_string()),
            };
            exercised = true;
            if let Some(answer) = why {
                let why = format!("answers {answer} to GET in a session that lives");
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// `srv-no-response-on-get`.
pub(in crate::invariant) const NO_RESPONSE_ON_GET: Invariant = Invariant {
    id: "srv-no-response-on-get",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["GET-05", "GET-04"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "no response is sent on a GET stream that resumes nothing",
    forbids: "a call is answered on the standalone GET stream, and a client that has none open waits for ever",
    judge: Judge::Server(|_, _, received| {
        let of_stream = |s: &&Seen| s.is_get() && s.request.cursor.is_none();
        let mut streams = received.iter().filter(of_stream);
        let mut exercised = false;
        let found = streams.find_map(|stream| {
            exercised |= stream.events.iter().any(|(_, e)| !e.rpc.is_empty());
            let (at, ..) = stream.answers().find(|_| stream.status() == Some(200))?;
            Some((at, "a response comes on the GET stream".to_owned()))
        });
        Verdict::of(exercised, found)
    }),
};

/// `srv-no-id-is-400`.
pub(in crate::invariant) const NO_ID_IS_400: Invariant = Invariant {
    id: "srv-no-id-is-400",
    party: Party::Server,
    severity: Severity::Should,
    clauses: &["SES-06"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a server that refuses a request because it has no session id answers 400",
    forbids: "a GET without an id is answered 404, and its client takes a session for lost that lives; a refusal of the \
              caller (401, 403, 429) and of the method (405) is another matter",
    judge: Judge::Server(|_, _, received| {
        let first = received.iter().find_map(|s| Some(s.given()?.0));
        let mut exercised = false;
        for seen in received {
            let without = seen.session().is_none() && !seen.request.asks("initialize");
            let (Some((at, response)), Some(first)) = (&seen.response, first) else {
                continue;
            };
            if !without || seen.at < first {
                continue;
            }
            match response.status {
                400 => exercised = true,
                401 | 403 | 405 | 429 => {}
                402..500 => {
                    let why = format!(
                        "answers {} to {} without a session id",
                        response.status,
                        seen.what()
                    );
                    return Verdict::Violated { at: *at, why };
                }
                _ => {}
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// `srv-assumes-version`.
pub(in crate::invariant) const ASSUMES_VERSION: Invariant = Invariant {
    id: "srv-assumes-version",
    party: Party::Server,
    severity: Severity::Should,
    clauses: &["VER-03"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a request of a session that lives is not refused because it has no version header: the server knows what was \
              settled on",
    forbids: "a server takes the missing header for 2025-03-26, finds that the session settled on another revision, and \
              answers 400",
    judge: Judge::Server(|view, server, received| {
        let fates = view.fates(server);
        let mut exercised = false;
        for seen in received {
            let asks = seen.request.asks("initialize") || seen.ends_session();
            let Some((at, response)) = &seen.response else {
                continue;
            };
            if asks || !is_unversioned(view, seen) || !lives(fates, seen) {
                continue;
            }
            exercised |= response.status < 300;
            if response.status == 400 {
                let why = format!("answers 400 to {} without a version header", seen.what());
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// `srv-live-session-is-served`.
pub(in crate::invariant) const LIVE_IS_SERVED: Invariant = Invariant {
    id: "srv-live-session-is-served",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["SES-07b", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ServerTruth],
    demands: "a session that the server has not ended is not refused: no 404 and no 410, to DELETE neither, and no 400 to \
              what it served before",
    forbids: "a server answers 404 to the DELETE of a session that it served a moment before, or 400 to the response that \
              it asked its client for",
    judge: Judge::Server(|view, server, received| {
        let fates = view.fates(server);
        let mut exercised = false;
        for seen in received {
            let Some((at, response)) = &seen.response else {
                continue;
            };
            if seen.request.asks("initialize") || !lives(fates, seen) {
                continue;
            }
            exercised |= response.status < 300;
            let was_served = || {
                let earlier = received
                    .iter()
                    .filter(|o| o.session() == seen.session() && !o.request.asks("initialize"));
                let mut served = earlier.filter_map(|o| o.response.as_ref());
                served.any(|(n, r)| *n < seen.at && r.status < 300)
            };
            let refused = match response.status {
                404 | 410 => !seen.is_get(),
                400 => {
                    seen.request.method == Method::Post
                        && !is_unversioned(view, seen)
                        && was_served()
                }
                _ => false,
            };
            if refused {
                let why = format!(
                    "answers {} to {} in a session that lives",
                    response.status,
                    seen.what()
                );
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// Whether the session of a request lived at the process that received it until it was answered; a DELETE ends it itself.
fn lives(fates: &Fates, seen: &Seen) -> bool {
    let (Some(id), Some((answered, _))) = (seen.session(), &seen.response) else {
        return false;
    };
    let until = if seen.ends_session() {
        seen.at
    } else {
        *answered
    };
    fates.lives(id, &seen.process, seen.at, until)
}

/// Whether the server takes the revision that a request names in its version header, as far as that shows: in the same life of
/// the process it settled on it, or served a request that named it. What names none is taken to be of a revision that it takes.
fn is_taken_version(view: &View<'_>, received: &[Seen], seen: &Seen) -> bool {
    let Some(version) = seen.request.version.as_deref() else {
        return true;
    };
    let is_served = |s: &Seen| s.status().is_some_and(|status| status < 300);
    let settles = |s: &Seen| {
        let mut messages = s.messages();
        messages.any(|(_, rpc, _)| rpc.revision.as_deref() == Some(version))
    };
    received.iter().filter(|s| is_served(s)).any(|s| {
        let names = s.request.version.as_deref() == Some(version);
        (names || s.request.asks("initialize") && settles(s)) && view.is_one_life(s, seen)
    })
}

/// Whether a request lacks the version header that its session's revision has.
fn is_unversioned(view: &View<'_>, seen: &Seen) -> bool {
    let revision = || view.revision_of(seen.session()?);
    seen.request.version.is_none() && revision().is_some_and(Revision::has_version_header)
}
