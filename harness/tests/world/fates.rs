//! Every fate at every kind of event and place: what becomes of the message, of the call, and that each run ends.

use std::fmt::Write as _;
use std::sync::Arc;

use stalemate::fault::{TriggerEvent, admits, admitted, applies};
use stalemate::journal::{
    CallId, ConnId, CutAt, Event, Exchange, Fate, Message, Replacement, RequestSummary,
    ResponseSummary, Side, SseSummary,
};
use stalemate::sim::Run;
use stalemate_wire::Method;

use crate::support::{brief, client, lines, one_server, run, times};

/// Where each kind of event is seen, and which message is meant: the call's request and stream, and the whole response
/// that is the answer to a notification.
const PLACES: &[(&str, &str, &str)] = &[
    ("request-sent", "client", "tools/call"),
    ("request-received", "nginx", "tools/call"),
    ("request-sent", "nginx", "tools/call"),
    ("request-received", "memory", "tools/call"),
    ("response-sent", "memory", "notifications/initialized"),
    ("response-received", "nginx", "notifications/initialized"),
    ("response-sent", "nginx", "notifications/initialized"),
    ("response-received", "client", "notifications/initialized"),
    ("response-sent", "memory", "tools/call"),
    ("response-received", "client", "tools/call"),
    ("sse-sent", "memory", "tools/call"),
    ("sse-received", "nginx", "tools/call"),
    ("sse-sent", "nginx", "tools/call"),
    ("sse-received", "client", "tools/call"),
    ("effect", "memory", ""),
    ("session-opened", "memory", ""),
];

const FATES: &[(&str, &str)] = &[
    ("delay", "{delay: 700ms}"),
    ("park", "{park: now}"),
    ("cut at 0", "{cut: 0}"),
    ("cut inside", "{cut: 20}"),
    ("cut behind", "{cut: 1000000}"),
    ("drop", "{drop: now}"),
    ("duplicate", "{duplicate: now}"),
    ("replace", "{replace: {status: 418, body: no}}"),
    ("halt memory", "{halt: memory}"),
    ("halt nginx", "{halt: nginx}"),
];

const STEPS: &str = "  - add: memory\n  - call: {on: memory, tool: create_entities}\n";

fn injected(event: &str, at: &str, rpc: &str, fate: &str) -> Run {
    let rpc = if rpc.is_empty() {
        String::new()
    } else {
        format!(", rpc: {rpc}")
    };
    let inject = format!("  - {{when: {{event: {event}, at: {at}{rpc}}}, then: {fate}}}\n");
    let scenario = one_server("supergateway-4.0.0", "nginx", STEPS, &inject);
    run(&scenario, &client("connector/recovering"))
}

fn kind(event: &str) -> TriggerEvent {
    let found = TriggerEvent::ALL.iter().find(|(_, name)| *name == event);
    found.expect("a kind of event").0
}

/// What the fault did: the message that it struck, how often that arrived at the other end from there on, what of it
/// was committed, and how the call and the adding ended.
fn account(run: &Run) -> String {
    let at = run
        .record
        .entries
        .iter()
        .position(|e| !e.fate.is_go())
        .expect("it fired");
    let struck = &run.record.entries[at];
    let arrived = match &struck.event {
        Event::Http {
            exchange,
            peer,
            side: Side::Sent,
            message,
            ..
        } => {
            let same = |m: &Message| std::mem::discriminant(m) == std::mem::discriminant(message);
            let arrives = |e: &Event| {
                matches!(e, Event::Http { exchange: x, at, side: Side::Received, message: m, .. }
                if x.conn == exchange.conn && at == peer && same(m))
            };
            let n = run.record.entries[at + 1..]
                .iter()
                .filter(|e| arrives(&e.event))
                .count();
            format!("arrives {n}x")
        }
        _ => String::new(),
    };
    let began = times(run, "call 1 begins").first().copied();
    let call = run.record.entries.iter().find_map(|e| match &e.event {
        Event::CallEnded {
            call: CallId(1), ..
        } => {
            let text = brief(e);
            let text = text.split_once("call 1 ").expect("a call").1.to_owned();
            Some(format!("{text} after {} ms", e.at_ms - began?))
        }
        _ => None,
    });
    let effects = run.record.entries.iter().filter(|e| {
        matches!(
            &e.event,
            Event::EffectCommitted {
                call: Some(CallId(1)),
                ..
            }
        )
    });
    let added = times(run, "\"user-action-ended\"").first().copied();
    format!(
        "{} | {arrived} | effects {} | added at {} | call {}",
        brief(struck),
        effects.count(),
        added.map_or_else(|| "never".to_owned(), |t| t.to_string()),
        call.unwrap_or_else(|| "never ends".to_owned()),
    )
}

#[test]
fn every_fate_at_every_place() {
    let mut table = String::new();
    for (event, at, rpc) in PLACES {
        for (name, fate) in FATES {
            if !admitted(kind(event))
                .iter()
                .any(|fate| name.starts_with(fate.as_str()))
            {
                continue;
            }
            let run = injected(event, at, rpc, fate);
            // The answer to a call is a stream, whose head does not come twice.
            if *name == "duplicate" && event.starts_with("response") && *rpc == "tools/call" {
                assert_eq!(run.findings.unfired.len(), 1, "{event} at {at}");
                continue;
            }
            assert!(
                run.findings.virtual_ms < 30 * 60_000,
                "{event} at {at}, {name}: {} ms",
                run.findings.virtual_ms
            );
            assert!(run.findings.unfired.is_empty(), "{event} at {at}, {name}");
            let _ = writeln!(table, "{event} at {at} {rpc}, {name}: {}", account(&run));
            let faults = lines(&run, &["fault"]);
            assert_eq!(faults.len(), 1, "it fires once: {faults:?}");
            if let Some((_, process)) = name.split_once("halt ") {
                assert_eq!(
                    times(&run, &format!("down {process} halted by the plan")).len(),
                    1
                );
                assert_eq!(times(&run, &format!("up {process}")).len(), 2);
            }
        }
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("fates", table);
    });
}

/// What loading refuses is what would never apply, and nothing else.
#[test]
fn the_table_of_fates() {
    let http = |side, message| Event::Http {
        exchange: Exchange {
            conn: ConnId(1),
            ordinal: 0,
        },
        at: "client".into(),
        peer: "memory".into(),
        side,
        object: None,
        server: "memory".into(),
        message,
    };
    let request = || {
        Message::Request(Arc::new(RequestSummary {
            method: Method::Post,
            path: "/mcp".to_owned(),
            session: None,
            token: None,
            version: None,
            cursor: None,
            accept: None,
            bytes: 0,
            rpc: Vec::new(),
            call: None,
        }))
    };
    let response = |stream| {
        Message::Response(Arc::new(ResponseSummary {
            call: None,
            status: 200,
            session: None,
            content_type: None,
            stream,
            bytes: 0,
            rpc: Vec::new(),
        }))
    };
    let sse = || {
        Message::Sse(Arc::new(SseSummary {
            call: None,
            digest: None,
            id: None,
            retry_ms: None,
            bytes: 0,
            comment: false,
            rpc: Vec::new(),
        }))
    };
    let fates = [
        (Fate::Delay(1), "delay"),
        (Fate::Park, "park"),
        (Fate::Cut(CutAt::Byte(0)), "cut"),
        (Fate::Drop, "drop"),
        (Fate::Duplicate, "duplicate"),
        (
            Fate::Replace(Replacement {
                status: 418,
                ..Replacement::default()
            }),
            "replace",
        ),
        (Fate::Halt("memory".into()), "halt"),
    ];
    let events = [
        (TriggerEvent::RequestSent, http(Side::Sent, request())),
        (
            TriggerEvent::RequestReceived,
            http(Side::Received, request()),
        ),
        (
            TriggerEvent::ResponseSent,
            http(Side::Sent, response(false)),
        ),
        (
            TriggerEvent::ResponseReceived,
            http(Side::Received, response(false)),
        ),
        (TriggerEvent::SseSent, http(Side::Sent, sse())),
        (TriggerEvent::SseReceived, http(Side::Received, sse())),
        (
            TriggerEvent::Effect,
            Event::EffectCommitted {
                at: "memory".into(),
                server: "memory".into(),
                tool: "slow".to_owned(),
                call: None,
            },
        ),
        (
            TriggerEvent::SessionOpened,
            Event::SessionOpened {
                at: "memory".into(),
                server: "memory".into(),
                session: "s".to_owned(),
                for_others: false,
                left: false,
            },
        ),
    ];
    for (kind, event) in &events {
        for (fate, name) in &fates {
            assert_eq!(admits(*kind, fate), applies(fate, event), "{kind:?} {name}");
        }
        assert!(applies(&Fate::Go, event));
    }
    // A stream's head does not come twice, since the rest would not. It is replaced too, and ends its connection.
    assert!(!applies(
        &Fate::Duplicate,
        &http(Side::Sent, response(true))
    ));
    assert!(applies(&fates[5].0, &http(Side::Sent, response(true))));
    let over = Event::CallEnded {
        call: CallId(1),
        outcome: stalemate::journal::CallOutcome::Ok,
    };
    for (fate, _) in &fates {
        assert!(!applies(fate, &over));
        assert!(!applies(fate, &http(Side::Sent, Message::end(true))));
    }
}
