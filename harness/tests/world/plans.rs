//! What a fault plan counts and says of what never fired; and the places of a record, at each of which a fault can be
//! made to strike and nowhere before.

use std::sync::{Arc, LazyLock};

use stalemate::fault::{
    Injection, Plan, Point, Sightings, Trigger, TriggerEvent, Unfired, Until, points,
};
use stalemate::journal::{Cast, Event, Fate};
use stalemate::server::Tool;
use stalemate::sim::Run;

use crate::support::{brief, client, one_server, run};

/// A call, a stream and a session through nginx, and what is asked of it all in calm.
static RUN: LazyLock<Run> = LazyLock::new(|| {
    let steps = "  - add: memory\n  - call: {on: memory, tool: create_entities}\n  - wait: 1s\n  \
                 - call: {on: memory, tool: slow, takes: 1s}\n";
    let scenario = one_server("supergateway-4.0.0", "nginx", steps, "");
    run(&scenario, &client("connector/recovering"))
});

fn cast() -> Arc<Cast> {
    Arc::clone(&RUN.record.cast)
}

fn effect(tool: Tool) -> Event {
    Event::EffectCommitted {
        at: "memory".into(),
        server: "memory".into(),
        tool: tool.as_str().to_owned(),
        call: None,
    }
}

fn opened() -> Event {
    Event::SessionOpened {
        at: "memory".into(),
        server: "memory".into(),
        session: "s".to_owned(),
        for_others: false,
        left: false,
    }
}

/// A delay of that many milliseconds at the `nth` effect of that tool.
fn delay(ms: u64, tool: Tool, nth: u32) -> Injection {
    Injection {
        line: 7,
        when: Trigger {
            event: TriggerEvent::Effect,
            tool: Some(tool),
            ..Trigger::default()
        },
        nth,
        fate: Fate::Delay(ms),
        ..Injection::default()
    }
}

#[test]
fn a_fault_strikes_as_often_as_it_is_told_to() {
    for (times, until, struck) in [
        (None, None, 1),
        (Some(2), None, 2),
        (None, Some(Until::End), 4),
        (Some(3), Some(Until::End), 3),
    ] {
        let rule = Injection {
            times,
            until,
            ..delay(5, Tool::Slow, 2)
        };
        let mut plan = Plan::new(&[rule], cast());
        let mut decided = Vec::new();
        for _ in 0..5 {
            // What is not meant is left alone, and does not count.
            assert_eq!(plan.decide(&effect(Tool::CreateEntities), false), Fate::Go);
            assert_eq!(plan.decide(&opened(), false), Fate::Go);
            decided.push(plan.decide(&effect(Tool::Slow), false));
        }
        let mut expected = vec![Fate::Go; 5];
        expected[1..=struck].fill(Fate::Delay(5));
        assert_eq!(decided, expected, "{times:?} {until:?}");
        assert_eq!(plan.unfired(), [], "{times:?} {until:?}");
    }
}

/// Of two faults at one event the first strikes, and the other at the next.
#[test]
fn a_fault_that_came_second_strikes_later_or_says_why_not() {
    let rules = [delay(1, Tool::Slow, 1), delay(2, Tool::Slow, 1)];
    let mut plan = Plan::new(&rules, cast());
    assert_eq!(plan.decide(&effect(Tool::Slow), false), Fate::Delay(1));
    assert_eq!(
        said(&plan),
        ["it was seen once, and another one fired each time"]
    );
    assert_eq!(plan.decide(&effect(Tool::Slow), false), Fate::Delay(2));
    assert_eq!(said(&plan), [""; 0]);
}

/// Why each that never fired did not, as it is told.
fn said(plan: &Plan) -> Vec<String> {
    let before = "line 7: this injection never fired: ";
    let told = plan
        .unfired()
        .into_iter()
        .map(|unfired| unfired.to_string());
    told.map(|why| why.strip_prefix(before).expect(&why).to_owned())
        .collect()
}

#[test]
fn what_never_fired_says_what_was_seen_of_it() {
    let tell = |nth: u32, seen: &[(Event, bool)]| {
        let mut plan = Plan::new(&[delay(5, Tool::Slow, nth)], cast());
        for (event, calm) in seen {
            assert_eq!(plan.decide(event, *calm), Fate::Go);
        }
        said(&plan).concat()
    };
    let (slow, other) = (effect(Tool::Slow), effect(Tool::CreateEntities));
    assert_eq!(
        tell(1, &[(opened(), false)]),
        "such an event was never seen"
    );
    assert_eq!(
        tell(1, &[(other.clone(), false), (other, true)]),
        "such an event was seen 2 times, and never with all that `when` names"
    );
    assert_eq!(
        tell(
            3,
            &[
                (slow.clone(), false),
                (slow.clone(), false),
                (slow.clone(), true)
            ]
        ),
        "it was seen 2 times before calm, and `nth` is 3"
    );
    assert_eq!(
        tell(1, &[(slow.clone(), true), (slow, true)]),
        "it was seen 2 times, and only in calm, where nothing is injected unless `until` says so"
    );
}

/// Whoever reads why it never fired wants to know of all that came, not only of what came in time.
#[test]
fn what_is_over_goes_on_counting_until_it_has_fired() {
    let rule = Injection {
        until: Some(Until::Calm),
        ..delay(5, Tool::Slow, 1)
    };
    let mut plan = Plan::new(&[rule], cast());
    plan.decide(&effect(Tool::CreateEntities), false);
    for _ in 0..3 {
        assert_eq!(plan.decide(&effect(Tool::Slow), true), Fate::Go);
    }
    let seen = Sightings {
        of_kind: 4,
        matched: 3,
        in_calm: 3,
        lost: 0,
    };
    let unfired = Unfired {
        line: 7,
        nth: 1,
        seen,
    };
    assert_eq!(plan.unfired(), [unfired]);
}

/// Where in the record a fault of that trigger strikes first.
fn strikes_at(point: &Point) -> Option<usize> {
    let rule = Injection {
        when: point.when.clone(),
        nth: point.nth,
        fate: Fate::Delay(1),
        ..Injection::default()
    };
    let mut plan = Plan::new(&[rule], cast());
    let calms = &RUN.findings.calms;
    let mut entries = RUN.record.entries.iter().enumerate();
    let struck = entries.find(|(at, entry)| {
        let calm = calms.iter().any(|calm| calm.contains(at));
        !plan.decide(&entry.event, calm).is_go()
    });
    struck.map(|(at, _)| at)
}

#[test]
fn a_fault_strikes_at_its_place_and_nowhere_before() {
    let (entries, calms) = (&RUN.record.entries, &RUN.findings.calms);
    assert!(!calms.is_empty(), "the run comes to calm");
    let points = points(&RUN.record, calms);
    for point in &points {
        let what = brief(&entries[point.at]);
        assert_eq!(strikes_at(point), Some(point.at), "{what}: {point:?}");
    }
    assert!(points.iter().any(|point| point.nth > 1));
    // Every event that can meet a fault is one, but in calm.
    let places: Vec<usize> = points.iter().map(|point| point.at).collect();
    let all = (0..entries.len()).filter(|at| {
        let is_any = TriggerEvent::of(&entries[*at].event).is_some();
        is_any && !calms.iter().any(|calm| calm.contains(at))
    });
    assert_eq!(places, all.collect::<Vec<_>>());
}

/// What a file would say of a place is all that is known of it, and nothing that goes without saying.
#[test]
fn a_place_is_described_by_what_is_known_of_it() {
    let points = points(&RUN.record, &RUN.findings.calms);
    let described = |wanted: &Trigger| points.iter().filter(|p| p.when == *wanted).count();
    let http = |event, at: &str, method: Option<&str>, rpc: Option<&str>| Trigger {
        event,
        at: Some(at.to_owned()),
        method: method.map(str::to_owned),
        rpc: rpc.map(str::to_owned),
        ..Trigger::default()
    };
    for event in [TriggerEvent::RequestSent, TriggerEvent::ResponseReceived] {
        for at in ["client", "nginx"] {
            let calls = http(event, at, None, Some("tools/call"));
            assert_eq!(described(&calls), 2, "{at}: that it is a POST is known");
            let stream = http(event, at, Some("GET"), None);
            assert_eq!(described(&stream), 1, "{at}");
        }
    }
    for tool in [Tool::CreateEntities, Tool::Slow] {
        let effect = Trigger {
            event: TriggerEvent::Effect,
            at: Some("memory".to_owned()),
            tool: Some(tool),
            ..Trigger::default()
        };
        assert_eq!(described(&effect), 1, "{tool:?}");
    }
    let session = Trigger {
        event: TriggerEvent::SessionOpened,
        at: Some("memory".to_owned()),
        ..Trigger::default()
    };
    assert_eq!(described(&session), 1);
}

/// The sessions that other users have open, or left behind, are no places: nothing that a plan decides opens them.
#[test]
fn the_sessions_of_others_are_no_places() {
    let others = [
        "",
        "  - others: {on: memory, hold: 2}\n",
        "  - others: {on: memory, leak: 2}\n",
    ];
    let of_own = others.map(|others| {
        let steps = format!("{others}  - add: memory\n");
        let scenario = one_server("spec", "nginx", &steps, "");
        let run = run(&scenario, &client("connector/recovering"));
        let opened = |e: &Event| matches!(e, Event::SessionOpened { .. });
        let told = run.record.entries.iter().filter(|e| opened(&e.event));
        let told = told.count();
        let all = points(&run.record, &run.findings.calms);
        let of_session = all
            .iter()
            .filter(|p| p.when.event == TriggerEvent::SessionOpened);
        let places: Vec<u32> = of_session.map(|point| point.nth).collect();
        (told, places)
    });
    assert_eq!(of_own, [(1, vec![1]), (3, vec![1]), (3, vec![1])]);
}
