//! In place of programs where there is no portal: none can be started, and why is said.

use std::convert::Infallible;
use std::time::Duration;

use crate::sim::SimError;
use crate::sim::portal::words::{Give, Seen, Start};

/// A program that cannot be.
pub(super) struct Child(Infallible);

impl Child {
    pub(super) fn start(_: &Start, _: u64, _: u64) -> Result<Self, SimError> {
        let why = env!("STALEMATE_PORTAL_MISSING");
        Err(SimError::Unavailable(format!(
            "clients that are programs of their own cannot run here: {why}"
        )))
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        match self.0 {}
    }

    pub(super) fn set_time(&mut self, _: u64) {
        match self.0 {}
    }

    pub(super) fn grant(&mut self) -> Option<Duration> {
        match self.0 {}
    }

    pub(super) fn go_on(&mut self) -> Result<Vec<Seen>, SimError> {
        match self.0 {}
    }

    pub(super) fn say(&mut self, _: &str) {
        match self.0 {}
    }

    pub(super) fn give(&mut self, _: u32, _: Give) -> Result<(), SimError> {
        match self.0 {}
    }

    pub(super) fn hang_up(&mut self) {
        match self.0 {}
    }

    pub(super) fn is_gone(&mut self) -> bool {
        match self.0 {}
    }

    pub(super) fn how_it_ended(&self) -> String {
        match self.0 {}
    }

    pub(super) fn end(&self) -> SimError {
        match self.0 {}
    }

    pub(super) fn wrong(&self, _: &str) -> SimError {
        match self.0 {}
    }

    pub(super) fn settle(&mut self) -> Result<Vec<Seen>, SimError> {
        match self.0 {}
    }
}
