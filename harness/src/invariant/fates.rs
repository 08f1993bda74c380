//! What became of a server's sessions, put together once for all judgements of that server.

use std::collections::{BTreeMap, BTreeSet};

use crate::invariant::seen::Seen;
use crate::journal::{Entry, Event, ProcessName, ServerName, SessionEnd};

/// What became of a session at an entry.
#[derive(Clone, Copy)]
enum Fate {
    Opened,
    Ended(&'static str),
    /// Its process ended. Whether a real server keeps sessions beyond that is its own business until it shows.
    PerhapsEnded(&'static str),
}

/// What became of a server's sessions, in order, by id. A model tells; of a real server it is known that its process ended,
/// and which sessions it had given out.
#[derive(Default)]
pub(super) struct Fates {
    of: BTreeMap<String, Vec<(usize, Fate)>>,
    /// Where each was opened, and by which process, in order.
    opened_by: BTreeMap<String, Vec<(usize, ProcessName)>>,
}

impl Fates {
    /// Those of a server, from what its processes received and what is told of its sessions.
    pub(super) fn of(entries: &[Entry], server: &ServerName, received: &[Seen]) -> Self {
        let mut fates = Self::default();
        let mut given: BTreeMap<&str, &str> = BTreeMap::new();
        for seen in received {
            let Some((at, id)) = seen.given() else {
                continue;
            };
            given.insert(id, &seen.process);
            fates.add(id, at, Fate::Opened);
            let opened_by = fates.opened_by.entry(id.to_owned()).or_default();
            opened_by.push((at, seen.process.clone()));
        }
        // Sessions that are told of: a process may go down without them.
        let mut told = BTreeSet::new();
        for (at, entry) in entries.iter().enumerate() {
            match &entry.event {
                Event::SessionOpened {
                    server: s, session, ..
                } if s == server => {
                    told.insert(session.clone());
                    fates.add(session, at, Fate::Opened);
                }
                Event::SessionEnded {
                    server: s,
                    session,
                    cause,
                    ..
                } if s == server => fates.add(session, at, Fate::Ended(ended(*cause))),
                Event::ProcessDown { process, .. } => {
                    let perhaps = Fate::PerhapsEnded(ended(SessionEnd::ProcessEnded));
                    let of_process = given
                        .iter()
                        .filter(|(id, by)| **by == &**process && !told.contains(**id));
                    for (id, _) in of_process {
                        fates.add(id, at, perhaps);
                    }
                }
                _ => {}
            }
        }
        fates
    }

    fn add(&mut self, id: &str, at: usize, fate: Fate) {
        self.of.entry(id.to_owned()).or_default().push((at, fate));
    }

    /// How a session had ended by an entry, and whether that is certain; `None` if it had not.
    pub(super) fn dead_at(&self, id: &str, at: usize) -> Option<(&'static str, bool)> {
        let fates = self.of.get(id)?;
        let mut dead = None;
        let mut by_then: Vec<_> = fates.iter().filter(|(n, _)| *n < at).collect();
        by_then.sort_by_key(|(n, _)| *n);
        for (_, fate) in by_then {
            dead = match (fate, dead) {
                (Fate::Opened, _) => None,
                (Fate::Ended(cause), None | Some((_, false))) => Some((*cause, true)),
                (Fate::PerhapsEnded(cause), None) => Some((*cause, false)),
                (_, dead) => dead,
            };
        }
        // Before its first opening an id is no session.
        dead.filter(|_| self.is_opened(id, at))
    }

    fn is_opened(&self, id: &str, by: usize) -> bool {
        let mut fates = self.of.get(id).into_iter().flatten();
        fates.any(|(n, fate)| *n < by && matches!(fate, Fate::Opened))
    }

    /// Where a session was last opened before an entry, and by which process. An id that is given anew, by another process
    /// too, is another session from there on.
    pub(super) fn opened_before(&self, id: &str, at: usize) -> Option<&(usize, ProcessName)> {
        let mut opened_by = self.opened_by.get(id)?.iter();
        opened_by.rfind(|(opened, _)| *opened < at)
    }

    /// Whether a session lived at a process for certain, all the time between two entries.
    pub(super) fn lives(&self, id: &str, process: &ProcessName, from: usize, until: usize) -> bool {
        self.opened_before(id, from)
            .is_some_and(|(_, by)| by == process)
            && self.is_opened(id, from)
            && self.dead_at(id, from).is_none()
            && self.dead_at(id, until).is_none()
    }
}

fn ended(cause: SessionEnd) -> &'static str {
    match cause {
        SessionEnd::Deleted => "was deleted",
        SessionEnd::Expired => "had expired",
        SessionEnd::LifetimeOver => "had reached the end of its lifetime",
        SessionEnd::Evicted => "had made room for another one",
        SessionEnd::ExpiredByScenario => "had been made to expire",
        SessionEnd::ProcessEnded => "ended with its process",
        SessionEnd::RefusalKilledIt => "the server had destroyed on a refusal",
        SessionEnd::ChildEnded => "ended with its child process",
    }
}
