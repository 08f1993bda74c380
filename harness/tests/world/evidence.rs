//! What an invariant says it needs is what it rests on: of a record that lacks it nothing is said, and what a record lacks
//! of other kinds changes no verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use stalemate::invariant::{ALL, Invariant, Party, Told, Verdict, View};
use stalemate::journal::{Cast, Delivery, Entry, Event, Evidence, Fate, Message, Record, Side};

use crate::support::{ModelCell, all_model_cells, client, model_cells, registry, run, scenario};

/// The record without what that kind of evidence stands for.
fn without(record: &Record, kind: Evidence) -> Record {
    let mut cast: Cast = (*record.cast).clone();
    cast.evidence.retain(|evidence| *evidence != kind);
    let entries = record.entries.iter().cloned();
    let mut entries: Vec<Entry> = if kind == Evidence::Faults {
        entries.filter_map(unaware).collect()
    } else {
        entries.filter_map(|entry| less(entry, kind)).collect()
    };
    // What was held back came later.
    entries.sort_by_key(|entry| entry.at_ms);
    Record {
        cast: Arc::new(cast),
        entries,
    }
}

/// What is left of an entry.
fn less(mut entry: Entry, kind: Evidence) -> Option<Entry> {
    let of = match &mut entry.event {
        Event::Http {
            message, object, ..
        } => {
            if kind == Evidence::Bodies {
                // An event of a stream that a fault met is known by its fault.
                if matches!(message, Message::Sse(_)) && entry.fate.is_go() {
                    return None;
                }
                empty(message);
            }
            if kind == Evidence::ClientObjects {
                *object = None;
            }
            Evidence::Heads
        }
        Event::ConnOpened { object, .. } => {
            if kind == Evidence::ClientObjects {
                *object = None;
            }
            Evidence::Heads
        }
        Event::ConnEnded { .. } | Event::Forwarded { .. } => Evidence::Heads,
        Event::SessionOpened { .. }
        | Event::SessionEnded { .. }
        | Event::ToolsChanged { .. }
        | Event::EffectCommitted { .. }
        | Event::ProcessUp { .. }
        | Event::ProcessDown { .. } => Evidence::ServerTruth,
        Event::Phase(_)
        | Event::UserActed { .. }
        | Event::UserActionEnded { .. }
        | Event::Committed { .. }
        | Event::TokenIssued { .. }
        | Event::Drawn { .. }
        | Event::CallBegan { .. }
        | Event::CallEnded { .. } => Evidence::UserView,
        Event::ObjectMade { .. } => Evidence::ClientObjects,
        Event::FaultBegan { .. } | Event::FaultHealed { .. } => Evidence::Faults,
        Event::NoProgress { .. } | Event::RightNeeds { .. } => return Some(entry),
    };
    (of != kind).then_some(entry)
}

/// A message of which nobody reads the body.
fn empty(message: &mut Message) {
    match message {
        Message::Request(request) => {
            let request = Arc::make_mut(request);
            (request.rpc, request.call) = (Vec::new(), None);
        }
        Message::Response(response) => {
            let response = Arc::make_mut(response);
            (response.rpc, response.call) = (Vec::new(), None);
        }
        Message::Sse(event) => {
            let event = Arc::make_mut(event);
            (event.rpc, event.call, event.digest) = (Vec::new(), None, None);
            (event.id, event.retry_ms, event.bytes) = (None, None, 0);
        }
        Message::End { .. } => {}
    }
}

/// An entry as one has it who does not know of faults: what reached its receiver, when it did.
fn unaware(mut entry: Entry) -> Option<Entry> {
    let fate = std::mem::replace(&mut entry.fate, Fate::Go);
    // Of a user who was held up it is their doing that is seen.
    if let (Event::UserActed { .. }, Delivery::After(ms)) = (&entry.event, fate.delivery()) {
        entry.at_ms += ms;
    }
    if let Event::Http {
        side: Side::Received,
        message,
        ..
    } = &mut entry.event
    {
        match (&fate, message) {
            (Fate::Replace(replacement), Message::Response(response)) => {
                let response = Arc::make_mut(response);
                (response.rpc, response.call, response.session) = (Vec::new(), None, None);
                response.status = replacement.status;
                response.bytes = replacement.body.len() as u64;
            }
            _ => match fate.delivery() {
                Delivery::AsObserved => {}
                Delivery::After(ms) => entry.at_ms += ms,
                Delivery::Replaced(_) | Delivery::Never => return None,
            },
        }
    }
    less(entry, Evidence::Faults)
}

/// The verdicts on each party.
fn verdicts(invariant: &Invariant, view: &View<'_>) -> BTreeMap<String, Verdict> {
    let judged = invariant.judge(view).into_iter();
    judged
        .map(|j| {
            let verdict = match j.verdict {
                // It stands elsewhere in a shorter journal, and of a message without a body less can be told.
                Verdict::Violated { .. } => Verdict::Violated {
                    at: 0,
                    why: String::new(),
                },
                verdict => verdict,
            };
            (j.party.to_string(), verdict)
        })
        .collect()
}

/// What is wrong with what the invariants say they need, by a record.
fn check(name: &str, record: &Record, wrong: &mut BTreeMap<String, String>) {
    let told = Told::of(record);
    let view = View::new(&told);
    let whole: Vec<_> = ALL.iter().map(|i| verdicts(i, &view)).collect();
    for kind in Evidence::ALL {
        let lesser = without(record, kind);
        let told = Told::of(&lesser);
        let lesser = View::new(&told);
        for (invariant, whole) in ALL.iter().zip(&whole) {
            let less = verdicts(invariant, &lesser);
            let expected = |verdict: &Verdict| {
                let nobody = invariant.party == Party::Application && !record.cast.application;
                if invariant.needs.contains(&kind) && !nobody {
                    Verdict::NotDecidable { lacks: vec![kind] }
                } else {
                    verdict.clone()
                }
            };
            for (party, verdict) in whole {
                let found = less.get(party);
                if found != Some(&expected(verdict)) {
                    let which = format!("{} without {}", invariant.id, kind.as_str());
                    let how = format!("{name}, {party}: {verdict:?} becomes {found:?}");
                    wrong.entry(which).or_insert(how);
                }
            }
        }
    }
}

/// The record of a server that gives its sessions one id, one after another.
fn with_one_id(record: &Record) -> Record {
    let ids = record.entries.iter().filter_map(|e| match &e.event {
        Event::SessionOpened {
            server, session, ..
        } => Some((server, session.as_str())),
        _ => None,
    });
    let mut first: BTreeMap<_, &str> = BTreeMap::new();
    let mut text = record.to_json_lines();
    for (server, id) in ids {
        text = text.replace(id, first.entry(server).or_insert(id));
    }
    Record::read(text.as_bytes()).expect("a record")
}

/// Scenarios in which every kind of evidence matters to somebody.
const MORE: [&str; 6] = [
    // A fault at the client's end: what it got is not what came.
    "servers: {memory: {dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: create_entities}
  - disconnect: memory
inject:
  - {when: {event: response-received, at: client, status: 404}, then: {drop: now}}
  - {when: {event: user-acts, action: disconnect}, then: {delay: 5s}}",
    "servers: {memory: {dialect: supergateway-3.4.3, port: 3001}}
path: [nginx]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: create_entities}
  - call: {on: memory, tool: create_entities}
  - delete: memory
  - add: memory
inject:
  - {when: {event: response-received, at: nginx, status: 400}, then: {replace: {status: 404, body: no}}}",
    // The effect comes twice.
    "servers: {memory: {dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - call: {on: memory, tool: create_entities}
inject:
  - {when: {event: effect, at: memory}, then: {halt: memory}}
  - {when: {event: response-sent, at: memory, rpc: tools/call, nth: 2}, then: {cut: 0}}",
    // The server gives one id again and again.
    "servers:
  memory: {dialect: python-sdk, port: 3001}
  other: {dialect: spec, port: 3002}
path: [cloudflare, nginx]
steps:
  - add: memory
  - add: other
  - disconnect: memory
  - connect: memory
  - call: {on: memory, tool: search_nodes}
  - incognito: open
  - call: {on: other, tool: search_nodes}",
    "servers: {memory: {dialect: typescript-sdk-resumable, port: 3001}}
path: [nginx]
steps:
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, background: slow}
  - wait: 5s
  - cut: nginx
  - wait: 90s
  - call: {on: memory, tool: search_nodes}",
    "servers: {memory: {dialect: spec, port: 3001, replicas: 2}}
path: [nginx, balancer]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - restart: memory-1
  - call: {on: memory, tool: create_entities}
  - disconnect: memory",
];

#[test]
fn a_verdict_rests_on_what_its_invariant_needs() {
    rests_on_what_it_needs(model_cells());
}

/// In all of the committed cells.
#[test]
#[ignore = "takes minutes"]
fn a_verdict_rests_on_what_its_invariant_needs_anywhere() {
    rests_on_what_it_needs(all_model_cells());
}

fn rests_on_what_it_needs(mut cells: Vec<ModelCell>) {
    let registry = registry();
    let models = registry.iter().map(|(name, _)| (name, client(name)));
    let models: Vec<_> = models
        .filter(|(_, subject)| !subject.factory().needs_own_process())
        .collect();
    for (n, text) in MORE.iter().enumerate() {
        let text = format!("summary: A test.\n{text}\nclients: [connector/recovering]\n");
        let scenario = scenario(&text);
        for (name, subject) in &models {
            let cell = (
                format!("{n} {name}"),
                Arc::clone(&scenario),
                subject.clone(),
            );
            cells.push(cell);
        }
    }
    let mut wrong = BTreeMap::new();
    for (name, scenario, subject) in cells {
        let record = run(&scenario, &subject).record;
        check(&name, &record, &mut wrong);
        let name = format!("{name} with one id");
        check(&name, &with_one_id(&record), &mut wrong);
    }
    let wrong: Vec<String> = wrong
        .into_iter()
        .map(|(which, how)| format!("{which}: {how}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
