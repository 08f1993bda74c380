//! Same fault, same client, same verdict: an idle minute before it, an earlier fault that was healed, and a hop that only passes
//! things on change neither the rung nor who is blamed, unless the journal shows what made the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use stalemate::invariant::{Party, get};
use stalemate::journal::{CLIENT, ConnEnd, Event, Message, Record, Rung, Side};
use stalemate::proxy::HopKind;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner, Said, judge};
use stalemate::scenario::{Hop, Scenario};
use stalemate::search::draw::{self, Op, PathKind, Schedule};

/// Schedules drawn, over all clients; each property is asked of the same ones.
const SCHEDULES: u32 = 700;
/// What the draws begin with.
const DRAWS: [u8; 32] = [11; 32];
const CLIENTS: [&str; 3] = [
    "connector/recovering",
    "connector/spec-404",
    "connector/stale-cache",
];
/// A whole number of minutes, so that what servers and hops do at intervals keeps its phase.
const IDLE_MS: u64 = 60_000;
/// The time that a client is given to open its stream before anything happens.
const SETTLED_MS: u64 = 5_000;

/// What a run says of the client: its rung, and who violates what.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    rung: Option<Rung>,
    violated: BTreeSet<(String, String)>,
}

fn verdict(scenario: Scenario, client: &str, runner: &Runner) -> (Verdict, Record) {
    let cell = Cell {
        scenario: Arc::new(scenario),
        client: client.to_owned(),
        seed: 1,
    };
    let run = runner.run_once(&cell).unwrap_or_else(|e| panic!("{e}"));
    let result = judge(&cell.scenario, &run.record, &run.findings, None);
    let is_of_hop = |id: &str| get(id).is_some_and(|i| i.party == Party::Hop);
    let violated = result
        .invariants
        .iter()
        .filter(|j| j.verdict == Said::Violated && !is_of_hop(&j.id))
        .map(|j| (j.party.clone(), j.id.clone()));
    let verdict = Verdict {
        rung: result.rung,
        violated: violated.collect(),
    };
    (verdict, run.record)
}

/// What happens after the client has settled.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => Just(Op::Call),
        2 => (1_000_u64..30_000).prop_map(Op::SlowCall),
        1 => (2_u32..5).prop_map(Op::Parallel),
        1 => Just(Op::Beside),
        3 => (1_u64..20_000).prop_map(Op::Restart),
        1 => Just(Op::Drain),
        1 => Just(Op::Crash),
        2 => Just(Op::Expire),
        1 => Just(Op::Cut),
        1 => (1_u64..60_000).prop_map(Op::Down),
        1 => (1_u64..50_000).prop_map(Op::Stall),
        1 => (1_u64..50_000).prop_map(Op::PowerLoss),
    ];
    prop::collection::vec(op, 1..5)
}

fn drawn(dialects: Vec<String>) -> impl Strategy<Value = Schedule> {
    (prop::sample::select(dialects), ops()).prop_map(|(dialect, ops)| Schedule {
        dialect,
        path: PathKind::Direct,
        seed: 1,
        ops,
        ..Schedule::default()
    })
}

fn scenario(schedule: &Schedule, before: &[Op], client: &str, registry: &Registry) -> Scenario {
    let mut schedule = schedule.clone();
    schedule.ops.splice(0..0, before.iter().copied());
    draw::scenario(&schedule, client, registry).unwrap_or_else(|e| panic!("{e}"))
}

/// What each schedule came to as it is, by itself and its client: run once, however many properties ask.
type Bases = BTreeMap<String, Arc<OnceLock<(Verdict, Record)>>>;
static BASES: Mutex<Bases> = Mutex::new(BTreeMap::new());

fn base(schedule: &Schedule, client: &str, runner: &Runner) -> Arc<OnceLock<(Verdict, Record)>> {
    let key = format!("{client} {schedule:?}");
    let base = Arc::clone(
        BASES
            .lock()
            .expect("no panic under it")
            .entry(key)
            .or_default(),
    );
    base.get_or_init(|| {
        let before = [Op::Wait(SETTLED_MS)];
        let scenario = scenario(schedule, &before, client, runner.registry());
        verdict(scenario, client, runner)
    });
    base
}

/// Searches for a schedule that fails, and makes it small.
fn search_in(
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
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &DRAWS));
    let result = runner.run(&schedules, |schedule| match fails(&schedule) {
        None => Ok(()),
        Some(why) => Err(TestCaseError::fail(why)),
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(why, schedule)) => Some((schedule, why.to_string())),
        Err(TestError::Abort(why)) => panic!("the search gave up: {why}"),
    }
}

/// Holds each schedule's verdict against that of its variant, with every client.
fn holds(
    variant: impl Fn(&Schedule, &str, &Registry) -> Scenario,
    is_explained: impl Fn(&Record, &Record) -> bool,
) {
    let runner = Runner::new(Registry::builtin());
    let differs = |schedule: &Schedule| {
        CLIENTS.iter().find_map(|client| {
            let registry = runner.registry();
            let base = base(schedule, client, &runner);
            let (base, journal) = base.get().expect("it has run");
            let (other, others) = verdict(variant(schedule, client, registry), client, &runner);
            let differs = *base != other && !is_explained(journal, &others);
            differs.then(|| format!("{client}: {base:?}, and then {other:?}"))
        })
    };
    let cases = SCHEDULES / u32::try_from(CLIENTS.len()).expect("three");
    if let Some((schedule, why)) =
        search_in(cases, drawn(runner.registry().real_sessions()), differs)
    {
        panic!("{why}\n{schedule:?}");
    }
}

#[test]
fn an_idle_minute_changes_nothing() {
    let later = |schedule: &Schedule, client: &str, registry: &Registry| {
        let before = [Op::Wait(SETTLED_MS), Op::Wait(IDLE_MS)];
        scenario(schedule, &before, client, registry)
    };
    holds(later, |_, _| false);
}

#[test]
fn an_earlier_fault_that_was_healed_changes_nothing() {
    let after = |schedule: &Schedule, client: &str, registry: &Registry| {
        let before = [Op::Wait(SETTLED_MS), Op::Stall(1_000), Op::Wait(IDLE_MS)];
        scenario(schedule, &before, client, registry)
    };
    holds(after, |_, _| false);
}

/// Whether a fault strikes between a client's `initialize` and its `notifications/initialized`: a millisecond more on the way
/// decides whether it strikes before the session is opened or after, and so what the fault is.
fn strikes_amid_a_handshake(record: &Record) -> bool {
    let mut amid = BTreeSet::new();
    record.entries.iter().any(|entry| {
        if let Event::Http {
            side: Side::Sent,
            object: Some(object),
            message: Message::Request(request),
            ..
        } = &entry.event
        {
            let method = request.rpc.first().and_then(|rpc| rpc.method.as_deref());
            // Whatever else follows, the handshake is over or was given up.
            if method == Some("initialize") {
                amid.insert(*object);
            } else {
                amid.remove(object);
            }
        }
        matches!(entry.event, Event::FaultBegan { .. }) && !amid.is_empty()
    })
}

/// A proxy that never gives up waiting. What it makes of a server that is away, a 5xx where there was a refused or a broken
/// connection of the client's own, the client can tell apart, and the journal shows.
#[test]
fn a_transparent_hop_changes_nothing() {
    let through = |schedule: &Schedule, client: &str, registry: &Registry| {
        let mut scenario = scenario(schedule, &[Op::Wait(SETTLED_MS)], client, registry);
        let hop = Hop {
            read_timeout_ms: Some(24 * 60 * IDLE_MS),
            ..Hop::new(HopKind::Nginx)
        };
        scenario.path.push(hop);
        scenario
    };
    let is_own_answer = |e: &Event| {
        matches!(e, Event::Http { message: Message::Response(r), .. } if r.status >= 500)
            || matches!(
                e,
                Event::ConnEnded { from, how, .. }
                    if **from == *CLIENT && *how != ConnEnd::Closed
            )
    };
    let shows = |record: &Record| {
        record.entries.iter().any(|e| is_own_answer(&e.event)) || strikes_amid_a_handshake(record)
    };
    holds(through, |base, other| shows(base) || shows(other));
}
