//! `stalemate run`: every cell of the scenarios, in parallel, in a fixed order.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args::{ResultsFormat, RunOptions};
use crate::cli::load::{code_of, load_all, unknown_client};
use crate::cli::watch::Watched;
use crate::cli::{BAD_INPUT, HARNESS_BUG, bad, error_style};
use crate::cli::{out, told, wanted};
use crate::registry::Registry;
use crate::report::{self, PackedCell, Rows};
use crate::runner::{
    Cell, CellResult, Outcome, RESULTS_VERSION, Results, RunError, Runner, never_shown, promised,
};
use crate::scenario::{self, Scenario};
use crate::sim::RunNotes;

/// From how many cells on it is worth saying that the build is a slow one.
const MANY: usize = 50;

/// Runs the command and returns its exit code; with `--watch` that of the last run before it was interrupted.
pub(super) fn run(options: &RunOptions, builtin: &Registry) -> u8 {
    let code = of_paths(&options.paths, options, builtin);
    if !options.watch {
        return code;
    }
    let watched = Watched {
        scenarios: &options.paths,
        dialects: &options.dialects,
    };
    watched.run_changed(code, |changed| of_paths(changed, options, builtin))
}

/// Runs the scenarios of those paths.
fn of_paths(paths: &[PathBuf], options: &RunOptions, builtin: &Registry) -> u8 {
    let registry = wanted::with_dialects(builtin, &options.dialects)
        .and_then(|r| wanted::with_clients(r, &options.client, &options.client_command));
    let registry = &match registry {
        Ok(registry) => registry,
        Err(code) => return code,
    };
    let (scenarios, any_bad) = match load_all(paths, registry) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let described = |client| scenarios.iter().any(|s| s.own_clients.contains_key(client));
    for client in &options.client {
        if registry.get(client).is_none() && !described(client) {
            return bad(&unknown_client(client, registry));
        }
    }
    let cells = cells(&scenarios, options);
    let cells = if options.names_clients() {
        cells
    } else {
        without_missing(cells, registry)
    };
    if let Some(file) = &options.html
        && let Err(error) = fs::OpenOptions::new().append(true).create(true).open(file)
    {
        // Before the run, which may take long.
        return bad(&format!("failed to write {}: {error}", file.display()));
    }
    if cfg!(debug_assertions) && cells.len() >= MANY && io::stderr().is_terminal() {
        eprintln!(
            "this is a build without optimizations; `cargo run --release` takes a fraction of its time"
        );
    }
    let runner = wanted::runner(registry, options.jobs);
    let finished = run_all(&cells, &runner, options.html.is_some());
    let mut code = if any_bad { BAD_INPUT } else { 0 };
    let mut results = Vec::new();
    let mut errors = Vec::new();
    let mut logs = Vec::new();
    let mut pages = Vec::new();
    for (cell, finished) in cells.iter().zip(finished) {
        match finished {
            Ok((result, findings, packed)) => {
                pages.extend(packed);
                logs.push((
                    result.scenario.clone(),
                    result.client.clone(),
                    findings.access_log,
                ));
                results.push(result);
            }
            Err(error) => errors.push((cell, error)),
        }
    }
    if !options.names_clients() && errors.is_empty() {
        blame_unshown(&scenarios, &mut results);
    }
    let worst = results
        .iter()
        .map(|r| r.outcome)
        .max()
        .unwrap_or(Outcome::Kept);
    code = more_severe(code, worst.exit_code());
    let failed: Vec<&Cell> = cells
        .iter()
        .filter(|cell| {
            let mut of_cell = results.iter().filter(|r| is_of(r, cell));
            of_cell.any(|r| r.outcome != Outcome::Kept)
        })
        .collect();
    if let Some(file) = &options.html
        && let Err(error) = page(file, &results, &pages, registry)
    {
        code = more_severe(
            code,
            bad(&format!("failed to write {}: {error}", file.display())),
        );
    }
    match options.format {
        ResultsFormat::Json => {
            let results = Results {
                version: RESULTS_VERSION,
                clients: whose(&results, registry),
                results,
            };
            out::line(format_args!(
                "{}",
                serde_json::to_string_pretty(&results).expect("results are plain data")
            ));
        }
        // Nothing ran: why, has been said.
        _ if results.is_empty() => {}
        ResultsFormat::Table => {
            let rows = match options.verbose {
                true => Rows::Verbose,
                false => Rows::Short,
            };
            out::text(report::table(&results, rows));
            out::text(told::summary(&results, &failed, options));
            if options.coverage {
                out::line("");
                out::text(report::coverage(&results));
            }
        }
        ResultsFormat::Markdown => {
            out::text(report::markdown(&results, &whose(&results, registry)));
        }
        ResultsFormat::Junit => out::text(report::junit(&results)),
        ResultsFormat::Promises => promises(&scenarios, &results),
    }
    if options.access_log {
        for (scenario, client, lines) in &logs {
            eprintln!("\naccess log of {scenario} with {client}");
            lines
                .iter()
                .for_each(|(hop, line)| eprintln!("{hop}: {line}"));
        }
    }
    for cell in &failed {
        eprintln!("replay: {}", told::replay(cell, options));
    }
    for (cell, error) in errors {
        code = more_severe(code, code_of(&error));
        let style = error_style();
        let (scenario, client) = (&cell.scenario.name, &cell.client);
        anstream::eprintln!("{style}error{style:#}: {scenario} with {client}: {error}");
        eprintln!("replay: {}", told::replay(cell, options));
    }
    code
}

/// Prints what each scenario would have to promise.
fn promises(scenarios: &[Arc<Scenario>], results: &[CellResult]) {
    for scenario in scenarios {
        let of = results.iter().filter(|r| r.scenario == scenario.name);
        let of: Vec<&CellResult> = of.collect();
        if !of.is_empty() {
            let kept = scenario::promises(&promised(scenario, &of));
            out::text(format!("# {}\n{kept}", scenario.file.display()));
        }
    }
}

fn is_of(result: &CellResult, cell: &Cell) -> bool {
    (&result.scenario, &result.client, result.seed)
        == (&cell.scenario.name, &cell.client, cell.seed)
}

/// What the clients of these results are, with their versions.
fn whose(results: &[CellResult], registry: &Registry) -> BTreeMap<String, String> {
    let what = |result: &CellResult| {
        let mut known = registry.iter();
        let found = known.find(|(name, _)| *name == result.client);
        let what = found.map_or("as the scenario describes it", |(_, what)| what);
        (result.client.clone(), what.to_owned())
    };
    results.iter().map(what).collect()
}

/// Of two exit codes the one that comes first in 101, 4, 2, 1, 3, 5, 0.
fn more_severe(one: u8, two: u8) -> u8 {
    const ORDER: [u8; 7] = [HARNESS_BUG, 4, BAD_INPUT, 1, 3, 5, 0];
    let place = |code| ORDER.iter().position(|c| *c == code).unwrap_or(0);
    if place(one) <= place(two) { one } else { two }
}

/// What a scenario lists and no client showed is laid to its first cell.
fn blame_unshown(scenarios: &[Arc<Scenario>], results: &mut [CellResult]) {
    for scenario in scenarios {
        for problem in never_shown(scenario, results) {
            if let Some(first) = results.iter_mut().find(|r| r.scenario == scenario.name) {
                first.outcome = first.outcome.max(Outcome::Vacuous);
                first.problems.push(problem);
            }
        }
    }
}

fn cells(scenarios: &[Arc<Scenario>], options: &RunOptions) -> Vec<Cell> {
    let mut cells = Vec::new();
    let wanted = [&options.client[..], &options.client_command].concat();
    for scenario in scenarios {
        let seeds = options
            .seed
            .map_or_else(|| scenario.seeds.clone(), |s| vec![s]);
        for client in takes_part(scenario, scenarios, &wanted) {
            cells.extend(seeds.iter().map(|seed| Cell {
                scenario: Arc::clone(scenario),
                client: client.clone(),
                seed: *seed,
            }));
        }
    }
    cells
}

/// The cells whose clients are installed, or that must be. Which are left out, and what to do, is said.
fn without_missing(cells: Vec<Cell>, registry: &Registry) -> Vec<Cell> {
    let mut left_out: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let there = cells.into_iter().filter(|cell| {
        let Some(remedy) = registry.left_out(&cell.scenario, &cell.client) else {
            return true;
        };
        let entry = left_out.entry(cell.client.clone());
        entry.or_insert((0, remedy)).0 += 1;
        false
    });
    let there = there.collect();
    for (client, (count, remedy)) in left_out {
        let cells = if count == 1 { "cell" } else { "cells" };
        eprintln!("left out: {count} {cells} of `{client}`, which is not installed: {remedy}");
    }
    there
}

/// The clients that a scenario is run with. Of the wanted ones those that it lists, and those that no scenario here
/// lists: somebody's own client takes part everywhere, with nothing promised of it.
fn takes_part<'a>(
    scenario: &'a Scenario,
    all: &[Arc<Scenario>],
    wanted: &'a [String],
) -> Vec<&'a String> {
    if wanted.is_empty() {
        return scenario.clients.iter().collect();
    }
    let listed = |client: &String| all.iter().any(|s| s.clients.contains(client));
    wanted
        .iter()
        .filter(|c| scenario.clients.contains(c) || !listed(c))
        .collect()
}

/// Writes the page of those results.
fn page(
    file: &Path,
    results: &[CellResult],
    pages: &[PackedCell],
    registry: &Registry,
) -> std::io::Result<()> {
    let cells: Vec<_> = results.iter().zip(pages).collect();
    fs::write(file, report::html(&cells, &whose(results, registry)))
}

/// What came of a cell, and its data for a page, if one is wanted.
type Finished = (CellResult, RunNotes, Option<PackedCell>);

fn run_all(cells: &[Cell], runner: &Runner, page: bool) -> Vec<Result<Finished, RunError>> {
    let bar = out::bar(
        cells.len() as u64,
        "{pos}/{len} cells, about {eta} left  {msg}",
    );
    let finished = runner.for_all(cells, |runner, cell| {
        bar.set_message(format!("{} with {}", cell.scenario.name, cell.client));
        // The record of a cell may be large; what a page needs of it is packed at once.
        let ran = runner.run(cell).map(|ran| {
            let packed = page.then(|| PackedCell::of(&ran.result, &ran.record));
            (ran.result, ran.findings, packed)
        });
        bar.inc(1);
        ran
    });
    bar.finish_and_clear();
    finished
}
