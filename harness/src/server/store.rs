//! What outlives the processes that write it: the memory server's graph, entities by name in the order of their creation,
//! and the table of sessions where a server keeps it. Relations are deliberately absent; no driven tool makes any.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::session::Table;

/// One entity of the graph, its members in the order of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    /// Its name, unique in the graph.
    pub name: String,
    /// What it is.
    pub entity_type: String,
    /// What is known of it.
    pub observations: Vec<String>,
}

impl Entity {
    fn matches(&self, lowered: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(lowered);
        has(&self.name) || has(&self.entity_type) || self.observations.iter().any(|o| has(o))
    }
}

/// A handle on what is durable. Clones share it, so that a server finds after a restart what it wrote before.
#[derive(Clone, Debug, Default)]
pub struct Store(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    graph: Vec<Entity>,
    table: Table,
}

impl Store {
    /// An empty graph, and no session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every entity, for keeping an old state of the graph.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Entity> {
        self.lock().graph.clone()
    }

    /// Puts an old state of the graph back. The sessions stay as they are.
    pub fn restore(&self, entities: Vec<Entity>) {
        self.lock().graph = entities;
    }

    /// The sessions that were kept last.
    pub(super) fn table(&self) -> Table {
        self.lock().table.clone()
    }

    /// Keeps the sessions.
    pub(super) fn keep_table(&self, table: Table) {
        self.lock().table = table;
    }

    /// Adds the entities whose names are new, and returns those.
    pub(crate) fn create(&self, entities: Vec<Entity>) -> Vec<Entity> {
        let graph = &mut self.lock().graph;
        // Names are compared with the graph before the write only, as the real server does: twins in one call both stay.
        let new: Vec<Entity> = entities
            .into_iter()
            .filter(|e| !graph.iter().any(|known| known.name == e.name))
            .collect();
        graph.extend(new.iter().cloned());
        new
    }

    /// The entities with `query` in their name, type or an observation, without regard to case.
    pub(crate) fn search(&self, query: &str) -> Vec<Entity> {
        let lowered = query.to_lowercase();
        let graph = &self.lock().graph;
        graph
            .iter()
            .filter(|e| e.matches(&lowered))
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // A poisoned lock holds a whole graph: nothing here can panic half-way through a write.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
