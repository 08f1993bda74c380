//! Scenarios as tests: every cell a test of its own name, under `cargo test` and cargo-nextest alike. A test target that
//! uses this has `harness = false` and calls [`check`] from its `main`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::cell::{CellResult, Outcome, never_shown};
use crate::exec;
use crate::registry::{Registry, Subject};
use crate::report::{self, Detail};
use crate::scenario::{Scenario, find, load};

/// Runs every cell of the scenarios below `dir` as a test, with those clients, and takes cargo's test arguments. Call it
/// first thing in `main`: real SDKs run in child processes of this same program.
#[must_use]
pub fn check(dir: impl AsRef<Path>, registry: &Registry) -> ExitCode {
    exec::serve_if_child(registry);
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials(dir.as_ref(), registry)).exit_code()
}

/// The tests that [`check`] runs: one a cell, one for each scenario that lists clauses or violations of its servers, and a
/// failing one for each file that is no good scenario.
#[must_use]
pub fn trials(dir: &Path, registry: &Registry) -> Vec<Trial> {
    let mut trials = Vec::new();
    let scenarios =
        scenarios(dir, registry)
            .into_iter()
            .filter_map(|(file, loaded)| match loaded {
                Ok(scenario) => Some(scenario),
                Err(text) => {
                    trials.push(Trial::test(format!("load {}", file.display()), move || {
                        Err(Failed::from(text))
                    }));
                    None
                }
            });
    let scenarios: Vec<Arc<Scenario>> = scenarios.collect();
    for scenario in scenarios {
        for (client, subject, seed) in cells(&scenario, registry) {
            let suffix = if seed == 1 {
                String::new()
            } else {
                format!(" seed {seed}")
            };
            let name = format!("{} {client}{suffix}", scenario.name);
            let scenario = Arc::clone(&scenario);
            trials.push(Trial::test(name, move || {
                run(&scenario, &client, &subject, seed)
            }));
        }
        if !scenario.violates.is_empty() || !scenario.spec.is_empty() {
            let (name, registry) = (
                format!("{} shows what it lists", scenario.name),
                registry.clone(),
            );
            trials.push(Trial::test(name, move || {
                shows_what_it_lists(&scenario, &registry)
            }));
        }
    }
    trials
}

/// The scenarios below a directory, with the diagnostics of those that are no good ones.
#[must_use]
pub fn scenarios(dir: &Path, registry: &Registry) -> Vec<(PathBuf, Result<Arc<Scenario>, String>)> {
    let vocabulary = registry.vocabulary();
    match find(&[dir.to_owned()]) {
        Ok(files) => files
            .into_iter()
            .map(|file| {
                let loaded = load(&file, &vocabulary)
                    .map(Arc::new)
                    .map_err(|d| format!("\n{d}"));
                (file, loaded)
            })
            .collect(),
        Err(diagnostics) => vec![(dir.to_owned(), Err(format!("\n{diagnostics}")))],
    }
}

/// The cells of a scenario: client, subject and seed.
#[must_use]
pub fn cells(scenario: &Scenario, registry: &Registry) -> Vec<(String, Subject, u64)> {
    let cell =
        |client: &String, seed: &u64| Some((client.clone(), registry.get(client)?.clone(), *seed));
    scenario
        .clients
        .iter()
        .flat_map(|client| {
            scenario
                .seeds
                .iter()
                .filter_map(move |seed| cell(client, seed))
        })
        .collect()
}

fn run(scenario: &Arc<Scenario>, client: &str, subject: &Subject, seed: u64) -> Result<(), Failed> {
    let (result, record, _) = exec::run_cell(scenario, client, subject, seed)?;
    if result.outcome == Outcome::Kept {
        return Ok(());
    }
    let trace = report::trace(&result, &record, Detail::Short);
    Err(Failed::from(format!(
        "{}\n\n{trace}\nreplay: cargo run --release -- trace {} --client {client} --seed {seed}",
        result.problems.join("\n"),
        scenario.file.display()
    )))
}

fn shows_what_it_lists(scenario: &Arc<Scenario>, registry: &Registry) -> Result<(), Failed> {
    let results: Vec<CellResult> = cells(scenario, registry)
        .iter()
        .map(|(client, subject, seed)| {
            exec::run_cell(scenario, client, subject, *seed).map(|(result, ..)| result)
        })
        .collect::<Result<_, _>>()?;
    let unshown = never_shown(scenario, &results);
    if unshown.is_empty() {
        Ok(())
    } else {
        Err(Failed::from(unshown.join("\n")))
    }
}
