//! Idle time is free and exact.

use std::sync::Arc;
use std::time::Duration;

use stalemate::registry::Subject;
use stalemate::scenario::Scenario;
use stalemate::sim::{Options, Run};
use stalemate_clients::model::{ModelFactory, Policy};

use crate::raw::{Act, acting};

use crate::support::{
    ModelCell, all, all_model_cells, assert_same, client, lines, model_cells, one_server, run,
    times, try_run,
};

/// The virtual time of a run that is stepped through in every test run, in milliseconds. Each costs some 70 us.
const STEPPED_MS: u64 = 50_900;

/// What a jump skips is nothing: the journal is the same as that of a run which goes through every millisecond.
fn a_jump_changes_nothing_in(cells: Vec<ModelCell>, lasting: impl Fn(u64) -> bool) {
    let mut compared = 0;
    for (name, scenario, subject) in cells {
        let with = run(&scenario, &subject);
        if lasting(with.findings.virtual_ms) {
            assert_jumps_change_nothing(&name, &scenario, &subject);
            compared += 1;
        }
    }
    assert!(compared > 3, "{compared} cells were compared");
}

/// Compares a run with the same run that goes through every millisecond, and returns it.
pub(crate) fn assert_jumps_change_nothing(
    name: &str,
    scenario: &Arc<Scenario>,
    subject: &Subject,
) -> Run {
    let with = run(scenario, subject);
    let without = try_run(
        scenario,
        subject,
        Options {
            jump: false,
            ..Options::default()
        },
    )
    .expect("it ends");
    assert_same(name, &with.record.entries, &without.record.entries);
    assert_eq!(
        with.findings.virtual_ms, without.findings.virtual_ms,
        "{name}"
    );
    assert_eq!(
        with.findings.access_log, without.findings.access_log,
        "{name}"
    );
    with
}

#[test]
fn a_jump_changes_nothing() {
    a_jump_changes_nothing_in(model_cells(), |virtual_ms| virtual_ms <= STEPPED_MS);
}

/// All of the committed cells.
#[test]
#[ignore = "takes minutes"]
fn a_jump_changes_nothing_anywhere() {
    a_jump_changes_nothing_in(all_model_cells(), |_| true);
}

/// Idle time is free: 24 h are 86.4 million milliseconds, which no run could step through within its wall-clock limit.
#[test]
fn a_day_of_waiting_ends_to_the_millisecond() {
    let scenario = one_server(
        "supergateway-3.4.3",
        "nginx",
        "  - wait: 24h\n  - add: memory\n  - wait: 144h\n",
        "",
    );
    let run = run(&scenario, &client("connector/stale-cache"));
    assert_eq!(times(&run, "\"user-acted\"")[0], DAY_MS);
    let phases = times(&run, "\"phase\"");
    let added = times(&run, "\"user-action-ended\"")[0];
    // Calm is the driver's to declare, one step later.
    assert_eq!(phases[1], added + 6 * DAY_MS + 1, "\n{}", all(&run));
}

const DAY_MS: u64 = 24 * 3_600_000;

#[test]
fn keep_alive_comments_come_every_15_seconds_to_the_millisecond() {
    let scenario = one_server(
        "supergateway-4.0.0",
        "nginx",
        "  - add: memory\n  - wait: 30m\n",
        "",
    );
    let run = run(&scenario, &client("connector/recovering"));
    let opened = times(&run, "memory gets GET")[0];
    let comments = times(&run, "memory sends comment");
    let until = times(&run, "\"phase\"")[1];
    let expected: Vec<u64> = (1..)
        .map(|n| opened + n * 15_000)
        .take_while(|t| *t <= until)
        .collect();
    assert_eq!(expected.len(), 120);
    assert_eq!(comments[..120], expected, "\n{}", all(&run));
}

/// Without a stream a session of 4.0.0 that nobody uses ends half an hour after its last exchange.
#[test]
fn an_idle_session_ends_to_the_millisecond() {
    let policy = Policy {
        open_stream: false,
        ..Policy::recovering()
    };
    let subject = Subject::Bare {
        factory: Arc::new(ModelFactory { policy }),
    };
    let steps = "  - add: memory\n  - wait: 10m\n  - call: {on: memory, tool: create_entities}\n  - wait: 1h\n";
    let run = run(
        &one_server("supergateway-4.0.0", "nginx", steps, ""),
        &subject,
    );
    let answered = *times(&run, "memory sends end true")
        .iter()
        .rfind(|t| **t < 700_000)
        .expect("an answer");
    let lost = times(&run, "lost memory Expired");
    assert_eq!(lost, [answered + 1_800_000], "\n{}", all(&run));
}

/// Timers of a client, whatever they are made of.
#[test]
fn a_clients_timers_fire_to_the_millisecond() {
    let act: Act = |dialler| {
        Box::pin(async move {
            let (one, two) = (dialler.clone(), dialler.clone());
            let dropped = tokio::time::sleep(Duration::from_secs(33));
            tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(300_250)).await;
                drop(one.dial().await);
            });
            tokio::task::spawn_local(async move {
                let mut every = tokio::time::interval(Duration::from_millis(77_007));
                every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                for _ in 0..6 {
                    every.tick().await;
                    drop(two.dial().await);
                }
            });
            let mut reset = Box::pin(tokio::time::sleep(Duration::from_secs(5)));
            reset.as_mut().await;
            reset
                .as_mut()
                .reset(tokio::time::Instant::now() + Duration::from_micros(123_456_001));
            drop(dropped);
            reset.await;
            let began = (tokio::time::Instant::now(), std::time::Instant::now());
            let _ =
                tokio::time::timeout(Duration::from_millis(200_001), std::future::pending::<()>())
                    .await;
            // std's clock is the world's too.
            assert_eq!(began.0.elapsed(), Duration::from_millis(200_001));
            if cfg!(target_os = "linux") {
                assert_eq!(began.1.elapsed(), Duration::from_millis(200_001));
            }
            drop(dialler.dial().await);
        })
    };
    let steps =
        "  - add: memory\n  - call: {on: memory, tool: slow, takes: 47003ms}\n  - wait: 9m\n";
    let scenario = one_server("supergateway-3.4.3", "", steps, "");
    let run = run(&scenario, &acting(act));
    let began = times(&run, "call 1 begins")[0];
    assert_eq!(times(&run, "call 1 ok"), [began + 47_003]);
    let start = times(&run, "\"object-made\"")[0];
    let opened: Vec<u64> = lines(&run, &["open"])
        .iter()
        .filter(|line| line.contains(" client>"))
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    // A dial takes 1 ms; the last sleep is rounded up to a millisecond.
    let mut expected: Vec<u64> = (0..6).map(|n| start + n * 77_007 + 1).collect();
    expected.extend([start + 300_250 + 1, start + 5_000 + 123_457 + 200_001 + 1]);
    expected.sort_unstable();
    assert_eq!(opened, expected, "\n{}", all(&run));
}
