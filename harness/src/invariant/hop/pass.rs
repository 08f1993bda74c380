//! What a hop must pass on as it came: success and the headers that are meant for the other end, and each message of a
//! stream while it is fresh.

use crate::invariant::{Invariant, Judge, Party, Relayed, Seen, Severity, Verdict, View};
use crate::journal::Evidence;

/// How long a message of a stream may stay with a hop, in milliseconds.
const FRESH_MS: u64 = 5_000;

/// `hop-end-to-end`.
pub(in crate::invariant) const END_TO_END: Invariant = Invariant {
    id: "hop-end-to-end",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads],
    demands: "the headers of MCP pass in both directions as they came: session id, protocol version, Last-Event-ID and content \
              type; and a 2xx passes with its status",
    forbids: "a gateway passes on the body of the answer to initialize and not its Mcp-Session-Id, so that every request \
              after it is refused; a silent stream that a hop gives up with a 5xx of its own is exempt",
    judge: Judge::Hop(|view, _, relayed| {
        for Relayed { outer, inner } in relayed {
            let (came, went) = (&outer.request, &inner.request);
            let changed = [
                ("Mcp-Session-Id", &came.session, &went.session),
                ("MCP-Protocol-Version", &came.version, &went.version),
                ("Last-Event-ID", &came.cursor, &went.cursor),
            ];
            if let Some(header) = first_changed(&changed) {
                let why = format!("{} of {} does not pass as it came", header, outer.what());
                return Verdict::Violated { at: inner.at, why };
            }
            let (Some((_, theirs)), Some((at, ours))) = (&inner.response, &outer.response) else {
                continue;
            };
            // What the plan makes of a response is not the hop's doing.
            if !(200..300).contains(&theirs.status) || !view.entries[*at].fate.is_go() {
                continue;
            }
            if ours.status != theirs.status {
                let gave_up = ours.status >= 500 && theirs.stream && inner.events.is_empty();
                if gave_up {
                    continue;
                }
                let why = format!("makes {} of the upstream's {}", ours.status, theirs.status);
                return Verdict::Violated { at: *at, why };
            }
            let changed = [
                ("Mcp-Session-Id", &theirs.session, &ours.session),
                ("Content-Type", &theirs.content_type, &ours.content_type),
            ];
            if let Some(header) = first_changed(&changed) {
                let why = format!(
                    "{header} of the answer to {} does not pass as it came",
                    outer.what()
                );
                return Verdict::Violated { at: *at, why };
            }
        }
        Verdict::of(!relayed.is_empty(), None)
    }),
};

fn first_changed(
    headers: &[(&'static str, &Option<String>, &Option<String>)],
) -> Option<&'static str> {
    let mut changed = headers.iter().filter(|(_, came, went)| came != went);
    changed.next().map(|(name, ..)| *name)
}

/// `hop-delivers-messages`.
pub(in crate::invariant) const DELIVERS_MESSAGES: Invariant = Invariant {
    id: "hop-delivers-messages",
    party: Party::Hop,
    severity: Severity::Policy,
    clauses: &["GET-04", "policy"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::Faults],
    demands: "a message that comes on an event stream is sent on within 5 s, while the stream is open on both sides",
    forbids: "a proxy with buffering on waits for a full buffer or the end of the stream, and the client hears no \
              notification for as long as its stream is open",
    judge: Judge::Hop(|view, _, relayed| {
        let mut exercised = false;
        let mut first: Option<(usize, String)> = None;
        for Relayed { outer, inner } in relayed {
            let came = messages(inner);
            let went: Vec<usize> = messages(outer).collect();
            for (k, at) in came.enumerate() {
                let due_ms = view.ms(at) + FRESH_MS;
                let in_time = |n: &usize| view.ms(*n) <= due_ms;
                if went.get(k).is_some_and(in_time) {
                    exercised = true;
                    continue;
                }
                // Nobody is there any more to send it to.
                let closed = view.closed.get(&outer.exchange.conn).copied();
                let over = outer.over.map(|(n, _)| n);
                let gone = [closed, over, outer.failed].into_iter().flatten().min();
                let is_excused =
                    gone.is_some_and(|n| view.ms(n) <= due_ms) || is_disturbed(view, at, due_ms);
                if !is_excused && first.as_ref().is_none_or(|(n, _)| at < *n) {
                    let why = format!("a message on the stream of {} is held back", outer.what());
                    first = Some((at, why));
                }
            }
        }
        Verdict::of(exercised, first)
    }),
};

/// The entries of a stream's events that bring JSON-RPC messages.
fn messages(seen: &Seen) -> impl Iterator<Item = usize> {
    let events = seen.events.iter().filter(|(_, e)| !e.rpc.is_empty());
    events.map(|(at, _)| *at)
}

/// Whether something was out, broke or healed between an entry and that time, or the run was over by then.
fn is_disturbed(view: &View<'_>, at: usize, due_ms: u64) -> bool {
    let last = view.entries.len() - 1;
    let changed = || {
        let mut within = view.changes.iter().filter(|n| **n >= at);
        within.any(|n| view.ms(*n) <= due_ms)
    };
    view.ms(last) < due_ms || view.is_out(at) || changed()
}
