//! A world as it is built and then driven: its hosts, its processes, and what they and the script share with the driver.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::journal::ProcessName;
use crate::operator::{Commands, Managed, ScriptNotes};
use crate::process::log::AccessLogs;
use crate::process::recorder::Recorder;
use crate::process::shell::Reports;
use crate::sim::clock::Jumper;
use crate::sim::hosts::Hosts;
use crate::sim::outside::Outside;

/// A world that can be driven.
pub(super) struct World<'a> {
    /// The simulated network with its hosts.
    pub(super) hosts: Hosts<'a>,
    /// Whom everything is told.
    pub(super) recorder: Recorder,
    /// Moves the clocks of all hosts.
    pub(super) jumper: Jumper,
    /// The processes as the driver manages them.
    pub(super) processes: BTreeMap<ProcessName, Managed>,
    /// Who takes part from outside.
    pub(super) outside: Vec<Box<dyn Outside>>,
    /// What processes tell the driver.
    pub(super) reports: Reports,
    /// The hops' access logs.
    pub(super) logs: AccessLogs,
    /// What the script finds out.
    pub(super) findings: Rc<RefCell<ScriptNotes>>,
    /// What the script asks of the driver.
    pub(super) commands: Commands,
}
