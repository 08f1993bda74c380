//! What a client does with its event streams: it resumes what broke, waits as long as it was told to, and has a stream
//! again when the fault is over.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use stalemate_wire::{Revision, Rpc, RpcKind};

use crate::invariant::{Invariant, Judge, Over, Party, Seen, Severity, Verdict, View};
use crate::journal::{
    Climb, Entry, Event, Evidence, Exchange, Phase, ProcessName, ServerName, climbs,
};

/// How long a client may take to resume a stream, in milliseconds: longer than any sound wait between attempts.
const RESUMED_WITHIN_MS: u64 = 60_000;

/// How long a client that was told nothing may wait before it resumes, in milliseconds: what the SDKs wait.
const RECONNECTS_WITHIN_MS: u64 = 1_000;

/// `cli-resume-cursor`.
pub(in crate::invariant) const RESUME_CURSOR: Invariant = Invariant {
    id: "cli-resume-cursor",
    party: Party::Client,
    severity: Severity::Should,
    clauses: &["RES-04", "RES-07"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "a stream whose events had ids, and that broke, is resumed by a GET whose Last-Event-ID is the last id that \
              came",
    forbids: "the stream breaks after event 7; the client opens a fresh one in the same session, and what the server sent \
              meanwhile is never asked for; a stream that its client closed or whose call its user gave up, and a session \
              that is lost or was given up, are exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found: Option<(usize, String)> = None;
        for stream in &view.client {
            let Some((over, id, cursor)) = broken(view, stream) else {
                continue;
            };
            if is_given_up(view, stream, over) {
                continue;
            }
            let gets = || gets_after(view, stream, id, over);
            let resumes = |g: &Seen| {
                let named = g.request.cursor.as_deref();
                named == Some(cursor) || named.is_some() && named == stream.cut_short.as_deref()
            };
            if gets().any(resumes) {
                exercised = true;
                continue;
            }
            let is_afresh = |g: &&Seen| match g.request.cursor.as_deref() {
                None => !goes_on_with_another(view, g, stream),
                Some(id) => knows(stream, id),
            };
            let afresh = gets().find(is_afresh).filter(|_| stream.is_get());
            let goes_on = || {
                view.requests_after(over).find(|s| {
                    s.object == stream.object
                        && s.session() == Some(id)
                        && view.ms(s.at) - view.ms(over) >= RESUMED_WITHIN_MS
                        && view.quiet_ms(s.at) >= RESUMED_WITHIN_MS
                })
            };
            let Some(next) = afresh.or_else(goes_on) else {
                continue;
            };
            exercised = true;
            if found.as_ref().is_none_or(|(at, _)| next.at < *at) {
                let why = format!(
                    "the stream of {} broke after an event with an id, and {} follows without a GET that resumes it",
                    stream.what(),
                    next.what()
                );
                found = Some((next.at, why));
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// Whether the user gave up the call of a stream before it was to be resumed: nobody wants what is left of it.
fn is_given_up(view: &View<'_>, stream: &Seen, over: usize) -> bool {
    let named = stream.events.iter().rev().find_map(|(_, e)| e.retry_ms);
    let due_ms = view.ms(over) + named.unwrap_or(0).max(RECONNECTS_WITHIN_MS);
    view.gave_up(stream).is_some_and(|n| view.ms(n) <= due_ms)
}

/// Where a stream with event ids broke off that has more to bring, with its session and the last event id.
fn broken<'a>(view: &View<'_>, stream: &'a Seen) -> Option<(usize, &'a str, &'a str)> {
    let (over, how) = stream.over?;
    let (id, cursor) = (stream.session()?, stream.cursor(over)?);
    let is_answered = |asked: &Rpc| stream.answers().any(|(_, rpc, _)| rpc.id == asked.id);
    let mut asked = stream.request.rpc.iter();
    let is_complete = match (stream.is_get(), &stream.request.cursor) {
        (false, _) => asked.all(|r| r.kind != RpcKind::Request || is_answered(r)),
        // What is left of a POST's stream.
        (true, Some(_)) => stream.answers().next().is_some(),
        (true, None) => false,
    };
    // Before polling, a clean end was the server's right and the end of the stream.
    let more = match how {
        Over::Broken => true,
        Over::Clean => view.revision_of(id).is_some_and(Revision::has_polling),
        Over::Closed => false,
    };
    (more && !is_complete).then_some((over, id, cursor))
}

/// The GETs of a stream's object in its session that begin after an entry.
fn gets_after<'a>(
    view: &'a View<'_>,
    stream: &'a Seen,
    id: &'a str,
    at: usize,
) -> impl Iterator<Item = &'a Seen> {
    view.requests_after(at)
        .filter(move |s| s.object == stream.object && s.is_get() && s.session() == Some(id))
}

/// Whether a GET without a cursor is the first after the end of another stream than this one, which left it none to name.
fn goes_on_with_another(view: &View<'_>, get: &Seen, stream: &Seen) -> bool {
    ended_before(view, get).any(|end| {
        let (Some((over, _)), Some(id)) = (end.of.over, get.session()) else {
            return false;
        };
        let first = || gets_after(view, end.of, id, over).next();
        end.of.exchange != stream.exchange
            && may_go_on(get, &end)
            && end.of.cursor(over).is_none()
            && first().is_some_and(|first| first.exchange == get.exchange)
    })
}

/// Whether an event id is one that came on the stream, or the one that it was resumed from.
fn knows(stream: &Seen, id: &str) -> bool {
    let mut came = stream.events.iter().filter_map(|(_, e)| e.id.as_deref());
    stream.request.cursor.as_deref() == Some(id) || came.any(|came| came == id)
}

/// `cli-respects-retry`.
pub(in crate::invariant) const RESPECTS_RETRY: Invariant = Invariant {
    id: "cli-respects-retry",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["POLL-05"],
    needs: &[Evidence::Heads, Evidence::Bodies, Evidence::ClientObjects],
    demands: "where 2025-11-25 was settled on, the GET that goes on with a stream which named a retry time is not begun \
              sooner than that after its end; a break is an end too, since the field is the SSE standard's, which knows one \
              reconnection time",
    forbids: "the server sends retry: 3000 and ends the stream; the client asks again after one second",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut followed = BTreeSet::new();
        for get in view.client.iter().filter(|s| s.is_get()) {
            let ended =
                || ended_before(view, get).filter(|end| !followed.contains(&end.of.exchange));
            let may_follow = |end: &Ended<'_>| goes_on(get, end.of) || may_go_on(get, end);
            let due = ended().find(|end| end.waited_ms >= end.retry_ms && may_follow(end));
            if let Some(end) = due {
                exercised |= end.retry_ms > 0;
                followed.insert(end.of.exchange);
                continue;
            }
            if let Some(Ended {
                waited_ms,
                retry_ms,
                ..
            }) = ended().find(|end| goes_on(get, end.of))
            {
                let why = format!(
                    "GET follows {waited_ms} ms after the end of a stream whose retry is {retry_ms} ms"
                );
                return Verdict::Violated { at: get.at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// A stream that has ended, as the request that may go on with it finds it.
struct Ended<'a> {
    of: &'a Seen,
    how: Over,
    /// How long ago, in milliseconds.
    waited_ms: u64,
    /// How long the client is to wait, in milliseconds; 0 where nothing binding was said.
    retry_ms: u64,
}

/// The streams of a GET's object in its session that had ended when it began.
fn ended_before<'a>(view: &'a View<'_>, get: &'a Seen) -> impl Iterator<Item = Ended<'a>> {
    let id = get.session();
    let polls = id.and_then(|id| view.revision_of(id));
    let polls = polls.is_some_and(Revision::has_polling);
    let of_object = view
        .client
        .iter()
        .filter(move |s| id.is_some() && s.object == get.object && s.session() == id);
    of_object.filter_map(move |of| {
        let (over, how) = of.over.filter(|(over, _)| *over < get.at)?;
        let mut named = of.events.iter().rev().filter(|(n, _)| *n < over);
        let named = named.find_map(|(_, e)| e.retry_ms).filter(|_| polls);
        Some(Ended {
            of,
            how,
            waited_ms: view.ms(get.at) - view.ms(over),
            retry_ms: named.unwrap_or(0),
        })
    })
}

/// Whether a GET goes on with a stream, as far as it says.
fn goes_on(get: &Seen, stream: &Seen) -> bool {
    match get.request.cursor.as_deref() {
        None => stream.is_get() && stream.request.cursor.is_none(),
        Some(id) => knows(stream, id),
    }
}

/// Whether a GET without a cursor may go on with a stream all the same: one that was resumed, and brought no event since,
/// has left some clients no cursor to name.
fn may_go_on(get: &Seen, end: &Ended<'_>) -> bool {
    get.request.cursor.is_none() && end.of.is_get() && end.how != Over::Closed
}

/// `cli-stream-restored`.
pub(in crate::invariant) const STREAM_RESTORED: Invariant = Invariant {
    id: "cli-stream-restored",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::ClientObjects,
        Evidence::ServerTruth,
        Evidence::UserView,
        Evidence::Faults,
    ],
    demands: "a client that had its GET stream open when a fault came has one open again, or asks for one, within the 40 s \
              after the climb",
    forbids: "a restart ends the stream; every call works again, and the client never hears another notification; a \
              client whose end of a dead stream says nothing of it is exempt, for it cannot know",
    judge: Judge::Client(|view| {
        let is_fault = |e: &Entry| matches!(e.event, Event::FaultBegan { .. }) || !e.fate.is_go();
        let faults: Vec<usize> = (0..view.entries.len())
            .filter(|n| is_fault(&view.entries[*n]))
            .collect();
        let mut exercised = false;
        for Climb { at, server, .. } in climbs(view.entries).filter(|c| c.rung.is_some()) {
            let listening = listening(view, &server);
            let was_open = |fault: &&usize| listening.iter().any(|span| span.contains(fault));
            if !faults.iter().take_while(|n| **n < at).any(|n| was_open(&n)) {
                continue;
            }
            let settled = settled(view, &server, at);
            let is_back = listening
                .iter()
                .any(|span| span.start <= settled && span.end > at);
            let gets = || {
                let of_server = view.client.iter().filter(|s| s.server == server);
                of_server.filter(|s| s.is_get() && s.at < settled)
            };
            // A server that takes another stream for open refuses this one, and a client may wait long before it asks again;
            // one that offers none is asked no more (GET-03).
            let is_told = || {
                let last = gets().next_back();
                last.is_some_and(|s| match s.status() {
                    Some(404) => !s.says_lost(&view.client),
                    status => matches!(status, Some(405 | 409)),
                })
            };
            let tries = |s: &Seen| s.at > at || waits_until(view, s) > at;
            if !is_back && (gets().any(tries) || is_told()) {
                continue;
            }
            exercised = true;
            if !is_back {
                let why = format!("the GET stream of {server} is not open again");
                return Verdict::Violated { at: settled, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// The entry at which what was put off after a climb had had its time.
fn settled(view: &View<'_>, server: &ServerName, climbed: usize) -> usize {
    let is_settled =
        |e: &Entry| matches!(&e.event, Event::Phase(Phase::Settled { server: s }) if s == server);
    let after = view.entries[climbed..].iter().position(is_settled);
    after.map_or(view.entries.len() - 1, |n| climbed + n)
}

/// The entry until which a client waits on a request or its stream, as far as it can know.
fn waits_until(view: &View<'_>, seen: &Seen) -> usize {
    let over = match &seen.response {
        Some((n, response)) if !response.stream || response.status >= 300 => Some(*n),
        Some(_) => seen.over.map(|(n, _)| n),
        None => seen.failed,
    };
    over.unwrap_or(view.entries.len())
}

/// When the client waits on a GET and the server serves it, each from an entry until another. A hop may still hold the head
/// back. A stream ends for good where a process on its way does, whoever notices.
fn listening(view: &View<'_>, server: &ServerName) -> Vec<Range<usize>> {
    let served = view.servers.get(server).into_iter().flatten();
    let served = served.filter(|s| s.is_get()).filter_map(|s| {
        let (head, response) = s.response.as_ref()?;
        (response.stream && response.status < 300).then_some((*head, s))
    });
    // A gateway has an id of its own for the session that it holds within, so what belongs together is what was passed on.
    let outer: BTreeMap<Exchange, Exchange> = view
        .hops
        .values()
        .flatten()
        .map(|relayed| (relayed.inner.exchange, relayed.outer.exchange))
        .collect();
    let waiting: BTreeMap<Exchange, &Seen> = view
        .client
        .iter()
        .filter(|s| s.is_get() && s.server == *server)
        .map(|s| (s.exchange, s))
        .collect();
    let mut spans = Vec::new();
    for (head, served) in served {
        let mut exchange = served.exchange;
        while let Some(passed_on) = outer.get(&exchange) {
            exchange = *passed_on;
        }
        if let Some(waits) = waiting.get(&exchange) {
            let start = head.max(waits.at);
            let is_on_the_way = |process: &ProcessName| {
                *process == served.process || view.hops.contains_key(process)
            };
            let breaks = |e: &Entry| matches!(&e.event, Event::ProcessDown { process, .. } if is_on_the_way(process));
            let broken = view.entries[waits.at..].iter().position(breaks);
            let broken = broken.map(|n| waits.at + n);
            let end = waits_until(view, waits).min(waits_until(view, served));
            let end = end.min(broken.unwrap_or(end));
            if start < end {
                spans.push(start..end);
            }
        }
    }
    spans
}
