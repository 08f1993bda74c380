//! What outlives the processes that write it: the memory server's graph, entities by name in the order of their creation,
//! and the table of sessions where a server keeps it. Relations are deliberately absent; no driven tool makes any.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memmem::Finder;
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

/// A handle on what is durable. Clones share it, so that a server finds after a restart what it wrote before; the graph is one
/// for all processes of a server, and the sessions are each process's own.
#[derive(Clone, Debug, Default)]
pub struct Store {
    disk: Arc<Mutex<Disk>>,
    process: Arc<str>,
}

#[derive(Debug, Default)]
struct Disk {
    graph: Graph,
    kept: BTreeMap<Arc<str>, Kept>,
}

/// The sessions of a process that were kept last.
#[derive(Debug, Default)]
struct Kept {
    table: Table,
    /// The ids in the table, where that is all that is kept.
    ids: BTreeSet<String>,
}

/// Entities in the order of their creation. Long runs search as often as they create, so that what can be found is kept as
/// one text.
#[derive(Debug, Default)]
struct Graph {
    entities: Vec<Entity>,
    names: BTreeSet<String>,
    /// Everything that can be found, in lower case, each text with [`BETWEEN`] behind it.
    text: Vec<u8>,
    /// Where each entity's texts end there.
    ends: Vec<usize>,
}

/// A byte that is in no UTF-8, and so in no query.
const BETWEEN: u8 = 0xff;

impl Graph {
    fn add(&mut self, entity: Entity) {
        let texts = [&entity.name, &entity.entity_type];
        for text in texts.into_iter().chain(&entity.observations) {
            self.text.extend_from_slice(text.to_lowercase().as_bytes());
            self.text.push(BETWEEN);
        }
        self.ends.push(self.text.len());
        self.names.insert(entity.name.clone());
        self.entities.push(entity);
    }

    fn search(&self, lowered: &str) -> Vec<Entity> {
        let finder = Finder::new(lowered);
        let (mut from, mut found) = (0, Vec::new());
        while let Some(at) = finder.find(&self.text[from..]) {
            let number = self.ends.partition_point(|end| *end <= from + at);
            let Some(end) = self.ends.get(number) else {
                break;
            };
            found.push(self.entities[number].clone());
            from = *end;
        }
        found
    }
}

impl FromIterator<Entity> for Graph {
    fn from_iter<I: IntoIterator<Item = Entity>>(entities: I) -> Self {
        let mut graph = Self::default();
        entities.into_iter().for_each(|entity| graph.add(entity));
        graph
    }
}

impl Store {
    /// An empty graph, and no session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, for that process of the server.
    #[must_use]
    pub fn of(&self, process: &str) -> Self {
        Self {
            disk: Arc::clone(&self.disk),
            process: Arc::from(process),
        }
    }

    /// Every entity, for keeping an old state of the graph.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Entity> {
        self.lock().graph.entities.clone()
    }

    /// Puts an old state of the graph back. The sessions stay as they are.
    pub fn restore(&self, entities: Vec<Entity>) {
        self.lock().graph = entities.into_iter().collect();
    }

    /// The sessions that were kept last.
    pub(super) fn table(&self) -> Table {
        self.own(|kept| kept.table.clone())
    }

    /// Keeps the sessions.
    pub(super) fn keep_table(&self, table: Table) {
        self.own(|kept| kept.table = table);
    }

    /// The ids that were kept last.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.own(|kept| kept.ids.clone())
    }

    /// Keeps the ids of sessions, and nothing else of them.
    pub(super) fn keep_ids(&self, ids: BTreeSet<String>) {
        self.own(|kept| kept.ids = ids);
    }

    /// Adds the entities whose names are new, and returns those.
    pub(crate) fn create(&self, entities: Vec<Entity>) -> Vec<Entity> {
        let graph = &mut self.lock().graph;
        // Names are compared with the graph before the write only, as the real server does: twins in one call both stay.
        let new: Vec<Entity> = entities
            .into_iter()
            .filter(|e| !graph.names.contains(&e.name))
            .collect();
        new.iter().for_each(|entity| graph.add(entity.clone()));
        new
    }

    /// The entities with `query` in their name, type or an observation, without regard to case.
    pub(crate) fn search(&self, query: &str) -> Vec<Entity> {
        let lowered = query.to_lowercase();
        self.lock().graph.search(&lowered)
    }

    fn own<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(
            self.lock()
                .kept
                .entry(Arc::clone(&self.process))
                .or_default(),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // A poisoned lock holds a whole graph: nothing here can panic half-way through a write.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(name: &str, kind: &str, observations: &[&str]) -> Entity {
        Entity {
            name: name.to_owned(),
            entity_type: kind.to_owned(),
            observations: observations.iter().map(|o| (*o).to_owned()).collect(),
        }
    }

    #[test]
    fn the_graph_is_of_all_processes_and_the_sessions_are_each_ones_own() {
        let store = Store::new();
        let (one, two) = (store.of("memory-1"), store.of("memory-2"));
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        one.keep_ids(ids(&["S1"]));
        two.keep_ids(ids(&["S2"]));
        assert_eq!((one.ids(), two.ids()), (ids(&["S1"]), ids(&["S2"])));
        one.create(vec![entity("alpha", "letter", &[])]);
        assert_eq!(two.search("alpha").len(), 1);
    }

    #[test]
    fn a_search_finds_each_entity_once_in_order_and_within_one_text() {
        let store = Store::new();
        store.create(vec![
            entity("Alpha", "letter", &["first", "ALPHA again"]),
            entity("beta", "Letter", &[]),
            entity("gamma", "ray", &["not a\0lpha"]),
        ]);
        let found = |query: &str| -> Vec<String> {
            let found = store.search(query).into_iter();
            found.map(|entity| entity.name).collect()
        };
        assert_eq!(found("alpha"), ["Alpha"]);
        assert_eq!(found("LETTER"), ["Alpha", "beta"]);
        assert_eq!(found("a\0lpha"), ["gamma"]);
        assert_eq!(found("alphaletter"), [""; 0], "no text spans two");
        assert_eq!(found(""), ["Alpha", "beta", "gamma"]);
        assert_eq!(found("delta"), [""; 0]);
        store.restore(Vec::new());
        assert_eq!(found(""), [""; 0]);
    }
}
