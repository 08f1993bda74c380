//! Generated schedules of user actions and faults. `connector/recovering` breaks no invariant of clients and
//! applications against any dialect; the other profiles do, on gateway 3.4.3; every planted bug is found, made small,
//! and written as a scenario that runs as it stands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use stalemate::explore::{self, FateOp, Found, Op, PathKind, Schedule, minimize, try_schedule};
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Outcome, Runner};
use stalemate::scenario::{self, load};
use stalemate::server::Dialect;

/// Schedules drawn for the right client, over all workers; more where the variable of [`schedules`] says so.
const SCHEDULES: u32 = 2_000;
const WORKERS: u8 = 2;

/// How many are drawn: `STALEMATE_SCHEDULES=20000 cargo test --release --test world the_right_client` takes minutes.
fn schedules() -> u32 {
    let more = std::env::var("STALEMATE_SCHEDULES").ok();
    more.map_or(SCHEDULES, |n| n.parse().expect("a number of schedules"))
}

fn op() -> impl Strategy<Value = Op> {
    let fate = prop_oneof![
        (1_u64..40_000).prop_map(FateOp::Delay),
        Just(FateOp::Duplicate),
        Just(FateOp::Drop),
        Just(FateOp::Cut),
        Just(FateOp::Halt),
    ];
    prop_oneof![
        3 => (1_u64..120_000).prop_map(Op::Wait),
        4 => Just(Op::Call),
        2 => (1_000_u64..30_000).prop_map(Op::SlowCall),
        2 => (2_u32..9).prop_map(Op::Parallel),
        1 => Just(Op::Read),
        1 => Just(Op::Subscribe),
        1 => Just(Op::NewConversation),
        1 => Just(Op::Reload),
        1 => Just(Op::Notify),
        1 => Just(Op::Ping),
        1 => Just(Op::Other),
        1 => Just(Op::Reconnect),
        1 => Just(Op::ReAdd),
        1 => Just(Op::Incognito),
        3 => (1_u64..20_000).prop_map(Op::Restart),
        1 => Just(Op::Drain),
        1 => Just(Op::Crash),
        1 => Just(Op::Expire),
        1 => Just(Op::Cut),
        1 => Just(Op::RestartHop),
        1 => (1_u64..120_000).prop_map(Op::Down),
        1 => (1_u64..50_000).prop_map(Op::Stall),
        1 => (1_u64..50_000).prop_map(Op::Partition),
        1 => (1_u64..50_000).prop_map(Op::PowerLoss),
        1 => (1_u32..4, fate).prop_map(|(nth, fate)| Op::Inject(nth, fate)),
        1 => (1_u32..8, prop::sample::select(vec![429, 500, 502, 503])).prop_map(|(nth, status)| Op::Refuse(nth, status)),
    ]
}

fn schedule(dialects: Vec<String>) -> impl Strategy<Value = Schedule> {
    let path = prop_oneof![
        Just(PathKind::Direct),
        Just(PathKind::Nginx),
        Just(PathKind::Edge),
        Just(PathKind::Gateway),
        Just(PathKind::Sticky),
    ];
    (
        prop::sample::select(dialects),
        path,
        prop::collection::vec(op(), 0..8),
    )
        .prop_map(|(dialect, path, ops)| Schedule {
            dialect,
            path,
            seed: 1,
            ops,
        })
}

pub(crate) fn all_dialects() -> Vec<String> {
    let registry = Registry::builtin();
    // With a server of the revision without sessions nobody gets anywhere.
    let is_one = |d: &&Arc<Dialect>| d.is_listed() && d.has_handshake();
    let listed = registry.dialects().iter().filter(is_one);
    listed.map(|dialect| dialect.name.clone()).collect()
}

/// Searches for a schedule that fails, and makes it small. `worker` chooses the stream of draws.
fn search(
    worker: u8,
    cases: u32,
    dialects: Vec<String>,
    fails: impl Fn(&Schedule) -> Option<String>,
) -> Option<(Schedule, String)> {
    search_in(worker, cases, schedule(dialects), fails)
}

/// As [`search`], among schedules that are drawn so.
pub(crate) fn search_in(
    worker: u8,
    cases: u32,
    schedules: impl Strategy<Value = Schedule>,
    fails: impl Fn(&Schedule) -> Option<String>,
) -> Option<(Schedule, String)> {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        TestRng::from_seed(RngAlgorithm::ChaCha, &[worker; 32]),
    );
    let result = runner.run(&schedules, |schedule| match fails(&schedule) {
        None => Ok(()),
        Some(why) => Err(TestCaseError::fail(why)),
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(_, schedule)) => {
            let small = minimize(&schedule, |candidate| fails(candidate).is_some());
            let why = fails(&small).expect("a minimized schedule fails");
            Some((small, why))
        }
        Err(TestError::Abort(why)) => panic!("the search gave up: {why}"),
    }
}

/// Writes a found schedule as a scenario that expects what was found.
fn write(dir: &Path, name: &str, schedule: &Schedule, client: &str, found: &Found) -> PathBuf {
    std::fs::create_dir_all(dir).expect("the directory can be made");
    let file = dir.join(format!("{name}.yaml"));
    let text = explore::file(schedule, client, found, &Registry::builtin()).expect("it ran");
    std::fs::write(&file, text).expect("the file can be written");
    file
}

/// The schedule as a scenario that promises nothing, to be shown.
fn yaml(schedule: &Schedule, registry: &Registry) -> String {
    explore::scenario(schedule, "connector/recovering", registry)
        .map_or_else(|error| error, |scenario| scenario::write(&scenario))
}

#[test]
fn the_right_client_breaks_nothing() {
    let failures: Vec<(Schedule, String)> = std::thread::scope(|scope| {
        let searches: Vec<_> = (1..=WORKERS)
            .map(|worker| {
                scope.spawn(move || {
                    let runner = Runner::new(Registry::builtin());
                    search(
                        worker,
                        schedules() / u32::from(WORKERS),
                        all_dialects(),
                        |schedule| match try_schedule(schedule, "connector/recovering", &runner) {
                            Ok(found) if found.is_unexplained => {
                                Some("gets nowhere, and nobody else is to blame".to_owned())
                            }
                            Ok(found) => {
                                (!found.violated.is_empty()).then(|| found.violated.join(", "))
                            }
                            Err(error) => Some(error),
                        },
                    )
                })
            })
            .collect();
        searches
            .into_iter()
            .filter_map(|s| s.join().expect("a search does not panic"))
            .collect()
    });
    for (schedule, why) in &failures {
        let runner = Runner::new(Registry::builtin());
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/regressions");
        println!("{why}\n{}", yaml(schedule, runner.registry()));
        if let Ok(found) = try_schedule(schedule, "connector/recovering", &runner) {
            let name = format!("recovering-{}", &found.journal_hash[..8]);
            let file = write(&dir, &name, schedule, "connector/recovering", &found);
            println!("replay: cargo run --release -- trace {}", file.display());
        }
    }
    assert!(
        failures.is_empty(),
        "{} schedules break connector/recovering",
        failures.len()
    );
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
    let found = search(3, 200, all_dialects(), |schedule| {
        let schedule = Schedule {
            path: PathKind::RoundRobin,
            ..schedule.clone()
        };
        let found = try_schedule(&schedule, "connector/recovering", &runner)
            .unwrap_or_else(|error| panic!("{error}"));
        let broken: Vec<String> = found
            .violated
            .into_iter()
            .filter(|id| bounds.contains(&id.as_str()))
            .collect();
        (!broken.is_empty()).then(|| broken.join(", "))
    });
    if let Some((schedule, why)) = found {
        panic!("{why}\n{}", yaml(&schedule, runner.registry()));
    }
}

/// Finds what breaks a client on one of the dialects, and checks the scenario that is written of it.
fn finds(client: &str, wanted: &str, dialects: &[&str]) {
    let runner = Runner::new(Registry::builtin());
    let dialects = dialects.iter().map(|d| (*d).to_owned()).collect();
    let breaks = |schedule: &Schedule| {
        let found = try_schedule(schedule, client, &runner).unwrap_or_else(|e| panic!("{e}"));
        found.violated.iter().any(|id| id == wanted)
    };
    let found = search(7, 600, dialects, |s| breaks(s).then(|| wanted.to_owned()));
    let (schedule, _) = found.unwrap_or_else(|| panic!("{client}: nothing breaks {wanted}"));
    let found = try_schedule(&schedule, client, &runner).expect("it ran before");
    let dir = tempfile::tempdir().expect("a directory");
    let file = write(dir.path(), "found", &schedule, client, &found);
    let loaded = load(&file, &runner.registry().vocabulary()).unwrap_or_else(|d| panic!("{d}"));
    let cell = Cell {
        scenario: Arc::new(loaded),
        client: client.to_owned(),
        seed: schedule.seed,
    };
    let result = runner.run(&cell).expect("it ran before").result;
    // The server's own faults are not what was sought; of the client everything is as written.
    let others: Vec<_> = result
        .problems
        .iter()
        .filter(|p| !p.starts_with("srv-"))
        .collect();
    assert!(
        others.is_empty(),
        "{client}: the scenario does not stand: {others:?}"
    );
    assert!(result.outcome <= Outcome::Broken);
    assert!(
        schedule.ops.len() <= 4,
        "{client}: not small: {:?}",
        schedule.ops
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
