//! What every command begins with: the scenarios of some paths, and what is said where there is no such client, or it cannot
//! run.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::{BAD_INPUT, HARNESS_BUG, wrong};
use crate::registry::Registry;
use crate::runner::{self, RunError};
use crate::scenario::Scenario;

/// Loads scenarios. Every bad file is reported; the good ones are returned with whether there was a bad one.
pub(super) fn load_all(
    paths: &[PathBuf],
    registry: &Registry,
) -> Result<(Vec<Arc<Scenario>>, bool), u8> {
    let found = runner::scenarios(paths, registry).map_err(|d| wrong(&d))?;
    let mut any_bad = false;
    let mut scenarios = Vec::new();
    for (_, loaded) in found {
        match loaded {
            Ok(scenario) => scenarios.push(scenario),
            Err(diagnostics) => {
                any_bad = true;
                wrong(&diagnostics);
            }
        }
    }
    Ok((scenarios, any_bad))
}

/// That there is no client of that name, with the nearest that there is.
pub(super) fn unknown_client(client: &str, registry: &Registry) -> String {
    let nearest = registry
        .iter()
        .map(|(name, _)| (strsim::jaro_winkler(name, client), name))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = nearest.map_or_else(
        || ":".to_owned(),
        |(_, name)| format!("; did you mean `{name}`?"),
    );
    format!("there is no client `{client}`{hint} `stalemate list` shows them all")
}

/// The exit code for a cell that gave no result.
pub(super) fn code_of(error: &RunError) -> u8 {
    if error.is_of_the_place() {
        BAD_INPUT
    } else {
        HARNESS_BUG
    }
}
