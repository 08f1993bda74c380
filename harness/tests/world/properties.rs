//! Random worlds. `connector/recovering` breaks no invariant of clients and applications against any dialect; the other
//! profiles do, on gateway 3.4.3; every planted bug is found, made small, and written as a scenario that runs as it stands.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stalemate::registry::Registry;
use stalemate::runner::{Cell, Outcome, Runner};
use stalemate::scenario::{self, load};
use stalemate::search::draw::{PathKind, Pool};
use stalemate::search::{Failed, Finding, Plan, RUNS, Sink, Small, explore, shrink, try_seed};
use stalemate::server::Dialect;

/// Worlds drawn for the right client; more where the variable of [`seeds`] says so.
const SEEDS: u64 = 2_000;

/// How many are drawn. `stalemate explore` draws as many as anybody has time for.
fn seeds() -> u64 {
    let more = std::env::var("STALEMATE_SCHEDULES").ok();
    more.map_or(SEEDS, |n| n.parse().expect("a number of worlds"))
}

pub(crate) fn all_dialects() -> Vec<String> {
    let registry = Registry::builtin();
    // With a server of the revision without sessions nobody gets anywhere.
    let is_one = |d: &&Arc<Dialect>| d.is_listed() && d.has_handshake();
    let listed = registry.dialects().iter().filter(is_one);
    listed.map(|dialect| dialect.name.clone()).collect()
}

/// Nobody listens: what was found is asked for afterwards.
struct Quiet;

impl Sink for Quiet {
    fn failed(&self, _: &Failed) {}
    fn done(&self, _: &str, _: Range<u64>) {}
    fn ran(&self) {}
}

fn plan(client: &str, pool: Pool, seeds: Range<u64>) -> Plan {
    Plan {
        client: client.to_owned(),
        pool,
        seeds,
        done: Vec::new(),
        limit: None,
    }
}

fn small(finding: &Finding, runner: &Runner) -> Small {
    let cell = &finding.origin.cell;
    shrink(cell, &finding.failure, runner, RUNS, &|| {}).unwrap_or_else(|e| panic!("{e}"))
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
    let plan = plan("connector/recovering", Pool::of(all_dialects()), 0..seeds());
    let explored = explore(&plan, &runner, &AtomicBool::new(false), &Quiet).expect("dialects");
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
        ..Pool::of(all_dialects())
    };
    let plan = plan("connector/recovering", pool, 0..200);
    let explored = explore(&plan, &runner, &AtomicBool::new(false), &Quiet).expect("dialects");
    let found = explored.findings.sorted().into_iter();
    let broken: Vec<&Finding> = found
        .filter(|f| bounds.contains(&f.failure.invariant.as_str()))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Seeds within which each planted bug is found.
const WITHIN: u64 = 600;
/// Steps to which it is made small at the most.
const SMALL: usize = 5;

/// Finds what breaks a client on one of the dialects, and checks the scenario that is written of it.
fn finds(client: &str, wanted: &str, dialects: &[&str]) {
    let runner = Runner::new(Registry::builtin());
    let dialects = dialects.iter().map(|d| (*d).to_owned()).collect();
    let plan = plan(client, Pool::of(dialects), 0..WITHIN);
    let found = plan.seeds.clone().find_map(|seed| {
        let (cell, failed) = try_seed(&plan, seed, &runner).unwrap_or_else(|e| panic!("{e}"));
        let told = failed?.violations.into_iter();
        let told = told
            .into_iter()
            .find(|told| told.failure.invariant == wanted)?;
        Some((cell, told.failure))
    });
    let (cell, failure) = found.unwrap_or_else(|| panic!("{client}: nothing breaks {wanted}"));
    let small = shrink(&cell, &failure, &runner, RUNS, &|| {}).unwrap_or_else(|e| panic!("{e}"));
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), &small);
    let loaded = load(&file, &runner.registry().vocabulary()).unwrap_or_else(|d| panic!("{d}"));
    assert!(
        loaded.steps.len() <= SMALL,
        "{client}: not small: {}",
        scenario::write(&loaded)
    );
    let cell = Cell {
        seed: loaded.seeds[0],
        scenario: Arc::new(loaded),
        client: client.to_owned(),
    };
    let result = runner.run(&cell).expect("it ran before").result;
    assert_eq!(
        result.outcome,
        Outcome::Kept,
        "{client}: the scenario does not stand: {:?}",
        result.problems
    );
}

const GATEWAY_3: &[&str] = &["supergateway-3.4.3"];
const GATEWAYS: &[&str] = &["supergateway-3.4.3", "supergateway-4.0.0"];

#[test]
fn the_incidents_client_is_found_out() {
    finds("connector/stale-cache", "cli-recovers", GATEWAY_3);
}

#[test]
fn the_literal_client_is_found_out() {
    finds("connector/spec-404", "cli-recovers", GATEWAY_3);
}

/// Each planted bug with what it breaks.
#[test]
fn every_planted_bug_is_found_and_made_small() {
    for (client, wanted) in [
        (
            "broken/initialize-with-stale-id",
            "cli-initialize-without-id",
        ),
        ("broken/no-initialized", "cli-full-handshake-again"),
        ("broken/resends-what-may-have-run", "cli-at-most-once"),
        ("broken/hangs", "cli-every-call-resolves"),
        ("broken/reinit-storm", "cli-no-reinit-storm"),
        ("broken/reinit-per-call", "cli-single-flight-reinit"),
        ("broken/keeps-id-after-404", "cli-no-stale-id"),
        ("broken/stream-ignores-404", "cli-no-stale-id"),
        ("broken/ignores-404", "cli-reinit-on-404"),
        ("broken/no-delete", "cli-delete-on-close"),
        ("broken/no-id-on-get", "cli-id-on-everything"),
        ("broken/no-version-header", "cli-id-on-everything"),
        ("broken/no-stream-again", "cli-stream-restored"),
        ("broken/delete-keeps-the-session", "app-delete-clears"),
        ("broken/disconnect-only-drawn", "app-disconnect-clears"),
        ("broken/status-from-the-store", "app-shows-the-truth"),
    ] {
        finds(client, wanted, GATEWAYS);
    }
    for (client, wanted) in [
        ("broken/sessions-by-account", "app-connectors-isolated"),
        ("broken/ignores-cursor", "cli-resume-cursor"),
        ("broken/ignores-retry", "cli-respects-retry"),
    ] {
        finds(client, wanted, &["spec"]);
    }
}
