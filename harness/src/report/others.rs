//! The sessions of other users in a trace: they are many and alike, so that what happens to several of them at once is one
//! line.

use std::collections::BTreeSet;

use crate::journal::{Entry, Event, ProcessName};

/// The ids of the sessions that are other users'.
#[derive(Debug, Default)]
pub(super) struct OthersSessions(BTreeSet<String>);

impl OthersSessions {
    /// Those in a journal.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let theirs = entries.iter().filter_map(|entry| match &entry.event {
            Event::SessionOpened {
                session,
                for_others: true,
                ..
            } => Some(session.clone()),
            _ => None,
        });
        Self(theirs.collect())
    }

    /// Whether a session is one of theirs.
    pub(super) fn is_theirs(&self, session: &str) -> bool {
        self.0.contains(session)
    }

    /// Where such sessions end at that entry, the process and how many do so in a row; `None` if the entry before is of the
    /// same row.
    pub(super) fn ended<'e>(
        &self,
        entries: &'e [Entry],
        at: usize,
    ) -> Option<(&'e ProcessName, usize)> {
        let of_row = |entry: &'e Entry| match &entry.event {
            Event::SessionEnded {
                at, cause, session, ..
            } if self.is_theirs(session) => Some((at, *cause, entry.at_ms)),
            _ => None,
        };
        let row = of_row(&entries[at])?;
        if at > 0 && of_row(&entries[at - 1]) == Some(row) {
            return None;
        }
        let same = entries[at..]
            .iter()
            .take_while(|entry| of_row(entry) == Some(row));
        Some((row.0, same.count()))
    }
}
