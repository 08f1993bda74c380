//! A process as it is operated: what it shares with its shell, and what it runs when it is started next.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::journal::ServerName;
use crate::process::recorder::Recorder;
use crate::process::shell::{Host, Reports};
use crate::process::state::Process;
use crate::scenario::{Becomes, ServerKind};
use crate::server::Tools;

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

/// As the operator and the process share it.
pub type SharedRuns = Rc<RefCell<Runs>>;

/// What the operator knows of a process of a server.
pub struct Serves {
    /// The server.
    pub server: ServerName,
    /// The ids of the sessions that live here.
    pub sessions: LiveSessions,
    /// What it runs.
    pub runs: SharedRuns,
}

/// A process as the operator manages it.
pub struct Managed {
    /// What it shares with its shell.
    pub host: Rc<Host>,
    /// From its death to the supervisor's restart, in milliseconds.
    pub supervisor_ms: u64,
    /// For a process of a server, what it is to that.
    pub serves: Option<Serves>,
}

impl Managed {
    /// A process of that name, with a switch by which its recorder stops it. It serves nothing yet.
    #[must_use]
    pub fn new(name: &str, supervisor_ms: u64, reports: &Reports, recorder: &Recorder) -> Self {
        let host = Host::new(Process::new(name), Rc::clone(reports));
        recorder.add_switch(Arc::clone(&host.process.name), host.process.switch());
        Self {
            host,
            supervisor_ms,
            serves: None,
        }
    }
}
