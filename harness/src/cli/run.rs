//! `stalemate run`: every cell of the scenarios, in parallel, in a fixed order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cell::{CellResult, Outcome, never_shown};
use crate::cli::args::{Format, RunOptions};
use crate::cli::out;
use crate::cli::{BAD_INPUT, HARNESS_BUG, bad, error_style};
use crate::exec;
use crate::registry::{Registry, Subject};
use crate::report;
use crate::scenario::{Scenario, find, load};
use crate::sim::Findings;

/// One cell to run.
struct Job {
    scenario: Arc<Scenario>,
    client: String,
    subject: Subject,
    seed: u64,
}

type Finished = Result<(CellResult, Findings), String>;

/// Loads scenarios. Every bad file is reported; the good ones are returned with whether there was a bad one.
pub(super) fn load_all(
    paths: &[PathBuf],
    registry: &Registry,
) -> Result<(Vec<Arc<Scenario>>, bool), u8> {
    let files = find(paths).map_err(|diagnostics| {
        anstream::eprintln!("{}\n", diagnostics.render(true).trim_end());
        BAD_INPUT
    })?;
    let vocabulary = registry.vocabulary();
    let mut any_bad = false;
    let mut scenarios = Vec::new();
    for file in files {
        match load(&file, &vocabulary) {
            Ok(scenario) => scenarios.push(Arc::new(scenario)),
            Err(diagnostics) => {
                any_bad = true;
                anstream::eprintln!("{}\n", diagnostics.render(true).trim_end());
            }
        }
    }
    Ok((scenarios, any_bad))
}

/// Runs the command and returns its exit code.
pub(super) fn run(options: &RunOptions, registry: &Registry) -> u8 {
    for client in &options.client {
        if registry.get(client).is_none() {
            return bad(&unknown_client(client, registry));
        }
    }
    let (scenarios, any_bad) = match load_all(&options.paths, registry) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let jobs = jobs(&scenarios, options, registry);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let finished = run_all(&jobs, options.jobs.unwrap_or(cores).max(1));
    let mut code = if any_bad { BAD_INPUT } else { 0 };
    let mut results = Vec::new();
    let mut errors = Vec::new();
    let mut logs = Vec::new();
    for (job, finished) in jobs.iter().zip(finished) {
        match finished {
            Ok((result, findings)) => {
                logs.push((
                    result.scenario.clone(),
                    result.client.clone(),
                    findings.access_log,
                ));
                results.push(result);
            }
            Err(error) => errors.push((job, error)),
        }
    }
    if options.client.is_empty() && errors.is_empty() {
        blame_unshown(&scenarios, &mut results);
    }
    let worst = results
        .iter()
        .map(|r| r.outcome)
        .max()
        .unwrap_or(Outcome::Kept);
    code = more_severe(code, worst.exit_code());
    match options.format {
        Format::Json => {
            let results = json!({ "results": results });
            out::line(format_args!(
                "{}",
                serde_json::to_string_pretty(&results).expect("results are plain data")
            ));
        }
        // Nothing ran: why, has been said.
        Format::Table if results.is_empty() => {}
        Format::Table => {
            out::text(report::table(&results));
            summary(&results);
        }
    }
    if options.access_log {
        for (scenario, client, lines) in &logs {
            eprintln!("\naccess log of {scenario} with {client}");
            lines
                .iter()
                .for_each(|(hop, line)| eprintln!("{hop}: {line}"));
        }
    }
    for result in results.iter().filter(|r| r.outcome != Outcome::Kept) {
        let file = scenarios
            .iter()
            .find(|s| s.name == result.scenario)
            .map(|s| s.file.display().to_string());
        replay(&file.unwrap_or_default(), &result.client, result.seed);
    }
    for (job, error) in errors {
        code = HARNESS_BUG;
        let style = error_style();
        anstream::eprintln!(
            "{style}error{style:#}: {} with {}: {error}",
            job.scenario.name,
            job.client
        );
        replay(
            &job.scenario.file.display().to_string(),
            &job.client,
            job.seed,
        );
    }
    code
}

fn summary(results: &[CellResult]) {
    let of = |outcome| results.iter().filter(|r| r.outcome == outcome).count();
    let others: Vec<String> = [
        Outcome::Broken,
        Outcome::NoProgress,
        Outcome::NotDeterministic,
        Outcome::Vacuous,
    ]
    .into_iter()
    .filter(|o| of(*o) > 0)
    .map(|o| format!(", {} {}", of(o), o.as_str()))
    .collect();
    out::line(format_args!(
        "\n{} cells: {} kept{}",
        results.len(),
        of(Outcome::Kept),
        others.concat()
    ));
}

/// The line that replays a cell, for a bug report.
fn replay(file: &str, client: &str, seed: u64) {
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "stalemate".to_owned());
    eprintln!("replay: {program} trace {file} --client {client} --seed {seed}");
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

fn jobs(scenarios: &[Arc<Scenario>], options: &RunOptions, registry: &Registry) -> Vec<Job> {
    let mut jobs = Vec::new();
    for scenario in scenarios {
        for client in takes_part(scenario, scenarios, &options.client) {
            let seeds = options
                .seed
                .map_or_else(|| scenario.seeds.clone(), |seed| vec![seed]);
            for seed in seeds {
                let subject = registry
                    .get(client)
                    .expect("clients are checked before")
                    .clone();
                jobs.push(Job {
                    scenario: Arc::clone(scenario),
                    client: client.clone(),
                    subject,
                    seed,
                });
            }
        }
    }
    jobs
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

fn run_all(jobs: &[Job], workers: usize) -> Vec<Finished> {
    let bar = ProgressBar::new(jobs.len() as u64);
    bar.set_style(
        ProgressStyle::with_template("{pos}/{len} cells  {msg}").expect("a fixed template"),
    );
    let next = AtomicUsize::new(0);
    let finished: Mutex<Vec<Option<Finished>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..workers.min(jobs.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { break };
                    bar.set_message(format!("{} with {}", job.scenario.name, job.client));
                    let result = exec::run_cell(&job.scenario, &job.client, &job.subject, job.seed)
                        .map(|(result, _, findings)| (result, findings));
                    finished.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(result);
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let finished = finished
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    finished
        .into_iter()
        .map(|f| f.expect("every job was run"))
        .collect()
}
