//! Writing scenarios: what is written reads as the same.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stalemate::registry::Registry;
use stalemate::scenario::{Scenario, Server, ServerKind, Vocabulary, find, load, load_text, write};
use stalemate::search::draw::{self, FateOp, Op, PathKind, Schedule};

use crate::generated::{self, Tape};
use crate::support::{LEAST, LIKE, WHOLE, right, vocabulary};

/// Fails unless the scenario reads as the same when it is written.
fn assert_written(scenario: &Scenario, vocabulary: &Vocabulary) {
    let text = write(scenario);
    let again = load_text(&scenario.name, &scenario.file, &text, vocabulary);
    let again = again.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(
        again.without_lines(),
        scenario.clone().without_lines(),
        "{text}"
    );
}

#[test]
fn a_whole_file_is_written() {
    let scenario = right(WHOLE);
    assert_written(&scenario, &vocabulary());
    let text = write(&scenario);
    for line in [
        "  third: {dialect: strict, port: 3003, replicas: 2, session-timeout: 30m}",
        "path: [{cloudflare: {statuses: {202: 500, 404: 502}, redirect: {status: 307, to: slash}}}, {nginx: {read-timeout: 1m, http: \"1.0\", buffering: on, hide-headers: [mcp-session-id], rename-headers: {x-old: X-New}, add-headers: {X-Via: edge}, request: {hide-headers: [authorization]}}}, {balancer: {policy: sticky}}]",
        "  - call: {on: memory, tool: create_entities, expect: ok, parallel: 3}",
        "  - restart: {target: [memory, lightsail], down: 2s}",
        "  - power-loss: third",
        "    then: {replace: {status: 503, body: text}}",
        "  - when: {event: effect}",
        "    why: The id is kept.",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    assert_written(&right(LEAST), &vocabulary());
}

#[test]
fn what_a_dialect_differs_in_is_written_and_no_more() {
    let scenario = right(LIKE);
    assert_written(&scenario, &vocabulary());
    let text = write(&scenario);
    for line in [
        "  answering: {dialect: {like: strict, answers: {accepted: {status: 400, headers: {content-type: text/plain}, body: \"no: thanks\", framing: chunked}, unsupported-version: {status: 400, then: kill-session, body: \"${versions}\"}}, accepts: [post-wrong-accept]}, port: 3000}",
        "  same: {dialect: {like: strict}, port: 4001}",
        "  renamed: {dialect: {like: strict, name: lax, summary: takes all, messages: {result: \"{${id}:${result}}\"}}, port: 4002, durable: sessions}",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

/// Every dialect can be written as any other one and what differs: all keys are among that.
#[test]
fn any_dialect_is_written_as_like_any_other() {
    let vocabulary = Registry::builtin().vocabulary();
    let mut scenario = right(LEAST);
    scenario.clients = vocabulary.clients[..1].to_vec();
    for like in &vocabulary.dialects {
        for dialect in &vocabulary.dialects {
            let (dialect, like) = (Arc::clone(dialect), Arc::clone(like));
            let server = Server::model("a", Arc::clone(&like), 3000);
            let kind = ServerKind::Like { dialect, like };
            scenario.servers = vec![Server { kind, ..server }];
            let text = write(&scenario);
            let again = load_text("", Path::new(""), &text, &vocabulary);
            let again = again.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            let (read, meant) = (
                again.servers[0].kind.dialect(),
                scenario.servers[0].kind.dialect(),
            );
            assert_eq!(read, meant, "{text}");
        }
    }
}

#[test]
fn the_committed_scenarios_are_written() {
    let vocabulary = Registry::builtin().vocabulary();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = find(&[dir]).expect("there are some");
    assert!(files.len() > 20, "{}", files.len());
    for file in files {
        let scenario = load(&file, &vocabulary).unwrap_or_else(|errors| panic!("{errors}"));
        assert_written(&scenario, &vocabulary);
    }
}

/// Texts that a writer could get wrong.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}( [a-z]{1,8}){0,20}",
        "[ \\t\\n\\r:#&*!|>'\"%@`{}\\[\\],?~<=_0-9a-z\\\\.+-]{0,30}",
        "\\PC{0,30}",
        any::<String>(),
        prop::sample::select(vec![
            "",
            "~",
            "null",
            "true",
            "no",
            "on",
            "1",
            "1.0",
            "0x1F",
            "1e3",
            "-",
            "---",
            "...",
            "? a",
            "- a",
            "a: b",
            "a #b",
            "<<",
            "=",
            "&a",
            "*a",
            "!a",
            "2026-01-01",
            "12:30:45",
            ".inf",
            "\u{85}a",
            "\u{feff}a",
            "\u{2028}",
        ])
        .prop_map(str::to_owned),
    ]
}

fn tape() -> impl Strategy<Value = (Vec<u32>, Vec<String>)> {
    (
        prop::collection::vec(any::<u32>(), 0..400),
        prop::collection::vec(text(), 0..40),
    )
}

/// The same draws in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]))
}

#[test]
fn any_scenario_is_written() {
    let vocabulary = vocabulary();
    runner(400)
        .run(&tape(), |(numbers, texts)| {
            let mut tape = Tape {
                numbers: numbers.into_iter(),
                texts: texts.into_iter(),
            };
            assert_written(&generated::scenario(&mut tape, &vocabulary), &vocabulary);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Generated schedules are scenarios that a file could be.
#[test]
fn any_schedule_is_written() {
    let registry = Registry::builtin();
    let vocabulary = registry.vocabulary();
    let number = 0_u64..200_000;
    let fate = prop_oneof![
        number.clone().prop_map(FateOp::Delay),
        prop::sample::select(vec![
            FateOp::Duplicate,
            FateOp::Drop,
            FateOp::Cut,
            FateOp::Halt
        ]),
    ];
    let op = prop_oneof![
        number.clone().prop_map(Op::Wait),
        number.clone().prop_map(Op::SlowCall),
        (0_u32..100).prop_map(Op::Parallel),
        number.clone().prop_map(Op::Restart),
        number.clone().prop_map(Op::Down),
        number.clone().prop_map(Op::Stall),
        number.clone().prop_map(Op::Partition),
        number.prop_map(Op::PowerLoss),
        (0_u32..4, fate).prop_map(|(nth, fate)| Op::Inject(nth, fate)),
        prop::sample::select(vec![
            Op::Call,
            Op::NewConversation,
            Op::Reload,
            Op::Notify,
            Op::Other,
            Op::Reconnect,
            Op::ReAdd,
            Op::Incognito,
            Op::Drain,
            Op::Crash,
            Op::Expire,
            Op::Cut,
            Op::RestartHop,
        ]),
    ];
    let path = prop::sample::select(vec![
        PathKind::Direct,
        PathKind::Nginx,
        PathKind::Edge,
        PathKind::RoundRobin,
    ]);
    let schedule = (path, any::<u64>(), prop::collection::vec(op, 0..12));
    runner(200)
        .run(&schedule, |(path, seed, ops)| {
            let schedule = Schedule {
                dialect: "spec".to_owned(),
                path,
                seed,
                ops,
                ..Schedule::default()
            };
            let scenario = draw::scenario(&schedule, "rmcp", &registry).expect("a dialect");
            assert_written(&scenario, &vocabulary);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
