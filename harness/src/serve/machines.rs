//! The processes of a run as tasks on this thread: each life of one has its own set of tasks, which ends with it, sockets
//! and all.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use stalemate_clients::LocalBoxFuture;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::journal::ProcessName;
use crate::live::local::Local;
use crate::operator::Machines;

/// What a process runs each time that it is started.
pub(super) type Software = Rc<dyn Fn() -> LocalBoxFuture<'static, io::Result<()>>>;

/// Whom it is told that a process could not run.
pub(super) type Trouble = Rc<dyn Fn(&ProcessName, io::Error)>;

/// The processes of a run.
pub(super) struct Tasks {
    network: Local,
    software: BTreeMap<ProcessName, Software>,
    lives: BTreeMap<ProcessName, JoinHandle<()>>,
    trouble: Trouble,
}

impl Tasks {
    /// Those processes, none of which runs yet.
    pub(super) fn new(
        network: Local,
        software: BTreeMap<ProcessName, Software>,
        trouble: Trouble,
    ) -> Self {
        Self {
            network,
            software,
            lives: BTreeMap::new(),
            trouble,
        }
    }

    /// Starts all of them.
    pub(super) fn start(&mut self) {
        let all: Vec<ProcessName> = self.software.keys().cloned().collect();
        all.iter().for_each(|process| self.bounce(process));
    }
}

impl Machines for Tasks {
    fn crash(&mut self, process: &ProcessName) {
        if let Some(life) = self.lives.get(process) {
            life.abort();
        }
    }

    fn bounce(&mut self, process: &ProcessName) {
        let before = self.lives.remove(process);
        let Some(software) = self.software.get(process).cloned() else {
            return;
        };
        let (name, trouble) = (process.clone(), Rc::clone(&self.trouble));
        let life = spawn_local(async move {
            // Its sockets are closed by then, and its port is free.
            if let Some(before) = before {
                before.abort();
                let _ = before.await;
            }
            let tasks = LocalSet::new();
            if let Err(error) = tasks.run_until(software()).await {
                trouble(&name, error);
            }
        });
        self.lives.insert(process.clone(), life);
    }

    fn partition(&mut self, one: &ProcessName, other: &ProcessName) {
        self.network.sever(one, other);
    }

    // What is dialled from now on is another connection.
    fn repair(&mut self, _: &ProcessName, _: &ProcessName) {}

    fn hold(&mut self, one: &ProcessName, other: &ProcessName) {
        self.network.hold(one, other);
    }

    fn release(&mut self, one: &ProcessName, other: &ProcessName) {
        self.network.release(one, other);
    }

    // The system refuses where nobody listens.
    fn tell_who_refuses(&mut self, _: &[&ProcessName], _: &[&ProcessName]) {}
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.lives.values().for_each(JoinHandle::abort);
    }
}
