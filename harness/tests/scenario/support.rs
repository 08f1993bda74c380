//! What these tests share: the words that a scenario can use, right files, and the errors of wrong ones.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use stalemate::dialect;
use stalemate::invariant::Party;
use stalemate::registry::Registry;
use stalemate::scenario::{Diagnostics, Scenario, Vocabulary, load_text};
use stalemate::server::Dialect;

/// A right file; most wrong ones differ from it in one place.
pub(crate) const BASE: &str = "\
summary: A gateway restart strands a connector.
spec: [SES-08]
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
  other: {real: rmcp}
path: [cloudflare, nginx]
machines: {lightsail: [memory, nginx]}
clients: [connector/stale-cache, rmcp]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
";

/// A file with everything in it.
pub(crate) const WHOLE: &str = "\
# yaml-language-server: $schema=../schema.json
summary: Everything that a file can say.
report: https://github.com/anthropics/claude-code/issues/48557
spec: [SES-07b, SES-08]
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001, sessions: [ead943df-8fd9-4839-ae58-611a949e59c4], supervisor: 2.5s, session-timeout: never}
  other: {real: rmcp}
  third: {dialect: strict, session-timeout: 30m, replicas: 2}
machines: {lightsail: [memory, other, nginx]}
path: [cloudflare: {statuses: {202: 500, 404: 502}, redirect: {status: 307, to: slash}},
  nginx: {read-timeout: 60s, http: '1.0', buffering: 'on', hide-headers: [mcp-session-id], rename-headers: {x-old: X-New}, add-headers: {X-Via: edge}, request: {hide-headers: [authorization]}},
  balancer: {policy: sticky}]
clients: [connector/stale-cache, rmcp]
seeds: [1, 18446744073709551615]
steps:
  - add: memory
  - connect: memory
  - call: {on: memory, tool: create_entities, expect: ok, parallel: 3}
  - call: {on: memory, tool: slow, background: first, takes: 15s, padding: 2000, object: 2}
  - await: first
  - wait: 1h
  - reload: settings
  - new-conversation: now
  - incognito: open
  - normal: open
  - restart: memory
  - restart: {target: [memory, lightsail], down: 2s}
  - drain: other
  - drain: {target: memory, limit: 1m, down: 500ms}
  - crash: [other, memory]
  - down: {target: memory, for: 10m}
  - down: other
  - up: other
  - power-loss: {target: lightsail, down: 20s}
  - power-loss: third
  - partition: {between: [client, cloudflare], for: 40s}
  - partition: {between: [third, balancer]}
  - heal: all
  - stall: {target: client, for: 10s}
  - stall: {target: lightsail, for: 1ms}
  - cut: [nginx, memory]
  - expire: third
  - disconnect: memory
  - delete: memory
  - add: memory
  - climb: memory
inject:
  - when: {event: response-sent, at: memory, method: POST, rpc: tools/call, tool: slow, status: 200, nth: 2}
    then: {delay: 5s}
  - {when: {event: sse-sent}, then: {park: now}}
  - {when: {event: sse-received, at: client}, then: {cut: 20}}
  - {when: {event: request-sent}, then: {drop: now}}
  - {when: {event: request-received}, then: {duplicate: now}}
  - {when: {event: response-received}, then: {replace: {status: 503, body: text}}}
  - {when: {event: effect}, then: {halt: nginx}}
expect:
  connector/stale-cache: {rung: re-add, violates: [cli-recovers, app-delete-clears], why: The id is kept.}
  rmcp: {rung: transparent}
violates:
  memory: {srv-dead-session-is-404: answers 400 where the specification demands 404}
  nginx: {hop-keeps-status: makes its own pages}
shows: [F2, F14]
";

/// Little more than the least that a file can say.
pub(crate) const LEAST: &str = "\
summary: The least.
servers: {a: {dialect: strict}, b: {dialect: strict, port: 80}, c: {real: rmcp}}
clients: [rmcp]
steps: [{wait: 1ms}]
";

/// Dialects that stand in the file itself.
pub(crate) const LIKE: &str = "\
summary: Servers that differ in little from one that has a name.
servers:
  answering:
    dialect:
      like: strict
      accepts: [post-wrong-accept]
      answers:
        accepted: {status: 400, headers: {content-type: text/plain}, body: 'no: thanks', framing: chunked}
        unsupported-version: {status: 400, body: '${versions}', then: kill-session}
  streaming:
    port: 4000
    dialect:
      like: supergateway-4.0.0
      revisions: [\"2025-06-18\"]
      sessions: {idle-timeout: never, idle-clock: messages}
      sse:
        event: none
        style: {order: [id, event, data, retry], crlf: true}
        post-event-id: ${event}/${stream}
        get-event-id: ${event}
        priming: {retry: 3s, since: \"2025-06-18\"}
        keepalive: {every: 1500ms, comment: ''}
      hazards:
        abandoned-post: none
        cancelled-call: {error: {code: -32800, message: cancelled}}
  same: {dialect: {like: strict}}
  renamed: {dialect: {like: strict, name: lax, summary: takes all, messages: {result: '{${id}:${result}}'}}, durable: sessions}
clients: [rmcp]
steps: [{wait: 1ms}]
";

/// A small vocabulary, as a program with a few clients would pass it.
pub(crate) fn vocabulary() -> Vocabulary {
    // The dialects are read from files, which takes longer than most of what is tested.
    static WORDS: OnceLock<Vocabulary> = OnceLock::new();
    WORDS.get_or_init(made).clone()
}

fn made() -> Vocabulary {
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let invariant = |id: &str, party| (id.to_owned(), party);
    Vocabulary {
        clients: words(&[
            "connector/stale-cache",
            "connector/spec-404",
            "connector/recovering",
            "rmcp",
        ]),
        models: Registry::builtin().vocabulary().models,
        dialects: [
            "supergateway-3.4.3",
            "supergateway-4.0.0",
            "strict",
            "broken/strict",
        ]
        .map(|name| Arc::new(named(name)))
        .to_vec(),
        real_servers: words(&["rmcp", "everything"]),
        invariants: vec![
            invariant("cli-recovers", Party::Client),
            invariant("cli-no-stale-id", Party::Client),
            invariant("app-delete-clears", Party::Application),
            invariant("srv-dead-session-is-404", Party::Server),
            invariant("hop-keeps-status", Party::Hop),
        ],
        clauses: words(&["SES-03", "SES-07b", "SES-08", "SES-09", "RES-04"]),
        judged_clauses: words(&["SES-07b", "SES-08", "SES-09", "RES-04"]),
        modes: [("F2", "srv-dead-session-is-404"), ("F14", "cli-recovers")]
            .map(|(mode, id)| (mode.to_owned(), words(&[id])))
            .into(),
    }
}

/// A dialect of that name; what it says does not matter here.
pub(crate) fn named(name: &str) -> Dialect {
    let any = dialect::builtin().swap_remove(0);
    Dialect {
        name: name.to_owned(),
        ..Dialect::clone(&any)
    }
}

/// What a right file means.
pub(crate) fn right(text: &str) -> Scenario {
    match load_text(
        "area/file",
        Path::new("area/file.yaml"),
        text,
        &vocabulary(),
    ) {
        Ok(scenario) => scenario,
        Err(errors) => panic!("{errors}"),
    }
}

/// The errors of a wrong file.
pub(crate) fn errors(text: &str) -> Diagnostics {
    let file = Path::new("scenarios/area/example.yaml");
    match load_text("area/example", file, text, &vocabulary()) {
        Ok(scenario) => panic!("no error in\n{text}\n{scenario:?}"),
        Err(errors) => errors,
    }
}

/// The base with one stretch of it replaced.
pub(crate) fn changed(from: &str, to: &str) -> String {
    assert_eq!(
        BASE.matches(from).count(),
        1,
        "{from:?} is not in the base once"
    );
    BASE.replace(from, to)
}

/// The base with other steps.
pub(crate) fn stepped(steps: &[&str]) -> String {
    let (head, _) = BASE.split_once("  - add").expect("the base has steps");
    let steps: String = steps.iter().map(|step| format!("  - {step}\n")).collect();
    format!("{head}{steps}")
}

/// The base with more at its end.
pub(crate) fn extended(more: &str) -> String {
    format!("{BASE}{more}\n")
}

/// Compares the errors of each text, as they are drawn, with the snapshot of that name.
pub(crate) fn snapshot(name: &str, cases: &[(&str, String)]) {
    let mut drawn = String::new();
    for (title, text) in cases {
        drawn.push_str(&format!("━━━ {title}\n{}\n\n", errors(text)));
    }
    snapshot_text(name, &drawn);
}

/// Compares a text with the snapshot of that name.
pub(crate) fn snapshot_text(name: &str, drawn: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/diagnostics"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, drawn);
    });
}
