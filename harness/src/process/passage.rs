//! What the sending end of a connection tells the receiving one of what it framed, so that no body is read twice. It is
//! never trusted: a unit counts at the receiving end only for the very bytes that arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::journal::Message;

/// Units told and not taken above which nothing more is told: nobody seems to listen.
const TOLD_MAX: usize = 1024;

/// A unit as its sender framed it, and how it stands with the direction behind it, which is a `Then`.
#[derive(Clone, Debug)]
pub(super) struct Told<Then> {
    pub(super) bytes: Bytes,
    pub(super) messages: Vec<Message>,
    pub(super) ends_exchange: bool,
    pub(super) then: Then,
}

/// What the bytes that arrived are.
pub(super) enum Taken<Then> {
    /// At least that unit.
    Unit(Told<Then>),
    /// The beginning of a unit.
    Part,
    /// Nothing that was told.
    Untold,
}

/// One direction of a connection that both ends frame. Clones share it.
#[derive(Debug)]
pub(super) struct Passage<Then>(Arc<Mutex<VecDeque<Told<Then>>>>);

impl<Then> Clone for Passage<Then> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Then> Default for Passage<Then> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<Then> Passage<Then> {
    fn units(&self) -> MutexGuard<'_, VecDeque<Told<Then>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of a unit that is sent next, as it is. Returns whether that was possible.
    pub(super) fn tell(&self, told: Told<Then>) -> bool {
        let mut units = self.units();
        let is_room = units.len() < TOLD_MAX;
        if is_room {
            units.push_back(told);
        }
        is_room
    }

    /// Takes the unit with which the bytes begin. Bytes are sent after they are told, so those that arrived were told, or
    /// never will be.
    pub(super) fn take(&self, bytes: &[u8]) -> Taken<Then> {
        let mut units = self.units();
        let Some(told) = units.front() else {
            return Taken::Untold;
        };
        if bytes.starts_with(&told.bytes) {
            units.pop_front().map_or(Taken::Untold, Taken::Unit)
        } else if told.bytes.starts_with(bytes) {
            Taken::Part
        } else {
            Taken::Untold
        }
    }
}
