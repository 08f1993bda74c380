//! A record as judgements read it. What was held up on its way is in a record where it was sent off, with how long that took;
//! when it came, nothing says. A mark stands there, so that what follows from it is after it even in the same millisecond.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::journal::{Delivery, Entry, Event, Phase, Record};

/// A record with a mark wherever something came that had been held up.
#[derive(Debug)]
pub struct Told<'r> {
    pub(super) record: Cow<'r, Record>,
    /// The entries that are marks.
    marks: Vec<usize>,
}

impl<'r> Told<'r> {
    /// That record, which is copied only if something was held up.
    #[must_use]
    pub fn of(record: &'r Record) -> Self {
        let held_up = record
            .entries
            .iter()
            .filter_map(|e| match e.fate.delivery() {
                Delivery::After(ms) => Some(e.at_ms + ms),
                _ => None,
            });
        let came: BTreeSet<u64> = held_up.collect();
        let mut told = Self {
            record: Cow::Borrowed(record),
            marks: Vec::new(),
        };
        if came.is_empty() {
            return told;
        }
        let mut came = came.into_iter().peekable();
        let mut entries = Vec::with_capacity(record.entries.len());
        for entry in &record.entries {
            while let Some(at_ms) = came.next_if(|at_ms| *at_ms <= entry.at_ms) {
                told.marks.push(entries.len());
                // A phase that no judgement asks for.
                entries.push(Entry::new(at_ms, Event::Phase(Phase::Faults)));
            }
            entries.push(entry.clone());
        }
        told.record = Cow::Owned(Record {
            cast: record.cast.clone(),
            entries,
        });
        told
    }

    /// The entry of the record at that place; of a mark, the one that follows.
    pub(super) fn entry_of_record(&self, at: usize) -> usize {
        at - self.marks.partition_point(|mark| *mark < at)
    }
}
