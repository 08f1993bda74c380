//! What the sending end of a connection tells the receiving one of what it framed, so that no body is read twice. It is
//! never trusted: a unit counts at the receiving end only for the very bytes that arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::journal::Message;
use crate::process::framer::{State, Unit};

/// Units told and not taken above which nothing more is told: nobody seems to listen.
const TOLD_MAX: usize = 1024;

/// A unit as its sender framed it, and how it stands with the direction behind it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    bytes: Bytes,
    pub(super) messages: Vec<Message>,
    pub(super) ends_exchange: bool,
    pub(super) then: State,
}

/// What the bytes that arrived are.
pub(super) enum Taken {
    /// At least that unit, of that length.
    Unit(usize, Told),
    /// The beginning of a unit.
    Part,
    /// Nothing that was told.
    Untold,
}

/// One direction of a connection that both ends frame. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Passage(Arc<Mutex<VecDeque<Told>>>);

impl Passage {
    fn units(&self) -> MutexGuard<'_, VecDeque<Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of a unit that is sent next, as it is. Returns whether that was possible.
    pub(super) fn tell(&self, unit: &Unit, ends_exchange: bool, then: State) -> bool {
        let mut units = self.units();
        let is_room = units.len() < TOLD_MAX;
        if is_room {
            units.push_back(Told {
                bytes: unit.bytes.clone(),
                messages: unit.messages.clone(),
                ends_exchange,
                then,
            });
        }
        is_room
    }

    /// Takes the unit with which the bytes begin. Bytes are sent after they are told, so those that arrived were told, or
    /// never will be.
    pub(super) fn take(&self, bytes: &[u8]) -> Taken {
        let mut units = self.units();
        let Some(told) = units.front() else {
            return Taken::Untold;
        };
        let len = told.bytes.len();
        if bytes.starts_with(&told.bytes) {
            units
                .pop_front()
                .map_or(Taken::Untold, |told| Taken::Unit(len, told))
        } else if told.bytes.starts_with(bytes) {
            Taken::Part
        } else {
            Taken::Untold
        }
    }
}

/// The passages of a connection.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    /// From the end that dialled.
    pub requests: Passage,
    /// To the end that dialled.
    pub responses: Passage,
}
