//! The cell: one scenario with one client and one seed, the unit that runs and is a test.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::registry::Registry;
use crate::scenario::{Diagnostics, Scenario, find, load};

/// One scenario with one client and one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The client's name in the registry.
    pub client: String,
    /// The seed.
    pub seed: u64,
}

impl Cell {
    /// The cells of a scenario: its clients with its seeds.
    #[must_use]
    pub fn of(scenario: &Arc<Scenario>) -> Vec<Self> {
        let with = |client: &String| {
            let cell = |seed: &u64| Self {
                scenario: Arc::clone(scenario),
                client: client.clone(),
                seed: *seed,
            };
            scenario.seeds.iter().map(cell).collect::<Vec<_>>()
        };
        scenario.clients.iter().flat_map(with).collect()
    }

    /// The arguments of the command that replays it.
    #[must_use]
    pub fn replay(&self) -> String {
        self.replay_with(&format!("--client {}", self.client))
    }

    /// The same, with the option that names the client.
    #[must_use]
    pub fn replay_with(&self, client: &str) -> String {
        let file = self.scenario.file.display();
        format!("trace {file} {client} --seed {}", self.seed)
    }
}

impl fmt::Display for Cell {
    /// Scenario and client; the seed where it is not the usual one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scenario.name, self.client)?;
        if self.seed != 1 {
            write!(f, " seed {}", self.seed)?;
        }
        Ok(())
    }
}

/// A scenario file, and what it says or what is wrong with it.
pub type Loaded = (PathBuf, Result<Arc<Scenario>, Diagnostics>);

/// The scenarios in those files and below those directories, each with what is wrong with it if it is no good one.
///
/// # Errors
/// What cannot be searched.
pub fn scenarios<P: AsRef<Path>>(
    paths: &[P],
    registry: &Registry,
) -> Result<Vec<Loaded>, Diagnostics> {
    let vocabulary = registry.vocabulary();
    let paths: Vec<_> = paths.iter().map(|p| p.as_ref().to_owned()).collect();
    let loaded = find(&paths)?.into_iter().map(|file| {
        let loaded = load(&file, &vocabulary).map(Arc::new);
        (file, loaded)
    });
    Ok(loaded.collect())
}
