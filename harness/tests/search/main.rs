//! The search: the sweep covers what it says, what it finds is made small and stands as a scenario, random worlds find what
//! is there at the rate at which it is there, and results are put together whatever their order.

mod canary;
mod ended;
mod modes;
mod planted;
mod results;
mod small;
mod swept;

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner};
use stalemate::scenario::{Scenario, load_text};
use stalemate::search::draw::Pool;
use stalemate::search::{
    Exploration, Explored, Failed, Line, Part, Sink, SweptRun, Watch, explore,
};

/// Nobody watches.
pub(crate) struct Quiet;

impl Watch for Quiet {
    fn begins(&self, _: Part, _: usize) {}
    fn ran(&self, _: &SweptRun) {}
}

/// Keeps what it is told, as lines.
#[derive(Default)]
pub(crate) struct Kept(pub(crate) Mutex<Vec<Line>>);

impl Sink for Kept {
    fn failed(&self, failed: &Failed) {
        let line = Line::Failed(Box::new(failed.clone()));
        self.0.lock().expect("no panic").push(line);
    }

    fn done(&self, client: &str, seeds: Range<u64>) {
        self.0.lock().expect("no panic").push(Line::Done {
            client: client.to_owned(),
            from: seeds.start,
            to: seeds.end,
        });
    }

    fn ran(&self) {}
}

pub(crate) fn scenario(text: &str, registry: &Registry) -> Arc<Scenario> {
    let file = Path::new("scenarios/tests/one.yaml");
    let loaded = load_text("tests/one", file, text, &registry.vocabulary());
    Arc::new(loaded.unwrap_or_else(|diagnostics| panic!("{diagnostics}")))
}

pub(crate) fn cell(text: &str, client: &str, runner: &Runner) -> Cell {
    Cell {
        scenario: scenario(text, runner.registry()),
        client: client.to_owned(),
        seed: 1,
    }
}

pub(crate) fn plan(client: &str, dialects: &[&str], seeds: Range<u64>) -> Exploration {
    Exploration {
        client: client.to_owned(),
        pool: Pool::of(dialects.iter().map(|d| (*d).to_owned()).collect()),
        seeds,
        done: Vec::new(),
        limit: None,
        others: false,
        options: String::new(),
    }
}

pub(crate) fn explored(plan: &Exploration, runner: &Runner, sink: &dyn Sink) -> Explored {
    explore(plan, runner, sink).expect("the dialects are there")
}
