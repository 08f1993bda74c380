//! The dialects of supergateway against what curl saw of it: every captured row, in order, to the byte. What the rows
//! cannot show (crashes, timeouts, the order of things) is in `server_hazards` and `server_sessions`.

mod model_server;

use model_server::{Got, Server, get};
use stalemate::server::{Framing, Input};
use stalemate_wire::{Headers, Method, Request, sse};

/// One row of a capture.
#[derive(Debug, Default)]
struct Row {
    title: String,
    line: usize,
    method: String,
    path: String,
    request_headers: Vec<(String, String)>,
    request_body: String,
    status: u16,
    headers: Headers,
    bytes: Option<usize>,
    body: Vec<Line>,
    /// Directives with whether they stand behind the answer.
    before: Vec<String>,
    after: Vec<String>,
}

/// A line of a captured body.
#[derive(Debug)]
enum Line {
    Whole(String),
    Last(String),
    Beginning(String),
}

fn parse(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut next = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        let split = |rest: &str| {
            let (name, value) = rest.split_once(": ").expect(rest);
            (name.to_owned(), value.to_owned())
        };
        let row = rows.last_mut();
        match (mark, row) {
            ("", _) | ("#", _) => {}
            ("!", _) if rest == "hold" => next.push(rest.to_owned()),
            ("==", _) => rows.push(Row {
                title: rest.to_owned(),
                line: number + 1,
                before: std::mem::take(&mut next),
                ..Row::default()
            }),
            ("!", Some(row)) => row.after.push(rest.to_owned()),
            (">", Some(row)) if row.method.is_empty() => {
                let (method, path) = rest.split_once(' ').expect(rest);
                (row.method, row.path) = (method.to_owned(), path.to_owned());
            }
            (">", Some(row)) if rest.starts_with('{') => row.request_body = rest.to_owned(),
            (">", Some(row)) => row.request_headers.push(split(rest)),
            ("<", Some(row)) if row.status == 0 => row.status = rest.parse().expect(rest),
            ("<", Some(row)) if rest.starts_with("bytes ") => {
                row.bytes = Some(rest["bytes ".len()..].parse().expect(rest));
            }
            ("<", Some(row)) => {
                let (name, value) = split(rest);
                row.headers.push(name, value);
            }
            ("|", Some(row)) => row.body.push(Line::Whole(rest.to_owned())),
            ("=", Some(row)) => row.body.push(Line::Last(rest.to_owned())),
            ("~", Some(row)) => row.body.push(Line::Beginning(rest.to_owned())),
            (strange, _) => panic!("line {}: `{strange}`", number + 1),
        }
    }
    rows
}

/// The headers that a client can act on, or that a reader of a log would look for.
const COMPARED: [&str; 10] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "mcp-session-id",
    "cache-control",
    "x-powered-by",
    "x-accel-buffering",
    "allow",
    "content-security-policy",
    "x-content-type-options",
];

/// The answer's headers as they would stand on the wire, with `S` for the session.
fn on_the_wire(got: &Got, session: &str) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in got.headers.iter() {
        headers.push(name, value.replace(session, "S"));
    }
    match got.framing {
        Some(Framing::Length) => headers.push("content-length", got.body.len().to_string()),
        Some(Framing::Chunked) | None => headers.push("transfer-encoding", "chunked"),
    }
    headers
}

fn compare(row: &Row, got: &Got, session: &str) {
    let place = format!("line {}, {}: {}", row.line, row.title, got.text());
    let edited = row.after.iter().any(|d| d == "edited");
    assert_eq!(got.status, row.status, "{place}");
    let headers = on_the_wire(got, session);
    for name in COMPARED {
        if !(edited && name == "content-length") {
            assert_eq!(headers.get(name), row.headers.get(name), "{name}, {place}");
        }
    }
    let mut rest = got.text();
    for line in &row.body {
        let (expected, found, left) = match line {
            Line::Last(text) => (text, rest, ""),
            Line::Whole(text) | Line::Beginning(text) => {
                let (found, left) = rest.split_once('\n').unwrap_or((rest, ""));
                (text, found, left)
            }
        };
        match line {
            Line::Beginning(_) => assert!(found.starts_with(expected), "{expected}, {place}"),
            _ => assert_eq!(found, expected, "{place}"),
        }
        rest = left;
    }
    assert_eq!(rest, "", "{place}");
    let tools = row.request_body.contains("tools/list") && row.status == 200;
    match row.bytes {
        Some(bytes) if !edited && !tools => assert_eq!(got.body.len(), bytes, "{place}"),
        _ => {}
    }
    if tools {
        is_the_tool_list(got);
    }
}

/// The captured server has more tools than ours: what must hold is one message event with the driven ones.
fn is_the_tool_list(got: &Got) {
    let mut decoder = sse::Decoder::new();
    decoder.push(&got.body);
    let (event, raw) = decoder.next_event().expect("an event");
    assert_eq!(raw, got.body);
    assert_eq!(event.event.as_deref(), Some("message"));
    let data = event.data.expect("data");
    assert!(data.ends_with(r#","jsonrpc":"2.0","id":1}"#), "{data}");
    let message: serde_json::Value = serde_json::from_str(&data).unwrap();
    let tools = message["result"]["tools"].as_array().unwrap();
    for tool in stalemate::scenario::Tool::ALL {
        assert!(
            tools.iter().any(|t| t["name"] == tool.as_str()),
            "{}",
            tool.as_str()
        );
    }
}

fn replay(dialect: &str, capture: &str) {
    let mut server = Server::new(dialect);
    let mut session = String::from("no session yet");
    let rows = parse(capture);
    for row in &rows {
        if row.before.iter().any(|d| d == "hold") {
            server.request(get(Some(&session)));
        }
        let headers = row.request_headers.iter().map(|(name, value)| {
            let value = if value == "S" { &session } else { value };
            (name.clone(), value.clone())
        });
        let (key, _) = server.request(Request {
            method: Method::parse(&row.method),
            path: row.path.clone(),
            headers: headers.collect(),
            body: row.request_body.clone().into_bytes(),
        });
        let got = server.got.get(&key).cloned().unwrap_or_default();
        if row.request_body.contains("initialize\"") && got.status == 200 {
            session = got.header("mcp-session-id").expect("an id").to_owned();
        }
        compare(row, &got, &session);
        let held = row.method == "GET" && row.status == 200;
        assert_eq!(
            got.end,
            (!held).then_some(true),
            "line {}: {got:?}",
            row.line
        );
        for directive in &row.after {
            match directive.as_str() {
                "open" => session = server.open(),
                "abort" => {
                    server.wait(3001);
                    server.input(Input::Aborted { key });
                }
                "stop clean" | "stop cut" => {
                    server.input(Input::Terminate);
                    let clean = directive == "stop clean";
                    assert_eq!(server.got[&key].end, Some(clean), "line {}", row.line);
                    server.restart();
                }
                "edited" => {}
                strange => panic!("line {}: `{strange}`", row.line),
            }
        }
    }
    assert_eq!(rows.len(), 31);
}

#[test]
fn supergateway_3_4_3_answers_as_captured() {
    replay(
        "supergateway-3.4.3",
        include_str!("captures/supergateway-3.4.3.txt"),
    );
}

#[test]
fn supergateway_4_0_0_answers_as_captured() {
    replay(
        "supergateway-4.0.0",
        include_str!("captures/supergateway-4.0.0.txt"),
    );
}
