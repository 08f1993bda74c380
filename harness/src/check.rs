//! Scenarios as tests: every cell a test of its own name, under `cargo test` and cargo-nextest alike. A test target that
//! uses this has `harness = false` and calls [`check`] from its `main`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::registry::Registry;
use crate::report::{self, Detail, View};
use crate::runner::{
    Cell, CellResult, Outcome, Ran, Runner, judge, never_shown, scenarios, serve_if_child,
};
use crate::scenario::Scenario;

/// Runs every cell of the scenarios below `dir` as a test, with those clients, and takes cargo's test arguments. Call it
/// first thing in `main`: real SDKs run in child processes of this same program.
#[must_use]
pub fn check(dir: impl AsRef<Path>, registry: &Registry) -> ExitCode {
    serve_if_child(registry);
    let arguments = Arguments::from_args();
    let runner = Runner::new(registry.clone());
    libtest_mimic::run(&arguments, trials(dir.as_ref(), &runner)).exit_code()
}

/// The tests that [`check`] runs: one a cell, one for each scenario that lists clauses or violations of its servers, and a
/// failing one for each file that is no good scenario.
#[must_use]
pub fn trials(dir: &Path, runner: &Runner) -> Vec<Trial> {
    let nobody: Hears = Arc::new(|_| {});
    trials_told(dir, runner, &nobody)
}

/// Whom the result of each cell is told.
pub type Hears = Arc<dyn Fn(&CellResult) + Send + Sync>;

/// The same; what came of each cell is told as well, for whoever shows all of them together.
#[must_use]
pub fn trials_told(dir: &Path, runner: &Runner, hears: &Hears) -> Vec<Trial> {
    let fails = |name: String, why: String| Trial::test(name, move || Err(Failed::from(why)));
    let found = match scenarios(&[dir], runner.registry()) {
        Ok(found) => found,
        Err(why) => return vec![fails(format!("load {}", dir.display()), format!("\n{why}"))],
    };
    let mut trials = Vec::new();
    for (file, loaded) in found {
        let scenario = match loaded {
            Ok(scenario) => scenario,
            Err(why) => {
                let name = format!("load {}", file.display());
                trials.push(fails(name, format!("\n{why}")));
                continue;
            }
        };
        for cell in Cell::of(&scenario) {
            let runner = runner.clone();
            let left_out = runner.registry().left_out(&scenario, &cell.client);
            if let Some(remedy) = &left_out {
                eprintln!("left out: {cell}: its client is not installed: {remedy}");
            }
            let hears = Arc::clone(hears);
            let trial = Trial::test(cell.to_string(), move || run(&runner, &cell, &hears));
            trials.push(trial.with_ignored_flag(left_out.is_some()));
        }
        if !scenario.violates.is_empty() || !scenario.spec.is_empty() {
            let (name, runner) = (
                format!("{} shows what it lists", scenario.name),
                runner.clone(),
            );
            trials.push(Trial::test(name, move || {
                shows_what_it_lists(&runner, &scenario)
            }));
        }
    }
    trials
}

fn run(runner: &Runner, cell: &Cell, hears: &Hears) -> Result<(), Failed> {
    let Ran { result, record, .. } = runner.run(cell)?;
    hears(&result);
    if result.outcome == Outcome::Kept {
        return Ok(());
    }
    let trace = report::trace(&result, &record, View::whole(Detail::Short));
    Err(Failed::from(format!(
        "{}\n\n{trace}\nreplay: cargo run -- {}",
        result.problems.join("\n"),
        cell.replay()
    )))
}

fn shows_what_it_lists(runner: &Runner, scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let mut cells = Cell::of(scenario);
    cells.retain(|cell| runner.registry().left_out(scenario, &cell.client).is_none());
    // That each cell's second run is like its first is asked by its own test; and what some cells show, no other one need.
    let mut results = Vec::new();
    let mut unshown = Vec::new();
    for cell in cells {
        let run = runner.run_once(&cell)?;
        results.push(judge(scenario, &run.record, &run.findings, None));
        unshown = never_shown(scenario, &results);
        if unshown.is_empty() {
            return Ok(());
        }
    }
    Err(Failed::from(unshown.join("\n")))
}
