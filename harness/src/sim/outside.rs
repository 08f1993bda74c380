//! What computes outside of the simulation and takes part in it, as a program in a process of its own does. Its time is
//! virtual: it stands still while the outsider computes, however long that takes on this machine.

use crate::sim::error::SimError;

/// Somebody outside of the simulation. The driver asks before every step, so an outsider that was told nothing since and
/// whose deadline is not due answers without looking.
pub(super) trait Outside {
    /// Tells the outsider the virtual time in milliseconds, lets it compute until all of it waits, and hands what it did
    /// to the simulation's processes. Blocks meanwhile, and so needs a limit of its own in wall-clock time.
    ///
    /// # Errors
    /// [`SimError::Outside`] if the outsider is gone or does not come to rest.
    fn settle(&mut self, now_ms: u64) -> Result<Standing, SimError>;
}

/// How it stands with an outsider that waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether it did something that a process of the simulation is to see in the coming step.
    pub(super) has_acted: bool,
    /// When it wants to go on if nothing comes before, in virtual milliseconds since the run's beginning.
    pub(super) deadline_ms: Option<u64>,
}
