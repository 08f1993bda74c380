//! Random worlds: `connector/recovering` breaks no invariant of clients and applications in any of them. That what is wrong is
//! found there, the tests of the search show.

use std::ops::Range;
use std::path::{Path, PathBuf};

use stalemate::registry::Registry;
use stalemate::runner::Runner;
use stalemate::scenario;
use stalemate::search::draw::{PathKind, Pool};
use stalemate::search::{Exploration, Failed, Finding, RUNS, Sink, Small, explore, shrink};

/// Worlds drawn for the right client; more where the variable of [`seeds`] says so.
const SEEDS: u64 = 2_000;

/// How many are drawn. `stalemate explore` draws as many as anybody has time for.
fn seeds() -> u64 {
    let more = std::env::var("STALEMATE_SCHEDULES").ok();
    more.map_or(SEEDS, |n| n.parse().expect("a number of worlds"))
}

/// Nobody listens: what was found is asked for afterwards.
struct Quiet;

impl Sink for Quiet {
    fn failed(&self, _: &Failed) {}
    fn done(&self, _: &str, _: Range<u64>) {}
    fn ran(&self) {}
}

fn plan(client: &str, pool: Pool, seeds: Range<u64>) -> Exploration {
    Exploration {
        client: client.to_owned(),
        pool,
        seeds,
        done: Vec::new(),
        limit: None,
        others: false,
        options: String::new(),
    }
}

fn small(finding: &Finding, runner: &Runner) -> Small {
    let cell = &finding.origin.cell;
    shrink(cell, &finding.failure, runner, RUNS, &|| true).unwrap_or_else(|e| panic!("{e}"))
}

/// Writes what was found as a scenario.
fn write(directory: &Path, found: &Small) -> PathBuf {
    std::fs::create_dir_all(directory).expect("the directory can be made");
    let file = directory.join(format!("{}.yaml", found.example.stem()));
    std::fs::write(&file, found.example.file("a test")).expect("the file can be written");
    file
}

#[test]
fn the_right_client_breaks_nothing() {
    let runner = Runner::new(Registry::builtin());
    let plan = plan(
        "connector/recovering",
        Pool::of(Registry::builtin().real_sessions()),
        0..seeds(),
    );
    let explored = explore(&plan, &runner, &Quiet).expect("dialects");
    assert_eq!(explored.runs, seeds());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/regressions");
    for finding in explored.findings.sorted() {
        let small = small(finding, &runner);
        println!("{}", scenario::write(&small.example.scenario));
        let file = write(&directory, &small);
        println!("replay: cargo run --release -- trace {}", file.display());
    }
    let found = explored.findings.sorted();
    assert!(found.is_empty(), "{} worlds break it", explored.failed);
}

/// Behind a balancer without affinity no client can keep a session. What can be asked is that attempts are bounded, that
/// every call ends, and that none is run twice.
#[test]
fn without_affinity_the_right_client_stays_within_bounds() {
    let runner = Runner::new(Registry::builtin());
    let bounds = [
        "cli-no-reinit-storm",
        "cli-every-call-resolves",
        "cli-at-most-once",
    ];
    let pool = Pool {
        paths: vec![PathKind::RoundRobin],
        ..Pool::of(Registry::builtin().real_sessions())
    };
    let plan = plan("connector/recovering", pool, 0..60);
    let explored = explore(&plan, &runner, &Quiet).expect("dialects");
    let found = explored.findings.sorted().into_iter();
    let broken: Vec<&Finding> = found
        .filter(|f| bounds.contains(&f.failure.invariant.as_str()))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
