//! What a right client achieves in a scenario, in worlds of its own: the measure of whether any client could get anywhere.
//! Nothing of it touches the run that is judged.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::invariant::{self, Party, Seen, Severity, Told, Verdict, View, astray};
use crate::journal::{Climb, Entry, Event, Phase, Record, Rung, ServerName, climbs};
use crate::runner::{Cell, RunError, Runner};
use crate::scenario::Scenario;

/// The client that does everything right.
pub const RIGHT: &str = "connector/recovering";
/// In how many worlds it is tried where it is a matter of luck which process a request comes to. Of two replicas a balancer
/// that knows no sessions sends a client astray in every second of them.
const WORLDS: u64 = 12;
/// The scenarios whose answers are kept: cells of one scenario run near each other.
const KEPT: usize = 64;

/// Servers and hops.
type Names = BTreeSet<String>;

/// What a right client came to in a climb.
#[derive(Clone)]
enum Came {
    /// It worked again, at the worst at that rung; where that is more than a retry, with the servers that refused a handshake
    /// meanwhile.
    Works(Rung, Names),
    /// It got nowhere.
    Nowhere(Nowhere),
}

/// Why a right client got nowhere.
#[derive(Clone, Default)]
struct Nowhere {
    /// To whom it is due.
    blamed: Names,
    /// Where they are none, those who violated something.
    violating: Names,
    /// Those of the blamed who are full.
    full: Names,
}

impl Came {
    /// The worse of what it came to in two worlds.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Works(a, refusing), Self::Works(b, others)) => {
                Self::Works(a.max(b), &refusing | &others)
            }
            (Self::Works(..), nowhere) | (nowhere, Self::Works(..)) => nowhere,
            (Self::Nowhere(a), Self::Nowhere(b)) => Self::Nowhere(Nowhere {
                blamed: &a.blamed | &b.blamed,
                violating: &a.violating | &b.violating,
                full: &a.full & &b.full,
            }),
        }
    }
}

/// What it came to in each climb of a scenario, in order.
type Climbs = Vec<Came>;

/// An answer, once somebody has found it out.
type Answer = Arc<OnceLock<Result<Climbs, RunError>>>;

/// What was found out so far, the oldest first. Clones share it.
#[derive(Clone, Default)]
pub(super) struct References(Arc<Mutex<Kept>>);

type Kept = Vec<(Arc<Scenario>, Answer)>;

impl References {
    fn of(&self, scenario: &Arc<Scenario>) -> Answer {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = all.iter().find(|(s, _)| Arc::ptr_eq(s, scenario)) {
            return Arc::clone(answer);
        }
        if all.len() == KEPT {
            all.remove(0);
        }
        let answer = Answer::default();
        all.push((Arc::clone(scenario), Arc::clone(&answer)));
        answer
    }
}

impl Runner {
    /// Adds to a record, where no retry helped or luck may have, in which of its climbs no client could have got anywhere, or a
    /// right one needed more than a retry. It is found out by simulation.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once).
    pub fn measure(&self, scenario: &Arc<Scenario>, record: &mut Record) -> Result<(), RunError> {
        if is_luck(scenario) || needs_more_than_a_retry(record) {
            self.add_no_progress(scenario, record)?;
        }
        Ok(())
    }

    /// Adds to a record in which of its climbs no client could have got anywhere, or a right one needed more than a retry. The
    /// answer is the same for every client and every seed.
    pub(super) fn add_no_progress(
        &self,
        scenario: &Arc<Scenario>,
        record: &mut Record,
    ) -> Result<(), RunError> {
        let answer = self.references.of(scenario);
        let found = answer.get_or_init(|| self.find_out(scenario)).clone()?;
        let at_ms = record.last_ms();
        let of_record: Vec<_> = climbs(&record.entries).collect();
        for (n, climb) in of_record.into_iter().enumerate() {
            let server = climb.server;
            let event = match found.get(n) {
                Some(Came::Nowhere(nowhere)) => Event::NoProgress {
                    climb: n,
                    server,
                    blamed: nowhere.blamed.iter().cloned().collect(),
                    violating: nowhere.violating.iter().cloned().collect(),
                    full: nowhere.full.iter().cloned().collect(),
                },
                Some(Came::Works(rung, refusing)) if *rung > Rung::Retry => Event::RightNeeds {
                    climb: n,
                    server,
                    rung: *rung,
                    refusing: refusing.iter().cloned().collect(),
                },
                _ => continue,
            };
            record.entries.push(Entry::new(at_ms, event));
        }
        Ok(())
    }

    fn find_out(&self, scenario: &Arc<Scenario>) -> Result<Climbs, RunError> {
        let worlds = if is_luck(scenario) { WORLDS } else { 1 };
        let mut all = Climbs::new();
        for seed in 1..=worlds {
            let cell = Cell {
                scenario: Arc::clone(scenario),
                client: RIGHT.to_owned(),
                seed,
            };
            let run = self.run_against(&cell, None)?;
            for (n, came) in came_to(&run.record).into_iter().enumerate() {
                if n == all.len() {
                    all.push(came);
                } else {
                    all[n] = all[n].clone().or(came);
                }
            }
        }
        Ok(all)
    }
}

/// Whether no retry helped in a climb.
pub(super) fn needs_more_than_a_retry(record: &Record) -> bool {
    climbs(&record.entries).any(|c| c.rung > Some(Rung::Retry))
}

/// Whether it is a matter of luck which process a request comes to.
fn is_luck(scenario: &Scenario) -> bool {
    scenario.servers.iter().any(|s| s.processes().len() > 1)
}

/// What came of each climb. A good end counts on a way that can be relied on; else it is due to the hops that led requests
/// astray, or the server that opened no session for anybody; to nobody where neither is seen.
fn came_to(record: &Record) -> Climbs {
    let told = Told::of(record);
    let view = View::new(&told);
    let astray = astray(&view);
    let of_climb = |climb: Climb| {
        let began = view.entries[..climb.at].iter().rposition(
            |e| matches!(&e.event, Event::Phase(Phase::Calm { server }) if *server == climb.server),
        );
        let during = began.unwrap_or(0)..climb.at;
        let is_never = climb.rung == Some(Rung::Never);
        // A hop may forget where an old session is, and still keep each new one together.
        let led = astray.iter().filter(|a| {
            let is_new = during.contains(&a.since) || is_never;
            during.contains(&a.at) && a.server == climb.server && is_new
        });
        let mut nowhere = Nowhere {
            blamed: led.map(|a| a.hop.to_string()).collect(),
            ..Nowhere::default()
        };
        let server = &climb.server;
        if is_never && nowhere.blamed.is_empty() && opens_none(&view, server, &during) {
            nowhere.blamed.insert(server.to_string());
            if is_full(&view, server, during.clone()) {
                nowhere.full.insert(server.to_string());
            }
        }
        match climb.rung {
            Some(rung) if !is_never && nowhere.blamed.is_empty() => {
                let is_refused = rung > Rung::Retry && refuses_some(&view, server, &during);
                let refusing = is_refused.then(|| server.to_string());
                Came::Works(rung, refusing.into_iter().collect())
            }
            _ => {
                if nowhere.blamed.is_empty() {
                    nowhere.violating = violating(&view);
                }
                Came::Nowhere(nowhere)
            }
        }
    };
    climbs(view.entries).map(of_climb).collect()
}

/// The requests of that method to a server between those entries that it refused, or gave no answer: those since the last one that
/// it took. A user may have several client objects, and what one of them got does not help the next.
fn refused<'v>(
    view: &'v View<'_>,
    server: &ServerName,
    method: &str,
    during: Range<usize>,
) -> Vec<&'v Seen> {
    let is_refused =
        |s: &Seen| s.status().is_none_or(|status| status >= 400) && !is_for_token(view, s);
    let is_whole = |s: &Seen| s.session().is_some() || method == "initialize";
    let received = view.servers.get(server).into_iter().flatten();
    let asked = received.filter(|s| during.contains(&s.at) && s.request.asks(method));
    let mut refused = Vec::new();
    for seen in asked.filter(|s| is_whole(s)) {
        if is_refused(seen) {
            refused.push(seen);
        } else {
            refused.clear();
        }
    }
    refused
}

/// Whether a server was asked for new sessions between those entries, and its own answer to each, since the last that it opened,
/// was a refusal or none; or it opened them and refused the `notifications/initialized` of each, which came with its id.
fn opens_none(view: &View<'_>, server: &ServerName, during: &Range<usize>) -> bool {
    ["initialize", "notifications/initialized"]
        .iter()
        .any(|method| !refused(view, server, method, during.clone()).is_empty())
}

/// Whether a server refused any handshake between those entries, and not for want of room.
fn refuses_some(view: &View<'_>, server: &ServerName, during: &Range<usize>) -> bool {
    let received = view.servers.get(server).into_iter().flatten();
    let mut asked = received.filter(|s| during.contains(&s.at) && s.request.asks("initialize"));
    asked.any(|s| {
        s.status().is_some_and(|status| status >= 400)
            && !is_for_room(view, s)
            && !is_for_token(view, s)
    })
}

/// Whether a request was refused because it showed no good token, as it must be (AUTH-02): who sent it is to blame.
fn is_for_token(view: &View<'_>, seen: &Seen) -> bool {
    seen.status() == Some(401) && view.token_is_good(seen) == Some(false)
}

/// Whether a handshake was refused for want of room: with 429 or 503, and while somebody worked with a session of the process
/// that refused.
fn is_for_room(view: &View<'_>, seen: &Seen) -> bool {
    matches!(seen.status(), Some(429 | 503)) && view.sessions_at_work(&seen.process, seen.at) > 0
}

/// Whether a server refused those handshakes because there was no room. One that keeps what was left behind, and ends none of it,
/// has its own doing to thank for it.
fn is_full(view: &View<'_>, server: &ServerName, during: Range<usize>) -> bool {
    let refused = refused(view, server, "initialize", during);
    !refused.is_empty() && refused.iter().all(|s| is_for_room(view, s))
}

/// The servers and hops that violate what they must keep.
fn violating(view: &View<'_>) -> Names {
    let of_others = invariant::ALL
        .iter()
        .filter(|i| matches!(i.party, Party::Server | Party::Hop));
    let judged = of_others.filter(|i| i.severity != Severity::Should);
    let judged = judged.flat_map(|i| i.judge(view));
    let violated = judged.filter(|j| matches!(j.verdict, Verdict::Violated { .. }));
    violated.map(|j| j.party.to_string()).collect()
}
