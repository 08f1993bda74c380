//! A world as it is built and then driven: its hosts, its processes, and what they and the script share with the driver.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use turmoil::Sim;

use crate::journal::{ProcessName, ServerName};
use crate::process::log::AccessLogs;
use crate::process::recorder::Recorder;
use crate::process::shell::{Host, Reports};
use crate::scenario::{Becomes, ServerKind};
use crate::server::Tools;
use crate::sim::clock::Jumper;
use crate::sim::command::Commands;
use crate::sim::network::SharedReach;
use crate::sim::outside::Outside;
use crate::sim::script::Findings;

/// The ids of the sessions of a model server that would end with its process now.
pub type LiveSessions = Rc<dyn Fn() -> Vec<String>>;

/// What a process of a server runs when it is started next.
pub struct Runs {
    /// What it is.
    pub kind: ServerKind,
    /// The tools that it has.
    pub tools: Tools,
    /// Those that the journal last knew of.
    pub noted: Tools,
}

impl Runs {
    /// From the next start on it is that.
    pub fn become_that(&mut self, becomes: &Becomes) {
        if let Some(kind) = &becomes.kind {
            self.kind = kind.clone();
        }
        self.tools = becomes.tools.unwrap_or(self.tools);
    }

    /// The journal comes to know of those tools. Returns whether they are others than it knew of.
    pub fn note(&mut self, tools: Tools) -> bool {
        std::mem::replace(&mut self.noted, tools) != tools
    }
}

/// As the driver and the process share it.
pub type SharedRuns = Rc<RefCell<Runs>>;

/// What the driver knows of a process of a server.
pub struct Serves {
    /// The server.
    pub server: ServerName,
    /// The ids of the sessions that live here.
    pub sessions: LiveSessions,
    /// What it runs.
    pub runs: SharedRuns,
}

/// A process as the driver manages it.
pub struct Managed {
    /// What it shares with its shell.
    pub host: Rc<Host>,
    /// The turmoil hosts that it consists of.
    pub addresses: Vec<IpAddr>,
    /// From its death to the supervisor's restart, in milliseconds.
    pub supervisor_ms: u64,
    /// For a process of a server, what it is to that.
    pub serves: Option<Serves>,
}

/// A world that can be driven.
pub(super) struct World<'a> {
    /// The simulated network with its hosts.
    pub(super) sim: Sim<'a>,
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
    pub(super) findings: Rc<RefCell<Findings>>,
    /// What the script asks of the driver.
    pub(super) commands: Commands,
    /// What the driver tells those who dial.
    pub(super) reach: SharedReach,
}
