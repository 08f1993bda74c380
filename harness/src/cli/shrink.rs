//! `stalemate shrink`: a failing scenario made as small as it goes.

use std::fs;

use crate::cli::args::ShrinkOptions;
use crate::cli::load::{code_of, unknown_client};
use crate::cli::wanted;
use crate::cli::{BAD_INPUT, bad, out};
use crate::registry::Registry;
use crate::runner::{Cell, Runner};
use crate::search::draw::Pool;
use crate::search::{self, Failure, Violation, show};

/// Exit code where there is nothing to make small.
const NOTHING: u8 = 3;

/// Runs the command and returns its exit code.
pub(super) fn shrink(options: &ShrinkOptions, registry: &Registry) -> u8 {
    let found = match (&options.path, options.explored) {
        (Some(path), _) => wanted::one(path, &options.which, registry),
        (None, seed) => drawn(options, seed.unwrap_or_default(), registry),
    };
    let (registry, cell) = match found {
        Ok(found) => found,
        Err(code) => return code,
    };
    let runner = Runner::new(registry);
    let failure = match show(&cell, &runner) {
        Ok((shown, ..)) => {
            let Some(chosen) = choose(&shown.violations, options.invariant.as_deref()) else {
                return nothing(&shown.violations, options.invariant.as_deref());
            };
            chosen.failure.clone()
        }
        Err(error) if error.is_of_the_place() => {
            bad(&format!(
                "{} with {}: {error}",
                cell.scenario.name, cell.client
            ));
            return code_of(&error);
        }
        Err(error) => Failure::of_run(&error),
    };
    let bar = out::bar(options.runs as u64, "{pos} runs of at most {len}");
    let ran = || {
        bar.inc(1);
        true
    };
    let small = search::shrink(&cell, &failure, &runner, options.runs, &ran);
    bar.finish_and_clear();
    let small = match small {
        Ok(small) => small,
        Err(error) => return bad(&error.to_string()),
    };
    let text = small.example.file(&cell.scenario.name);
    match &options.out {
        None => out::text(text),
        Some(file) => {
            if let Err(error) = fs::write(file, text) {
                bad(&format!("failed to write {}: {error}", file.display()));
                return BAD_INPUT;
            }
        }
    }
    let cut_short = if small.is_cut_short {
        "; more runs might make it smaller (--runs)"
    } else {
        ""
    };
    let scenario = &small.example.scenario;
    eprintln!(
        "{} steps and {} injections are left of {} and {}, after {} runs{cut_short}",
        scenario.steps.len(),
        scenario.inject.len(),
        cell.scenario.steps.len(),
        cell.scenario.inject.len(),
        small.runs
    );
    0
}

/// The cell of a world that `explore` draws.
fn drawn(options: &ShrinkOptions, seed: u64, registry: &Registry) -> Result<(Registry, Cell), u8> {
    let registry = wanted::with_client(registry, &options.which)?;
    let Some(client) = options.which.named() else {
        return Err(bad("say with --client in whose world"));
    };
    if registry.get(client).is_none() {
        return Err(bad(&unknown_client(client, &registry)));
    }
    let dialects = wanted::dialects(&options.dialect, &registry).map_err(|why| bad(&why))?;
    let world = Pool::of(dialects).draw(seed);
    let cell = search::cell(&world, client, seed, &registry).map_err(|why| bad(&why))?;
    Ok((registry, cell))
}

/// The violation that is kept: of that invariant, or the first that the scenario does not list, or the first.
fn choose<'v>(violations: &'v [Violation], invariant: Option<&str>) -> Option<&'v Violation> {
    let wanted = |v: &&Violation| invariant.is_none_or(|id| v.failure.invariant == id);
    let mut of = violations.iter().filter(wanted);
    let unlisted = of.clone().find(|v| !v.listed);
    unlisted.or_else(|| of.next())
}

fn nothing(violations: &[Violation], invariant: Option<&str>) -> u8 {
    let Some(id) = invariant else {
        bad("nothing is violated in this run");
        return NOTHING;
    };
    let violated: Vec<&str> = violations
        .iter()
        .map(|v| v.failure.invariant.as_str())
        .collect();
    let instead = match violated.as_slice() {
        [] => "nothing is".to_owned(),
        some => format!("violated are {}", some.join(", ")),
    };
    bad(&format!("{id} is not violated in this run; {instead}"));
    NOTHING
}
