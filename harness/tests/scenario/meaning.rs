//! What right files mean: defaults, machines, durations, other ways to write the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stalemate::fault::{Injection, Trigger, TriggerEvent};
use stalemate::journal::{CutAt, Fate, Replacement};
use stalemate::proxy::{BalancePolicy, Edits, HeaderEdits, HopKind, Redirect, RedirectTo};
use stalemate::scenario::{
    Call, CallExpect, Hop, LONGEST_MS, Server, ServerKind, Step, StepAction, Targets,
};
use stalemate::server::{Durable, Tool, Tools};

use crate::support::{LEAST, WHOLE, named, right};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn targets(named: &[&str], processes: &[&str]) -> Targets {
    Targets {
        named: strings(named),
        processes: strings(processes),
    }
}

#[test]
fn the_cast_is_as_written() {
    let scenario = right(WHOLE);
    assert_eq!(scenario.name, "area/file");
    assert_eq!(scenario.file, Path::new("area/file.yaml"));
    assert_eq!(scenario.summary, "Everything that a file can say.");
    let report = "https://github.com/anthropics/claude-code/issues/48557";
    assert_eq!(scenario.report.as_deref(), Some(report));
    assert_eq!(scenario.spec, ["SES-07b", "SES-08"]);
    assert_eq!(scenario.shows, ["F2", "F14"]);
    assert_eq!(scenario.clients, ["connector/stale-cache", "rmcp"]);
    assert_eq!(scenario.seeds, [1, u64::MAX]);
    assert_eq!(scenario.machines["lightsail"], ["memory", "other", "nginx"]);
    let path = [
        Hop {
            edits: Edits {
                statuses: BTreeMap::from([(202, 500), (404, 502)]),
                redirect: Some(Redirect {
                    status: 307,
                    to: RedirectTo::Slash,
                }),
                ..Edits::default()
            },
            ..Hop::new(HopKind::Cloudflare)
        },
        Hop {
            read_timeout_ms: Some(60_000),
            http10: true,
            buffering: true,
            edits: Edits {
                response: HeaderEdits {
                    hide: strings(&["mcp-session-id"]),
                    rename: BTreeMap::from([("x-old".into(), "X-New".into())]),
                    add: BTreeMap::from([("X-Via".into(), "edge".into())]),
                },
                request: HeaderEdits {
                    hide: strings(&["authorization"]),
                    ..HeaderEdits::default()
                },
                ..Edits::default()
            },
            ..Hop::new(HopKind::Nginx)
        },
        Hop {
            policy: BalancePolicy::Sticky,
            ..Hop::new(HopKind::Balancer)
        },
    ];
    assert_eq!(scenario.path, path);
    let [memory, other, third] = &scenario.servers[..] else {
        panic!("{:?}", scenario.servers)
    };
    let written = Server {
        name: "memory".into(),
        kind: ServerKind::Dialect(Arc::new(named("supergateway-3.4.3"))),
        replicas: 1,
        port: 3001,
        session_ids: strings(&["ead943df-8fd9-4839-ae58-611a949e59c4"]),
        supervisor_ms: 2_500,
        session_timeout_ms: Some(None),
        durable: Durable::Nothing,
        path: None,
        tools: Tools::ALL,
    };
    assert_eq!(memory, &written);
    assert!(!format!("{memory:?}").contains("8fd9"), "the id is whole");
    assert_eq!(other.kind, ServerKind::Real("rmcp".into()));
    assert_eq!((other.port, other.supervisor_ms), (3002, 5_000));
    assert_eq!(other.session_timeout_ms, None);
    assert_eq!(third.port, 3003);
    assert_eq!(
        (third.replicas, other.processes()),
        (2, strings(&["other"]))
    );
    assert_eq!(third.processes(), ["third-1", "third-2"]);
    assert_eq!(third.session_timeout_ms, Some(Some(1_800_000)));
}

/// A server of several processes stands for all of them, each of which can be named too.
#[test]
fn replicas_are_processes() {
    let text = "\
summary: Three of one.
servers: {memory: {dialect: strict, replicas: 3}, other: {dialect: strict}}
path: [nginx: {buffering: on, http: \"1.1\"}, balancer]
machines: {one: [memory-1, other], two: [memory-2, memory-3, balancer]}
clients: [rmcp]
steps:
  - crash: memory
  - crash: [memory-2, memory, other]
  - down: two
  - up: memory-3
inject:
  - {when: {event: effect, at: memory-2}, then: {halt: memory-3}}
expect:
  rmcp: {progress: none}
";
    let scenario = right(text);
    let crash = |named: &[&str], processes: &[&str]| StepAction::Crash {
        targets: targets(named, processes),
    };
    assert_eq!(
        scenario.steps[0].action,
        crash(&["memory"], &["memory-1", "memory-2", "memory-3"])
    );
    assert_eq!(
        scenario.steps[1].action,
        crash(
            &["memory-2", "memory", "other"],
            &["memory-2", "memory-1", "memory-3", "other"]
        )
    );
    assert_eq!(scenario.machines["one"], ["memory-1", "other"]);
    let nginx = Hop {
        buffering: true,
        ..Hop::new(HopKind::Nginx)
    };
    assert_eq!(scenario.path, [nginx, Hop::new(HopKind::Balancer)]);
    assert_eq!(scenario.inject[0].when.at.as_deref(), Some("memory-2"));
    assert_eq!(scenario.inject[0].fate, Fate::Halt("memory-3".into()));
    assert!(scenario.expect["rmcp"].no_progress);
}

#[test]
#[rustfmt::skip]
fn the_steps_are_as_written() {
    use StepAction as A;
    let memory = || "memory".to_owned();
    let same = |names: &[&str]| targets(names, names);
    let machine = |named: &[&str]| targets(named, &["memory", "other", "nginx"]);
    let third = targets(&["third"], &["third-1", "third-2"]);
    let call = Call {
        on: memory(),
        tool: Tool::CreateEntities,
        expect: Some(CallExpect::Ok),
        parallel: 3,
        background: None,
        takes_ms: 10_000,
        progress: false,
        patience_ms: None,
        padding: 0,
        object: 1,
    };
    let slow = Call {
        tool: Tool::Slow,
        expect: None,
        parallel: 1,
        background: Some("first".into()),
        takes_ms: 15_000,
        padding: 2_000,
        object: 2,
        ..call.clone()
    };
    let stall = |target: &str, for_ms| A::Stall { target: target.into(), for_ms };
    let wanted = vec![
        (16, A::Add(memory())),
        (17, A::Connect(memory())),
        (18, A::Call(call)),
        (19, A::Call(slow)),
        (20, A::Await("first".into())),
        (21, A::Wait(3_600_000)),
        (22, A::Reload),
        (23, A::NewConversation),
        (24, A::Incognito),
        (25, A::Normal),
        (26, A::Restart { targets: same(&["memory"]), down_ms: 1_000, becomes: None }),
        (27, A::Restart { targets: machine(&["memory", "lightsail"]), down_ms: 2_000, becomes: None }),
        (28, A::Drain { targets: same(&["other"]), limit_ms: 30_000, down_ms: 1_000 }),
        (29, A::Drain { targets: same(&["memory"]), limit_ms: 60_000, down_ms: 500 }),
        (30, A::Crash { targets: same(&["other", "memory"]) }),
        (31, A::Down { targets: same(&["memory"]), for_ms: Some(600_000) }),
        (32, A::Down { targets: same(&["other"]), for_ms: None }),
        (33, A::Up { targets: same(&["other"]) }),
        (34, A::PowerLoss { targets: machine(&["lightsail"]), down_ms: 20_000 }),
        (35, A::PowerLoss { targets: third, down_ms: 1_000 }),
        (36, A::Partition { between: ("client".into(), "cloudflare".into()), for_ms: Some(40_000) }),
        (37, A::Partition { between: ("third-1".into(), "balancer".into()), for_ms: None }),
        (37, A::Partition { between: ("third-2".into(), "balancer".into()), for_ms: None }),
        (38, A::Heal),
        (39, stall("client", 10_000)),
        (40, stall("memory", 1)),
        (40, stall("other", 1)),
        (40, stall("nginx", 1)),
        (41, A::Cut { target: "nginx".into() }),
        (41, A::Cut { target: memory() }),
        (42, A::Expire { server: "third".into() }),
        (43, A::Disconnect(memory())),
        (44, A::Delete(memory())),
        (45, A::Add(memory())),
        (46, A::Climb(memory())),
    ];
    let steps = right(WHOLE).steps.into_iter();
    assert_eq!(steps.map(|step| (step.line, step.action)).collect::<Vec<_>>(), wanted);
}

#[test]
fn a_server_can_keep_its_sessions_and_be_told_to_notify() {
    let text = LEAST
        .replace(
            "a: {dialect: strict}",
            "a: {dialect: broken/strict, durable: streams}",
        )
        .replace(
            "b: {dialect: strict,",
            "b: {dialect: strict, durable: sessions,",
        )
        .replace(
            "steps: [",
            "steps: [{notify: a}, {add: a}, {call: {on: a, tool: slow, progress: wanted, patience: 20s}}, ",
        );
    let scenario = right(&text);
    let durable: Vec<Durable> = scenario.servers.iter().map(|s| s.durable).collect();
    assert_eq!(
        durable,
        [Durable::Streams, Durable::Sessions, Durable::Nothing]
    );
    let notify = StepAction::Notify {
        server: "a".into(),
        tools: None,
    };
    assert_eq!(scenario.steps[0].action, notify);
    let StepAction::Call(call) = &scenario.steps[2].action else {
        panic!("{:?}", scenario.steps[2]);
    };
    assert!(call.progress);
    assert_eq!(call.patience_ms, Some(20_000));
}

#[test]
#[rustfmt::skip]
fn injections_are_as_written() {
    let mut injections = right(WHOLE).inject;
    let rest = injections.split_off(1);
    assert_eq!(injections, [Injection {
        line: 48,
        when: Trigger {
            event: TriggerEvent::ResponseSent,
            at: Some("memory".into()),
            method: Some("POST".into()),
            rpc: Some("tools/call".into()),
            tool: Some(Tool::Slow),
            status: Some(200),
            action: None,
        },
        nth: 2,
        fate: Fate::Delay(5_000),
        ..Injection::default()
    }]);
    let at: Vec<_> = rest.iter().map(|i| i.when.at.as_deref()).collect();
    assert_eq!(at, [None, Some("client"), None, None, None, None]);
    let rest: Vec<_> = rest.into_iter().map(|i| (i.line, i.when.event, i.nth, i.fate)).collect();
    assert_eq!(rest, [
        (50, TriggerEvent::SseSent, 1, Fate::Park),
        (51, TriggerEvent::SseReceived, 1, Fate::Cut(CutAt::Byte(20))),
        (52, TriggerEvent::RequestSent, 1, Fate::Drop),
        (53, TriggerEvent::RequestReceived, 1, Fate::Duplicate),
        (54, TriggerEvent::ResponseReceived, 1, Fate::Replace(Replacement { status: 503, body: "text".into(), ..Replacement::default() })),
        (55, TriggerEvent::Effect, 1, Fate::Halt("nginx".into())),
    ]);
}

#[test]
fn promises_are_as_written() {
    let scenario = right(WHOLE);
    let promise = &scenario.expect["connector/stale-cache"];
    assert_eq!(promise.rung.map(|rung| rung.as_str()), Some("re-add"));
    assert_eq!(promise.violates, ["cli-recovers", "app-delete-clears"]);
    assert_eq!(promise.why.as_deref(), Some("The id is kept."));
    let short = &scenario.expect["rmcp"];
    assert_eq!((short.violates.len(), short.why.as_deref()), (0, None));
    let reason = &scenario.violates["memory"]["srv-dead-session-is-404"];
    assert_eq!(reason, "answers 400 where the specification demands 404");
    let reason = &scenario.violates["nginx"]["hop-keeps-status"];
    assert_eq!(reason, "makes its own pages");
}

#[test]
fn what_is_left_out_has_a_default() {
    let scenario = right(LEAST);
    let ports: Vec<_> = scenario.servers.iter().map(|server| server.port).collect();
    assert_eq!(ports, [3000, 80, 81]);
    assert_eq!(scenario.seeds, [1]);
    let wait = Step {
        line: 4,
        action: StepAction::Wait(1),
    };
    assert_eq!(scenario.steps, [wait]);
    assert!(scenario.path.is_empty() && scenario.machines.is_empty());
    assert!(scenario.spec.is_empty() && scenario.report.is_none());
    assert!(scenario.inject.is_empty() && scenario.expect.is_empty());
    assert!(scenario.violates.is_empty());
}

#[test]
fn without_a_path_clients_are_next_to_servers() {
    let steps = "{partition: {between: [a, client]}}, {heal: all}";
    assert_eq!(right(&LEAST.replace("{wait: 1ms}", steps)).steps.len(), 2);
}

/// Whether a time is up is known by `wait` alone, so what may still last may be ended.
#[test]
#[rustfmt::skip]
fn what_may_be_reached_is_reached() {
    for steps in [
        "{down: {target: a, for: 10s}}, {wait: 9s}, {up: a}",
        "{down: {target: a, for: 10s}}, {crash: a}",
        "{partition: {between: [client, a], for: 10s}}, {add: a}, {call: {on: a, tool: slow}}, {heal: all}",
        "{add: a}, {connect: a}, {connect: a}, {disconnect: a}, {disconnect: a}",
        "{add: a}, {delete: a}, {add: a}, {climb: a}",
        "{add: a}, {incognito: open}, {climb: a}, {normal: open}",
        "{add: a}, {down: a}, {climb: a}, {restart: a}",
        "{add: a}, {call: {on: a, tool: slow, background: x}}, {call: {on: a, tool: slow, background: y}}, {await: x}",
        "{down: [a, b]}, {up: a}, {restart: a}, {up: b}",
    ] {
        right(&LEAST.replace("{wait: 1ms}", steps));
    }
}

#[test]
fn durations_are_exact() {
    for (text, ms) in [
        ("1ms", 1),
        ("0.001s", 1),
        ("1.5s", 1_500),
        ("1.50s", 1_500),
        ("0.1m", 6_000),
        ("2h", 7_200_000),
        ("168h", LONGEST_MS),
        ("007s", 7_000),
    ] {
        let steps = right(&LEAST.replace("1ms", text)).steps;
        assert_eq!(steps[0].action, StepAction::Wait(ms), "{text}");
    }
}

#[test]
fn yaml_may_be_written_in_other_ways() {
    let same = right(LEAST);
    let block = LEAST.replace("[{wait: 1ms}]", "\n  - wait: \"1ms\"");
    let merged = LEAST
        .replace("a: {dialect: strict}", "a: &it {dialect: strict}")
        .replace("b: {dialect: strict,", "b: {<<: *it,");
    assert!(merged.contains("<<") && merged.contains("&it"));
    for text in [
        format!("\u{feff}{LEAST}"),
        format!("---\n{block}...\n"),
        LEAST.replace('\n', "\r\n"),
        merged,
    ] {
        let mut other = right(&text);
        other.steps[0].line = same.steps[0].line;
        assert_eq!(other, same, "{text}");
    }
}
