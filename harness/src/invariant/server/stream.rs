//! What a server sends on which stream: each message on one, and what is replayed on the one that it was for.

use std::collections::BTreeMap;

use stalemate_wire::RpcKind;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict};
use crate::journal::{Evidence, Exchange};

/// How far apart two copies of one message are at the most, in milliseconds. Equal notifications that are further apart
/// may well be two.
const AT_ONCE_MS: u64 = 100;

/// `srv-one-stream-per-message`.
pub(in crate::invariant) const ONE_STREAM: Invariant = Invariant {
    id: "srv-one-stream-per-message",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["MULTI-02"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a notification or a response goes on one of a session's streams; a resumed stream counts as the one that it \
              resumes",
    forbids: "a session has its GET stream and the stream of a call open, and the server sends the same notification on \
              both",
    judge: Judge::Server(|view, _, received| {
        let mut exercised = false;
        let mut found: Option<(usize, String)> = None;
        let mut note = |at: usize, why: String| {
            if found.as_ref().is_none_or(|(earliest, _)| at < *earliest) {
                found = Some((at, why));
            }
        };
        // A refusal goes on no stream, and may name a request that it never looked at.
        let is_stream = |s: &&Seen| s.status().is_some_and(|status| status < 300);
        let fresh: Vec<&Seen> = received
            .iter()
            .filter(|s| s.request.cursor.is_none() && s.session().is_some())
            .filter(is_stream)
            .collect();
        for stream in &fresh {
            let others = || {
                let other = fresh.iter().filter(|o| o.exchange != stream.exchange);
                other.filter(|o| o.session() == stream.session())
            };
            for (at, rpc, _) in stream.messages() {
                exercised |= others().any(|o| o.is_open_stream(at));
                let is_answer = matches!(rpc.kind, RpcKind::Result | RpcKind::Error);
                // Each POST that asks has its own answer; a copy on a GET stream is one too many.
                if is_answer && stream.is_get() {
                    let answers =
                        |o: &&&Seen| o.answers().any(|(n, r, _)| n < at && r.id == rpc.id);
                    if let Some(other) = others().find(answers) {
                        note(
                            at,
                            format!(
                                "a response to {} comes a second time, on a GET stream",
                                other.what()
                            ),
                        );
                    }
                }
            }
            for (at, event) in &stream.events {
                let Some(digest) = &event.digest else {
                    continue;
                };
                let copied = |o: &&&Seen| {
                    (stream.is_get() || o.is_get())
                        && stream.is_open_stream(*at)
                        && o.events.iter().any(|(n, e)| {
                            n < at
                                && e.digest.as_ref() == Some(digest)
                                && view.ms(*at) - view.ms(*n) <= AT_ONCE_MS
                                && stream.is_open_stream(*n)
                                && o.is_open_stream(*n)
                        })
                };
                if others().any(|o| copied(&o)) {
                    note(
                        *at,
                        "the same notification comes on two streams of one session".to_owned(),
                    );
                }
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// `srv-replay-same-stream`.
pub(in crate::invariant) const REPLAY_SAME_STREAM: Invariant = Invariant {
    id: "srv-replay-same-stream",
    party: Party::Server,
    severity: Severity::Must,
    clauses: &["RES-06", "RES-05"],
    needs: &[Evidence::Heads, Evidence::Bodies],
    demands: "a GET with the id of a stream's event as Last-Event-ID brings later events of that stream, and nothing that \
              was for another",
    forbids: "the stream of a call breaks and is resumed; the server sends the answer to another call on it",
    judge: Judge::Server(|_, _, received| {
        let mut exercised = false;
        // The stream that a resumed stream continues.
        let mut roots: BTreeMap<Exchange, &Seen> = BTreeMap::new();
        for seen in received {
            let Some((origin, cursor_at)) = resumes(received, seen) else {
                roots.insert(seen.exchange, seen);
                continue;
            };
            let root = roots.get(&origin.exchange).copied().unwrap_or(origin);
            roots.insert(seen.exchange, root);
            for (at, event) in seen.events.iter().filter(|(_, e)| e.bytes > 0) {
                exercised = true;
                let before = event
                    .id
                    .as_ref()
                    .and_then(|id| sent_before(received, seen, id, *at));
                let foreign = |(stream, _): &(&Seen, usize)| {
                    let of = roots
                        .get(&stream.exchange)
                        .map_or(stream.exchange, |r| r.exchange);
                    of != root.exchange
                };
                let mut answers = event.rpc.iter();
                let why = if before.as_ref().is_some_and(foreign) {
                    "an event of another stream is replayed"
                } else if before.is_some_and(|(_, n)| n <= cursor_at) {
                    "an event is replayed that came before the cursor"
                } else if answers.any(|r| is_answer(r.kind) && !root.asked_for(r)) {
                    "a response comes on a resumed stream whose request did not ask for it"
                } else {
                    continue;
                };
                return Verdict::Violated {
                    at: *at,
                    why: why.to_owned(),
                };
            }
        }
        Verdict::of(exercised, None)
    }),
};

fn is_answer(kind: RpcKind) -> bool {
    matches!(kind, RpcKind::Result | RpcKind::Error)
}

/// The stream that a GET with a cursor resumes, and the entry of the event that the cursor names.
fn resumes<'a>(received: &'a [Seen], get: &Seen) -> Option<(&'a Seen, usize)> {
    let cursor = get.request.cursor.as_ref().filter(|_| get.is_get())?;
    sent_before(received, get, cursor, get.at)
}

/// The last event with that id that was sent before an entry on another stream of the session, and the stream. The answer
/// to initialize is not the session's yet.
fn sent_before<'a>(
    received: &'a [Seen],
    on: &Seen,
    id: &str,
    at: usize,
) -> Option<(&'a Seen, usize)> {
    let others = received
        .iter()
        .filter(|s| s.session() == on.session() && s.exchange != on.exchange);
    let events = others.flat_map(|s| s.events.iter().map(move |(n, e)| (s, *n, e)));
    let same = events.filter(|(_, n, e)| *n < at && e.id.as_deref() == Some(id));
    same.max_by_key(|(_, n, _)| *n).map(|(s, n, _)| (s, n))
}
