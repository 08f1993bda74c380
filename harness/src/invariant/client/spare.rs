//! What a client does not let go to waste: calls work on where only its stream fails, and a session that it gives up is ended.

use stalemate_wire::Method;

use crate::invariant::seen::Over;
use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{CallOutcome, Event, Evidence, ServerName};

/// How long a client may take to end a session that it gave up, in milliseconds.
const ENDED_WITHIN_MS: u64 = 30_000;

/// `cli-stream-trouble-spares-calls`.
pub(in crate::invariant) const STREAM_TROUBLE: Invariant = Invariant {
    id: "cli-stream-trouble-spares-calls",
    party: Party::Client,
    severity: Severity::Policy,
    clauses: &["GET-01", "GET-03", "policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "a GET that is refused or fails, in a session that lives, keeps no call from being sent: the stream is an offer \
              that a client may do without",
    forbids: "the GET is answered 404 by a framework, or its stream breaks; the client takes the whole connection for dead, \
              and every later call fails without a request",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found = None;
        for get in view.client.iter().filter(|s| s.is_get()) {
            let Some(failed) = trouble(view, get) else {
                continue;
            };
            let Some((began, ended, was_sent, outcome)) = next_call(view, get, failed) else {
                continue;
            };
            // What breaks or heals meanwhile may be what keeps a call from being sent.
            let is_disturbed = view.changes.iter().any(|n| (began..ended).contains(n));
            if view.is_taken_away(&get.server, failed..ended) || view.is_out(began) || is_disturbed
            {
                continue;
            }
            exercised = true;
            // Other requests that failed, a handshake above all, may be what the call failed of.
            let mut asked = view
                .requests_after(failed)
                .filter(|s| s.server == get.server);
            let others = asked.any(|s| !s.is_get() && s.at < ended);
            if outcome != CallOutcome::Ok && !was_sent && !others && !had_failed(view, get, ended) {
                let why = "a call fails and is not even sent, after a GET came to nothing";
                found.get_or_insert((ended, why.to_owned()));
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// Whether the last request but for GETs that an object made before an entry came to nothing too: it is not said which of the
/// two failures a call fails of that is not sent.
fn had_failed(view: &View<'_>, get: &Seen, before: usize) -> bool {
    let mut own = view.client.iter().rev();
    let last = own.find(|s| s.object == get.object && !s.is_get() && s.at < before);
    last.is_some_and(|s| {
        let ended_well = s.over.as_ref().is_none_or(|(_, how)| *how == Over::Clean);
        !(ended_well && s.status().is_some_and(|status| status < 400))
    })
}

/// The entry at which a GET came to nothing in a session that lived.
fn trouble(view: &View<'_>, get: &Seen) -> Option<usize> {
    let refused = || {
        let (at, response) = get.response.as_ref()?;
        (response.status >= 400 || !response.stream).then_some(*at)
    };
    let at = get.failed.or_else(refused)?;
    let lives = get
        .session()
        .is_none_or(|id| !view.is_ended(&get.server, id, at));
    lives.then_some(at)
}

/// The next call on the server of a GET, of the same of its user's client objects there, that begins after an entry and
/// ends: where it began and ended, whether it was sent at all, and how it ended.
fn next_call(
    view: &View<'_>,
    get: &Seen,
    after: usize,
) -> Option<(usize, usize, bool, CallOutcome)> {
    let is_beside = view.is_beside(get.object);
    let mut entries = view.entries.iter().enumerate().skip(after);
    let (began, id) = entries.find_map(|(at, e)| match &e.event {
        Event::CallBegan {
            call,
            server,
            during_outage: false,
            nth,
            ..
        } if *server == get.server && (*nth > 1) == is_beside => Some((at, *call)),
        _ => None,
    })?;
    let (ended, outcome) = entries.find_map(|(at, e)| match &e.event {
        Event::CallEnded { call, outcome } if *call == id => Some((at, outcome.clone())),
        _ => None,
    })?;
    let was_sent = view.client.iter().any(|s| s.request.call == Some(id));
    Some((began, ended, was_sent, outcome))
}

/// `cli-ends-what-it-gives-up`.
pub(in crate::invariant) const ENDS_WHAT_IT_GIVES_UP: Invariant = Invariant {
    id: "cli-ends-what-it-gives-up",
    party: Party::Client,
    severity: Severity::Should,
    clauses: &["SES-09"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "a client object that opens a second session while its first one lives ends the first by DELETE within 30 s",
    forbids: "a host initializes anew before each call and ends none of its sessions, until the server refuses more; a \
              session that the client was told is lost is exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found = None;
        for (first, second) in view.successions() {
            let Some(id) = first.id.filter(|id| second.id.is_some_and(|s| s != *id)) else {
                continue;
            };
            // A client to which no result came has opened nothing.
            let is_open = first.settled.is_some_and(|at| at < second.answered);
            if !is_open {
                continue;
            }
            // Who disconnects or deletes ends the first session by that, which is judged by itself.
            if view.is_taken_away(first.server, first.answered..second.answered) {
                continue;
            }
            let of_session = || view.client.iter().filter(|s| s.session() == Some(id));
            // Who loses the way amid the handshake, before the session was of any use, gives nothing up.
            if view.broke_off(id, first.answered..second.answered) {
                continue;
            }
            exercised = true;
            // What is lost before its time is over needs no end any more.
            let due_ms = view.ms(second.answered) + ENDED_WITHIN_MS;
            let due = view.entries.partition_point(|e| e.at_ms <= due_ms);
            if is_lost(view, first.server, id, due) || view.is_out(second.answered) {
                continue;
            }
            let is_ended =
                of_session().any(|s| s.request.method == Method::Delete && view.ms(s.at) <= due_ms);
            let is_seen = view.entries.last().is_some_and(|e| e.at_ms >= due_ms);
            let is_parted = view.is_taken_away(first.server, second.answered..view.entries.len());
            if !is_ended && is_seen && !is_parted {
                let why = "a second session is opened, and the first, which lives, is not ended";
                found.get_or_insert((second.answered, why.to_owned()));
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// Whether a session had ended by an entry, or the client was told so, or could tell nobody.
fn is_lost(view: &View<'_>, server: &ServerName, id: &str, by: usize) -> bool {
    let mut refused = view.client.iter().filter(|s| s.session() == Some(id));
    let is_told = refused.any(|s| {
        // The head came where only the body broke off.
        let broken = s.over.filter(|(n, _)| *n < by).and(s.broken_status);
        matches!(s.status_before(by).or(broken), Some(400..=410))
    });
    is_told || view.is_ended(server, id, by) || view.is_out(by)
}
