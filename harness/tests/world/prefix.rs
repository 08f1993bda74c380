//! A run's journal is that of the same run without faults up to the first fault that fired.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use stalemate::fault::{Injection, Trigger, TriggerEvent};
use stalemate::journal::{CutAt, Entry, Fate, Part, Replacement};
use stalemate::scenario::Scenario;

use crate::support::{assert_same, client, one_server, run, scenario};

struct Base {
    scenario: Arc<Scenario>,
    client: &'static str,
    entries: Vec<Entry>,
}

fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        let base = |scenario: Arc<Scenario>, name| Base {
            entries: run(&scenario, &client(name)).record.entries,
            scenario,
            client: name,
        };
        vec![
            base(
                one_server(
                    "supergateway-4.0.0",
                    "nginx",
                    "  - add: memory\n  - call: {on: memory, tool: create_entities}\n  - call: {on: memory, tool: slow, takes: 20s}\n",
                    "",
                ),
                "connector/recovering",
            ),
            base(
                one_server(
                    "supergateway-3.4.3",
                    "cloudflare, nginx",
                    "  - add: memory\n  - call: {on: memory, tool: create_entities}\n  - restart: memory\n  - call: {on: memory, tool: search_nodes}\n",
                    "",
                ),
                "connector/stale-cache",
            ),
            base(
                scenario(
                    "summary: Two servers and no hop.\nservers: {memory: {dialect: supergateway-3.4.3}, other: {dialect: supergateway-4.0.0}}\n\
                     machines: {box: [memory, other]}\nclients: [connector/recovering]\nsteps:\n  - add: memory\n  - add: other\n\
                     \x20 - call: {on: other, tool: create_entities, parallel: 3}\n  - crash: box\n  - wait: 10s\n",
                ),
                "connector/spec-404",
            ),
        ]
    })
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        (1..100_000_u64).prop_map(Fate::Delay),
        Just(Fate::Park),
        prop_oneof![
            prop_oneof![Just(0), 1..400_u64, Just(1_000_000)].prop_map(CutAt::Byte),
            prop_oneof![Just(Part::Head), Just(Part::Body), Just(Part::End)].prop_map(CutAt::Part),
        ]
        .prop_map(Fate::Cut),
        Just(Fate::Drop),
        Just(Fate::Duplicate),
        (200..600_u16).prop_map(|status| Fate::Replace(Replacement {
            status,
            body: "no".to_owned(),
            ..Replacement::default()
        })),
        prop_oneof![Just("memory"), Just("nginx"), Just("cloudflare")]
            .prop_map(|p| Fate::Halt(p.into())),
    ]
}

fn injections() -> impl Strategy<Value = Injection> {
    let event = (0..TriggerEvent::ALL.len()).prop_map(|n| TriggerEvent::ALL[n].0);
    let at = prop_oneof![
        2 => Just(None),
        1 => prop_oneof![Just("client"), Just("nginx"), Just("memory"), Just("cloudflare")]
            .prop_map(|p| Some(p.to_owned())),
    ];
    let method = prop_oneof![3 => Just(None), 1 => Just(Some("POST".to_owned())), 1 => Just(Some("GET".to_owned()))];
    (event, at, method, 1..14_u32, fates()).prop_map(|(event, at, method, nth, fate)| Injection {
        line: 1,
        when: Trigger {
            event,
            at,
            method,
            ..Trigger::default()
        },
        nth,
        fate,
        ..Injection::default()
    })
}

/// Whether a process of the scenario is halted, not one that it does not have.
fn halts_what_is_there(scenario: &Scenario, injections: &[Injection]) -> bool {
    injections.iter().all(|i| match &i.fate {
        Fate::Halt(process) => {
            &**process == "memory" || scenario.path.iter().any(|h| h.kind.as_str() == &**process)
        }
        _ => true,
    })
}

#[test]
fn a_fault_changes_nothing_before_it() {
    let config = ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let fired = Cell::new(0);
    let cases = (
        0..bases().len(),
        proptest::collection::vec(injections(), 1..4),
    );
    let outcome = TestRunner::new(config).run(&cases, |(which, injections)| {
        let base = &bases()[which];
        prop_assume!(halts_what_is_there(&base.scenario, &injections));
        let mut scenario = (*base.scenario).clone();
        scenario.inject = injections;
        let injected = run(&Arc::new(scenario), &client(base.client))
            .record
            .entries;
        match injected.iter().position(|e| !e.fate.is_go()) {
            None => assert_same("no fault fired", &base.entries, &injected),
            Some(at) => {
                fired.set(fired.get() + 1);
                prop_assert!(at < base.entries.len());
                let (one, other) = (&base.entries[at], &injected[at]);
                prop_assert_eq!((one.at_ms, &one.event), (other.at_ms, &other.event));
                assert_same("before the fault", &base.entries[..at], &injected[..at]);
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(fired.get() > 30, "only {} faults fired", fired.get());
}
