//! Which rows of a picture are about what was violated: the rows of the violation itself, the call and the exchange that it
//! fell on, what the user had done, how the sessions began and ended that were used there, and every fault and phase.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::{CallId, CallOutcome, Entry, Event, Exchange, Message, Phase, Record};
use crate::report::diagram::View;
use crate::report::grid::Row;
use crate::report::rows::{Line, Of};
use crate::runner::CellResult;

/// Whether each row of a judged record is shown in a view.
pub(super) fn in_view(
    result: &CellResult,
    record: &Record,
    lines: &[Line],
    view: View<'_>,
) -> Vec<bool> {
    let meant = |id: &str| view.folded && view.at.is_none_or(|at| at == id);
    let violated = result.invariants.iter().filter(|j| meant(&j.id));
    let about: Vec<usize> = violated.filter_map(|j| j.at).collect();
    kept(&record.entries, lines, &about, view.at.is_some())
}

/// Whether each row is kept, where those entries are what a reader wants to understand. All of them are kept where there are
/// none. `only` leaves out what else was violated, and the rungs that were tried.
fn kept(entries: &[Entry], lines: &[Line], about: &[usize], only: bool) -> Vec<bool> {
    if about.is_empty() {
        return vec![true; lines.len()];
    }
    let story = Story::of(entries, about);
    let keep = |line: &Line| {
        let is_about = about.contains(&line.entry) || story.entries.contains(&line.entry);
        match line.of {
            Of::Violation(_) => return is_about || !only,
            Of::Fate => return true,
            Of::Event if is_about => return true,
            Of::Event => {}
        }
        if matches!(line.row, Row::Rule) {
            let is_rung = matches!(
                &entries[line.entry].event,
                Event::Phase(Phase::Rung { .. } | Phase::Settled { .. })
            );
            return !(only && is_rung);
        }
        match &entries[line.entry].event {
            Event::FaultBegan { .. }
            | Event::FaultHealed { .. }
            | Event::ProcessDown { .. }
            | Event::ProcessUp { .. } => true,
            Event::SessionOpened { session, .. } | Event::SessionEnded { session, .. } => {
                story.sessions.contains(session)
            }
            Event::CallBegan { call, .. } | Event::CallEnded { call, .. } => {
                story.calls.contains(call)
            }
            Event::Http { exchange, .. } => story.exchanges.contains(&story.root(*exchange)),
            _ => false,
        }
    };
    let mut kept: Vec<bool> = lines.iter().map(keep).collect();
    // To say that one row is left out takes as much room as the row.
    for at in 0..kept.len() {
        let is_kept = |n: usize| kept.get(n).copied().unwrap_or(true);
        if !kept[at] && is_kept(at.wrapping_sub(1)) && is_kept(at + 1) {
            kept[at] = true;
        }
    }
    kept
}

/// What hangs together with some entries.
struct Story {
    /// The exchange that a hop made another one of.
    parents: BTreeMap<Exchange, Exchange>,
    entries: BTreeSet<usize>,
    calls: BTreeSet<CallId>,
    exchanges: BTreeSet<Exchange>,
    sessions: BTreeSet<String>,
}

impl Story {
    fn of(entries: &[Entry], about: &[usize]) -> Self {
        let parents = entries.iter().filter_map(|entry| match &entry.event {
            Event::Forwarded { parent, child, .. } => Some((*child, *parent)),
            _ => None,
        });
        let mut story = Self {
            parents: parents.collect(),
            entries: BTreeSet::new(),
            calls: BTreeSet::new(),
            exchanges: BTreeSet::new(),
            sessions: BTreeSet::new(),
        };
        for at in about {
            story.around(entries, *at);
        }
        story.of_calls(entries);
        story.of_sessions(entries);
        let first = about.iter().copied().min().unwrap_or_default();
        story.of_losses(&entries[..first]);
        story
    }

    /// The client's exchange that led to this one.
    fn root(&self, exchange: Exchange) -> Exchange {
        let mut root = exchange;
        while let Some(parent) = self.parents.get(&root) {
            root = *parent;
        }
        root
    }

    /// The exchange that an entry is of, the calls under way then, and what the user did and was shown before.
    fn around(&mut self, entries: &[Entry], at: usize) {
        if let Event::Http { exchange, .. } = &entries[at].event {
            self.exchanges.insert(self.root(*exchange));
        }
        let mut ended = BTreeSet::new();
        let mut has_acted = false;
        for (n, entry) in entries[..=at].iter().enumerate().rev() {
            match &entry.event {
                Event::CallEnded { .. } | Event::Phase(_) if n < at && has_acted => break,
                Event::CallEnded { call, .. } if n < at => {
                    ended.insert(*call);
                }
                Event::CallBegan { call, .. } if !ended.contains(call) => {
                    self.calls.insert(*call);
                }
                Event::UserActed { .. } => {
                    self.entries.insert(n);
                    has_acted = true;
                }
                Event::Drawn { .. } => {
                    self.entries.insert(n);
                }
                _ => {}
            }
        }
    }

    /// The exchanges of the calls, the first call that failed and the first one that was ok again.
    fn of_calls(&mut self, entries: &[Entry]) {
        let is_ok = |entry: &Entry| match &entry.event {
            Event::CallEnded { call, outcome } => Some((*call, *outcome == CallOutcome::Ok)),
            _ => None,
        };
        let mut ended = entries.iter().filter_map(is_ok);
        if let Some((failed, _)) = ended.find(|(_, ok)| !ok) {
            self.calls.insert(failed);
            self.calls
                .extend(ended.find(|(_, ok)| *ok).map(|(call, _)| call));
        }
        for entry in entries {
            if let Event::Http {
                exchange,
                message: Message::Request(request),
                ..
            } = &entry.event
                && request.call.is_some_and(|call| self.calls.contains(&call))
            {
                self.exchanges.insert(self.root(*exchange));
            }
        }
    }

    /// The sessions that the exchanges carry, and the exchanges that opened them.
    fn of_sessions(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Event::Http {
                exchange,
                message: Message::Request(request),
                ..
            } = &entry.event
                && self.exchanges.contains(&self.root(*exchange))
            {
                self.sessions.extend(request.session.clone());
            }
        }
        let mut seen = BTreeSet::new();
        for entry in entries {
            if let Event::Http {
                exchange,
                message: Message::Response(response),
                ..
            } = &entry.event
                && let Some(session) = &response.session
                && self.sessions.contains(session)
                && seen.insert(session.clone())
            {
                self.exchanges.insert(self.root(*exchange));
            }
        }
    }

    /// The exchange in which each session was first refused, unless one is shown already: what its client went by, or should
    /// have.
    fn of_losses(&mut self, entries: &[Entry]) {
        let mut carried: BTreeMap<Exchange, &String> = BTreeMap::new();
        let mut refused = BTreeMap::new();
        let mut is_shown = BTreeSet::new();
        for entry in entries {
            let Event::Http {
                exchange, message, ..
            } = &entry.event
            else {
                continue;
            };
            match message {
                Message::Request(request) => {
                    let session = request.session.as_ref();
                    if let Some(session) = session.filter(|s| self.sessions.contains(*s)) {
                        carried.insert(*exchange, session);
                    }
                }
                Message::Response(response) if matches!(response.status, 400 | 404 | 410) => {
                    if let Some(session) = carried.get(exchange) {
                        let root = self.root(*exchange);
                        refused.entry(*session).or_insert(root);
                        if self.exchanges.contains(&root) {
                            is_shown.insert(*session);
                        }
                    }
                }
                _ => {}
            }
        }
        refused.retain(|session, _| !is_shown.contains(session));
        let refused: Vec<Exchange> = refused.into_values().collect();
        self.exchanges.extend(refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ServerName;

    fn call(number: u32) -> [Entry; 2] {
        let server: ServerName = "memory".into();
        let began = Event::CallBegan {
            call: CallId(number),
            server,
            method: "tools/call".to_owned(),
            tool: "search".to_owned(),
            nonce: String::new(),
            during_outage: false,
            nth: 1,
        };
        let ended = Event::CallEnded {
            call: CallId(number),
            outcome: match number {
                2 => CallOutcome::Error("no".to_owned()),
                _ => CallOutcome::Ok,
            },
        };
        [Entry::new(0, began), Entry::new(0, ended)]
    }

    /// Five calls, of which the second one fails and is followed by one that is ok, and the fifth is violated.
    #[test]
    fn the_calls_of_the_story_stay() {
        let entries = (1..=5).flat_map(call).collect::<Vec<_>>();
        let lines = (0..entries.len()).map(|entry| Line {
            entry,
            at_ms: 0,
            of: Of::Event,
            row: Row::Blank,
            text: String::new(),
        });
        let lines: Vec<Line> = lines.collect();
        let kept = |about: &[usize]| -> Vec<usize> {
            let kept = kept(&entries, &lines, about, false).into_iter();
            kept.enumerate()
                .filter(|(_, kept)| *kept)
                .map(|(n, _)| n)
                .collect()
        };
        assert_eq!(kept(&[8]), [2, 3, 4, 5, 8, 9]);
        assert_eq!(kept(&[]).len(), 10);
    }
}
