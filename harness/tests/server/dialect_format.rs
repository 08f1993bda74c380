//! The dialect file format: that servers quite unlike supergateway fit it, and that mistakes in a file are found when it
//! is read. The dialects here are sketches of other servers, made for this.

use std::path::Path;
use std::sync::Arc;

use crate::model_server::{Server, get, initialize, request};
use stalemate::dialect;
use stalemate::registry::Registry;
use stalemate::scenario::{Diagnostic, Diagnostics};
use stalemate::server::{Dialect, IdShape, Input, Situation};

/// Like the Rust SDK: plain texts, primed streams with event ids, no `event` field, repeated `initialize` taken.
pub(crate) const TEXTS: &str = r#"
name: texts
summary: bodies of plain text, primed streams
sessions: {id: uuid-v4, idle-timeout: 5m}
revisions: ["2025-11-25", "2025-06-18"]
checks: [accept, content-type, session, version, json, message]
sse:
  initialize-headers: &stream {content-type: text/event-stream, mcp-session-id: "${session}"}
  post-headers: {content-type: text/event-stream}
  get-headers: {content-type: text/event-stream}
  post-event-id: ${event}/${stream}
  get-event-id: ${event}
  priming: {retry: 3s, since: "2025-06-18"}
messages:
  initialize: '{"protocolVersion":"${revision}","capabilities":{},"serverInfo":{"name":"texts","version":"1"}}'
  result: '{"jsonrpc":"2.0","id":${id},"result":${result}}'
  error: '{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":${message}}}'
accepts: [initialize-live-session, initialize-unknown-session, get-second-stream, get-unknown-cursor, unsupported-version, missing-version, other-version]
answers:
  post-unknown-session: &unknown {status: 404, body: "Not Found: Session not found"}
  get-unknown-session: *unknown
  post-without-session: &missing {status: 400, body: "Bad Request: Session ID is required"}
  get-without-session: *missing
  delete-without-session: *missing
  delete-unknown-session: {status: 202}
  delete-ok: {status: 202, then: end-session}
  accepted: {status: 202}
  post-wrong-accept: &not-acceptable {status: 406}
  get-wrong-accept: *not-acceptable
  post-wrong-content-type: {status: 415}
  post-no-message: &bad {status: 400}
  bad-json: *bad
  method-not-allowed: &not-allowed {status: 405, headers: {allow: "GET, POST, DELETE"}}
  options: *not-allowed
  other-path: {status: 404}
hazards: {stop: cut}
"#;

/// The same with what the Python SDK does about a missing id: it opens a session and names it in the refusal.
fn minting() -> String {
    let answer = r#"{status: 400, headers: {content-type: application/json, mcp-session-id: "${session}"}, then: mint-session, body: '{"jsonrpc":"2.0","id":${id},"error":{"code":-32600,"message":"Bad Request: Missing session ID"}}'}"#;
    TEXTS.replace(
        r#"{status: 400, body: "Bad Request: Session ID is required"}"#,
        answer,
    )
}

pub(crate) fn parse(yaml: &str) -> Result<Dialect, Diagnostics> {
    dialect::read(Path::new("texts.yaml"), yaml)
}

fn server(yaml: &str) -> Server {
    let dialect = parse(yaml).unwrap_or_else(|e| panic!("{e}"));
    Server::of(Arc::new(dialect), None)
}

#[test]
fn every_embedded_dialect_is_found_by_its_name() {
    let registry = Registry::builtin();
    let all = registry.dialects().iter();
    let (listed, others): (Vec<_>, Vec<_>) = all.partition(|dialect| dialect.is_listed());
    let names: Vec<&str> = listed.iter().map(|dialect| dialect.name.as_str()).collect();
    let expected = [
        "supergateway-3.4.3",
        "supergateway-4.0.0",
        "typescript-sdk",
        "typescript-sdk-resumable",
        "server-everything",
        "python-sdk",
        "python-sdk-1",
        "rmcp",
        "spec",
        "spec-polling",
        "spec-2026-07-28",
        "typescript-sdk-sessions",
        "supergateway-3.4.3-sdk-1.20.2",
        "supergateway-3.4.3-sdk-1.32.2",
        "typescript-sdk-example",
    ];
    assert_eq!(names, expected);
    for dialect in listed.iter().chain(&others) {
        let name = &dialect.name;
        let found = registry.dialect_of(name).expect(name);
        assert!(Arc::ptr_eq(found, dialect), "{name} is there twice");
        let hex = name.starts_with("python");
        assert_eq!(dialect.sessions.id == IdShape::Hex32, hex, "{name}");
        assert!(!dialect.is_listed() || dialect.flaws.is_empty(), "{name}");
        assert_eq!(dialect.faults(), [], "{name}");
    }
    assert_eq!(others.len(), 9);
    assert!(registry.dialect_of("supergateway-3.4").is_none());
}

#[test]
fn a_dialect_of_ones_own_is_found_by_its_name() {
    let registry = Registry::builtin().dialect(parse(TEXTS).expect("right"));
    assert!(registry.vocabulary().dialect("texts").is_some());
    assert_eq!(registry.vocabulary().listed_dialects().pop(), Some("texts"));
    let before = registry.dialects().len();
    let other = TEXTS.replace("bodies of plain text", "other bodies");
    let registry = registry.dialect(parse(&other).expect("right"));
    assert_eq!(registry.dialects().len(), before);
    let found = registry.dialect_of("texts").expect("it is there");
    assert_eq!(found.summary, "other bodies, primed streams");
}

#[test]
fn primed_streams_with_event_ids_fit() {
    let mut server = server(TEXTS);
    let first = server.post(None, &initialize("2025-06-18"));
    let id = first.header("mcp-session-id").unwrap().to_owned();
    assert!(
        first
            .text()
            .starts_with("data: \nid: 0/0\nretry: 3000\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"2025-06-18\""),
        "{}",
        first.text()
    );
    assert!(first.text().ends_with("}\nid: 1/0\n\n"), "{}", first.text());
    // Without a version header the client counts as one of 2025-03-26, which is not primed (VER-03).
    let list = server.list(&id);
    assert_eq!(list.header("mcp-session-id"), None);
    assert!(
        list.text()
            .starts_with("data: {\"jsonrpc\":\"2.0\",\"id\":1,")
    );
    assert!(list.text().ends_with("\nid: 0/1\n\n"), "{}", list.text());
    let mut resumable = get(Some(&id));
    resumable.headers.push("mcp-protocol-version", "2025-11-25");
    for _ in 0..2 {
        let (stream, _) = server.request(resumable.clone());
        assert_eq!(server.got[&stream].text(), "data: \nid: 0\nretry: 3000\n\n");
    }
}

#[test]
fn accepted_situations_go_on() {
    let mut server = server(TEXTS);
    let id = server.open();
    let again = server.post(Some(&id), &initialize("2025-11-25"));
    assert_eq!((again.status, server.live().len()), (200, 1));
    assert_eq!(again.header("mcp-session-id"), None, "it is no new one");
    let stale = server.post(Some("stale"), &initialize("2025-11-25"));
    assert_eq!((stale.status, server.live().len()), (200, 2));
    assert_ne!(stale.header("mcp-session-id"), Some("stale"));
    let gone = server.list("stale");
    assert_eq!(
        (gone.status, gone.text()),
        (404, "Not Found: Session not found")
    );
    assert_eq!(gone.header("content-type"), None);
    assert_eq!(server.delete("stale").status, 202);
}

#[test]
fn the_order_of_checks_is_the_files() {
    let mut sessions_last = server(TEXTS);
    let bare = request("POST", Some("stale"), "");
    let (key, _) = sessions_last.request(bare.clone());
    assert_eq!(sessions_last.got[&key].status, 406);
    let mut sessions_first = server(&TEXTS.replace(
        "checks: [accept, content-type, session",
        "checks: [session, accept, content-type",
    ));
    let (key, _) = sessions_first.request(bare);
    assert_eq!(sessions_first.got[&key].status, 404);
}

#[test]
fn a_refusal_can_mint_a_session() {
    let mut server = server(&minting());
    let list = serde_json::json!({"jsonrpc": "2.0", "id": 17, "method": "tools/list"});
    let got = server.post(None, &list);
    let minted = server.live().remove(0);
    assert_eq!(got.status, 400);
    assert_eq!(got.header("mcp-session-id"), Some(minted.as_str()));
    assert!(got.text().contains("\"id\":17"), "{}", got.text());
    server.wait(300_000);
    assert!(server.live().is_empty(), "it expires like any other");
}

#[test]
fn an_answer_can_end_the_process() {
    let mut server = server(&TEXTS.replace(
        "bad-json: *bad",
        "bad-json: {status: 500, then: exit-process}",
    ));
    let id = server.open();
    let mut broken = request("POST", Some(&id), "{");
    broken
        .headers
        .push("accept", "application/json, text/event-stream");
    broken.headers.push("content-type", "application/json");
    let (key, out) = server.request(broken);
    assert_eq!((server.got[&key].status, out.len()), (500, 2));
    assert_eq!(server.exit(), Some((1, "died of bad-json")));
    assert!(server.input(Input::ExpireAll).is_empty());
}

/// What was said of the mistakes in a file: where, what, and what would be right.
pub(crate) fn said(errors: &Diagnostics) -> String {
    let said = |error: &Diagnostic| {
        let (line, column) = error.line().zip(error.column()).expect("a place");
        format!("{line}:{column} {}: {}", error.message(), error.label())
    };
    errors.iter().map(said).collect::<Vec<_>>().join("; ")
}

#[test]
fn mistakes_are_found_when_the_file_is_read() {
    let misfit = |place: &str, what: &str| format!("{place} {what}: this does not fit");
    let either = "must be under either `answers` or `accepts`";
    let mut wrong = Vec::new();
    for (from, to, expected) in [
        (
            "other-path: {status: 404}",
            "",
            misfit("19:1", &format!("`other-path` {either}")),
        ),
        (
            "accepts: [",
            "accepts: [delete-ok, ",
            misfit("18:11", &format!("`delete-ok` {either}")),
        ),
        (
            "accepted: {status: 202}",
            "accepted: {status: 20}",
            misfit("27:22", "`accepted`: 20 is no final status"),
        ),
        (
            "other-path: {status: 404}",
            "other-path: {status: 404, then: end-session}",
            misfit("35:35", "`other-path`: only `delete-ok` can `end-session`"),
        ),
        (
            "Session not found",
            "${sesion}",
            misfit(
                "20:54",
                "there is no variable `${sesion}` here, only `${method}`, `${path}`, `${version}`, `${versions}`, \
                 `${session}`, `${id}`",
            ),
        ),
        (
            "bad-json:",
            "bad-jsn:",
            "32:3 `bad-jsn` is not among the situations: did you mean `bad-json`?".to_owned(),
        ),
        (
            "hazards: {stop: cut}",
            "hazards: {stop: cut, stops: cut}",
            "36:22 unknown key `stops` in `hazards`: did you mean `stop`?".to_owned(),
        ),
        (
            "hazards: {stop: cut}",
            "hazards: {stop: cutt}",
            "36:17 `cutt` is not among the ends of a stream: did you mean `cut`?".to_owned(),
        ),
        (
            "status: 415",
            "status: many",
            "30:37 expected a whole number, found the text `many`: this must be a whole number"
                .to_owned(),
        ),
        (
            "accepts: [",
            "accepts: [get-cursor-in-use, ",
            misfit("18:11", "`get-cursor-in-use` cannot happen to this server"),
        ),
        (
            "  post-event-id:",
            "  style: {order: [id, id, data, retry]}\n  post-event-id:",
            misfit("11:11", "`style.order` names a field twice"),
        ),
        (
            "  post-event-id:",
            "  style: {order: [id, data]}\n  post-event-id:",
            "11:11 an event has four fields, here are 2: each of them stands here once".to_owned(),
        ),
        (
            "  post-event-id:",
            "  resume: {keeps: 0}\n  post-event-id:",
            [
                misfit("11:19", "`resume.keeps` is 0"),
                misfit("20:1", &format!("`get-cursor-in-use` {either}")),
            ]
            .join("; "),
        ),
        (
            "retry: 3s,",
            "retry: 3s, closes: true,",
            misfit("13:32", "`priming.closes` without a way to resume"),
        ),
        (
            "retry: 3s,",
            "retry: 3000,",
            "13:20 the duration `3000` has no unit: did you mean `3000s`?".to_owned(),
        ),
        (
            r#"revisions: ["2025-11-25", "2025-06-18"]"#,
            "revisions: []",
            misfit("5:1", "`revisions` is empty"),
        ),
        (
            "hazards: {stop: cut}",
            "hazards: {stop: cut, cancelled-call: ends}",
            "36:38 expected `silence`, `end` or a map with an `error`, found the text `ends`: this must be `silence`, \
             `end` or a map with an `error`"
                .to_owned(),
        ),
    ] {
        assert!(TEXTS.contains(from), "{from}");
        let errors = parse(&TEXTS.replace(from, to)).expect_err(to);
        if said(&errors) != expected {
            wrong.push(format!("{to}\n  {}\n  {expected}", said(&errors)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let closed = TEXTS.replace("accepts: [", "accepts: [post-unknown-session, ");
    let closed = closed.replace(
        "post-unknown-session: &unknown {status: 404, body: \"Not Found: Session not found\"}\n  get-unknown-session: *unknown",
        "get-unknown-session: {status: 404}",
    );
    let errors = parse(&closed).expect_err("it cannot go on");
    let what = "`post-unknown-session` cannot be under `accepts`";
    assert_eq!(said(&errors), misfit("18:11", what));
}

#[test]
fn every_mistake_of_a_file_is_reported_with_its_line() {
    let text = TEXTS
        .replace("id: uuid-v4", "id: uuid")
        .replace("checks: [accept,", "checks: [acept,");
    let errors = parse(&text).expect_err("two mistakes");
    assert_eq!(errors.count(), 2, "{errors}");
    let drawn = errors.to_string();
    let line = "4 | sessions: {id: uuid, idle-timeout: 5m}";
    assert!(
        drawn.contains("texts.yaml:4:16") && drawn.contains(line),
        "{drawn}"
    );
    assert!(drawn.contains("did you mean `accept`?"), "{drawn}");
}

#[test]
fn situations_have_one_name_each() {
    let mut names: Vec<_> = Situation::ALL.iter().map(|(_, name)| *name).collect();
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(names.len(), 35);
    for (situation, name) in Situation::ALL {
        assert_eq!(situation.as_str(), *name);
    }
}
