//! What a hop must pass on while it is fresh: each message of a stream.

use crate::invariant::{Invariant, Judge, Party, Relayed, Seen, Severity, Verdict, View};
use crate::journal::{Delivery, Event, Evidence, Side};

/// How long a message of a stream may stay with a hop, in milliseconds.
const FRESH_MS: u64 = 5_000;

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
                let is_excused = gone.is_some_and(|n| view.ms(n) <= due_ms)
                    || is_disturbed(view, at, due_ms)
                    || is_withheld(view, outer, at);
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

/// Whether the plan keeps back, or did for a while, what the hop sent on a stream before an entry: what follows waits with it.
fn is_withheld(view: &View<'_>, outer: &Seen, by: usize) -> bool {
    view.entries[outer.at..by].iter().any(|e| {
        let is_sent = matches!(&e.event, Event::Http { exchange, side: Side::Sent, at, .. }
            if *exchange == outer.exchange && *at == outer.process);
        is_sent && matches!(e.fate.delivery(), Delivery::Never | Delivery::After(_))
    })
}

/// Whether something was out, broke or healed between an entry and that time, or the run was over by then.
fn is_disturbed(view: &View<'_>, at: usize, due_ms: u64) -> bool {
    let last = view.entries.len() - 1;
    view.ms(last) < due_ms || view.is_out(at) || view.is_changed(at, due_ms)
}
