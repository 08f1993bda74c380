//! HAR files and our own records.

use serde_json::json;
use stalemate::diagnose::{Broken, Layer, Ledger, har, is_sent_on, record};
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner, scenarios};

use crate::support::{layers, of};

fn entry(
    second: u32,
    method: &str,
    rpc: Option<&str>,
    status: i64,
    session: Option<&str>,
    body: &str,
) -> serde_json::Value {
    let header = |name: &str, value: Option<&str>| value.map(|v| json!({"name": name, "value": v}));
    let request: Vec<_> = [
        header("Mcp-Session-Id", session),
        header("Accept", Some("text/event-stream")),
    ]
    .into_iter()
    .flatten()
    .collect();
    json!({
        "startedDateTime": format!("2026-11-28T21:00:{second:02}.000Z"),
        "time": 12.5,
        "request": {
            "method": method,
            "url": "https://example.com/mcp",
            "headers": request,
            "postData": rpc.map(|m| json!({"text": json!({"jsonrpc": "2.0", "id": 1, "method": m}).to_string()})),
        },
        "response": {"status": status, "headers": [], "content": {"size": body.len(), "text": body}},
    })
}

#[test]
fn a_har_file_is_read_with_its_bodies() {
    let refused = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}"#;
    let id = Some("ead943df-8fd9-4839-ae58-611a949e59c4");
    let har = json!({"log": {"version": "1.2", "entries": [
        entry(0, "POST", Some("tools/call"), 200, id, "data: {}"),
        entry(10, "POST", Some("tools/call"), 400, id, refused),
        entry(20, "POST", Some("initialize"), 400, id, refused),
        entry(30, "GET", None, 400, id, "Invalid or missing session ID"),
        {"startedDateTime": "?"},
        entry(31, "POST", None, -1, id, ""),
    ]}});
    let (mut ledger, mut broken) = (Ledger::default(), Broken::default());
    har::read(har.to_string().as_bytes(), |n, hit| match hit {
        Ok(hit) => ledger.enter(n, &hit),
        Err(why) => broken.note(n, &why),
    })
    .expect("it is one");
    assert_eq!(broken.count, 2, "{broken:?}");
    let found = of(&ledger);
    assert_eq!(layers(&found), [Layer::Server, Layer::Client]);
    assert_eq!(found[0].products, ["supergateway-3.4.3"]);
    let session = ledger.sessions.values().next().expect("there is one");
    assert!(session.initialize && is_sent_on(session));
    assert_eq!(
        session
            .last_refused
            .zip(session.refused)
            .and_then(|(l, f)| l.since(f)),
        Some(20_000)
    );
}

#[test]
fn what_is_no_har_file_is_refused() {
    for bad in [
        "",
        "{}",
        "[]",
        r#"{"log":{}}"#,
        r#"{"log":{"entries":3}}"#,
        "not json",
    ] {
        let error = har::read(bad.as_bytes(), |_, _| panic!("nothing is in it")).expect_err(bad);
        assert!(error.contains("no HAR file"), "{error}");
    }
}

/// The incident, simulated: the record says of it what the log did.
#[test]
fn our_own_records_are_read_as_logs() {
    let registry = Registry::builtin();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let runner = Runner::new(registry.clone());
    let of_cell = |file: &str, client: &str| {
        let found =
            scenarios(&[format!("{root}/scenarios/{file}.yaml")], &registry).expect("it is there");
        let scenario = found
            .into_iter()
            .next()
            .expect("one")
            .1
            .expect("it is right");
        let mut cells = Cell::of(&scenario).into_iter();
        let cell = cells
            .find(|cell| cell.client == client)
            .expect("it takes part");
        let run = runner.run_once(&cell).expect("it runs");
        let mut ledger = Ledger::default();
        record::read(&run.record, |line, hit| ledger.enter(line, hit));
        of(&ledger)
    };
    let stuck = of_cell("incident-48557/ten-steps", "connector/stale-cache");
    assert_eq!(layers(&stuck), [Layer::Server, Layer::Client]);
    assert_eq!(stuck[0].products, ["supergateway-3.4.3"]);
    let right = of_cell("restart/idle", "connector/recovering");
    assert_eq!(right, []);
    let split = of_cell("topology/round-robin", "connector/spec-404");
    assert!(
        layers(&split).contains(&Layer::Balancer) || split.iter().all(|f| f.layer != Layer::Client),
        "{split:#?}"
    );
}
