//! The dialects against what real servers sent: every captured row, in order, to the byte. What the rows cannot show
//! (crashes, timeouts, the order of things) is in `hazards`, `sessions` and `streams`.

use crate::model_server::{Got, Server, get};
use stalemate::arms;
use stalemate::server::{Framing, Input};
use stalemate::wire::marks;
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
const COMPARED: [&str; 14] = [
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
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "vary",
];

/// The answer's headers as they would stand on the wire, with `S` for the session and `M` for any other id.
fn on_the_wire(got: &Got, session: &str) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in got.headers.iter() {
        let other = name == "mcp-session-id" && value != session;
        let shown = if other {
            "M".to_owned()
        } else {
            value.replace(session, "S")
        };
        headers.push(name, shown);
    }
    match got.framing {
        Some(Framing::Length) => headers.push("content-length", got.body.len().to_string()),
        Some(Framing::Chunked) | None => headers.push("transfer-encoding", "chunked"),
    }
    headers
}

/// The text with `U` for every UUID in an event's id.
fn without_uuids(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| match line.strip_prefix("id: ") {
            Some(id) if id.len() >= 36 && id.as_bytes()[8] == b'-' => format!("id: U{}", &id[36..]),
            _ => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

fn compare(row: &Row, got: &Got, session: &str) {
    let place = format!("line {}, {}: {}", row.line, row.title, got.text());
    let says = |word: &str| row.after.iter().any(|d| d == word);
    assert_eq!(got.status, row.status, "{place}");
    let headers = on_the_wire(got, session);
    for name in COMPARED {
        let framing = name == "content-length" || name == "transfer-encoding";
        if !(framing && (says("edited") || says("whole"))) {
            assert_eq!(headers.get(name), row.headers.get(name), "{name}, {place}");
        }
    }
    let mut text = without_uuids(got.text());
    if says("crlf") {
        let lines = text.matches('\n').count();
        assert_eq!(text.matches("\r\n").count(), lines, "{place}");
        text = text.replace("\r\n", "\n");
    }
    let mut rest = text.as_str();
    let mut whole = true;
    for line in &row.body {
        let (expected, found, left) = match line {
            Line::Last(text) => (text, rest, ""),
            Line::Whole(text) | Line::Beginning(text) => {
                let (found, left) = rest.split_once('\n').unwrap_or((rest, ""));
                (text, found, left)
            }
        };
        match line {
            Line::Beginning(_) => {
                whole = false;
                assert!(found.starts_with(expected), "{expected}, {place}");
            }
            _ => assert_eq!(found, expected, "{place}"),
        }
        rest = left;
    }
    assert_eq!(rest, "", "{place}");
    if let Some(bytes) = row.bytes.filter(|_| whole && !says("edited")) {
        assert_eq!(got.body.len(), bytes, "{place}");
    }
    if row.request_body.contains("tools/list") && row.status == 200 {
        is_the_tool_list(got);
    }
}

fn events(got: &Got) -> Vec<sse::Event> {
    let mut decoder = sse::Decoder::new();
    decoder.push(&got.body);
    let events = std::iter::from_fn(|| decoder.next_event()).map(|(event, _)| event);
    events.collect()
}

/// The captured servers have other tools than ours: what must hold is one message event with the driven ones.
fn is_the_tool_list(got: &Got) {
    let all = events(got);
    let data: Vec<&str> = all.iter().filter_map(|e| e.data.as_deref()).collect();
    let messages: Vec<&str> = data.into_iter().filter(|d| !d.is_empty()).collect();
    let [message] = messages[..] else {
        panic!("{messages:?}");
    };
    let message: serde_json::Value = serde_json::from_str(message).unwrap();
    assert_eq!(
        (&message["jsonrpc"], &message["id"]),
        (&"2.0".into(), &1.into())
    );
    let tools = message["result"]["tools"].as_array().unwrap();
    for tool in stalemate::server::Tool::ALL {
        assert!(
            tools.iter().any(|t| t["name"] == tool.as_str()),
            "{}",
            tool.as_str()
        );
    }
}

fn replay(dialect: &str, capture: &str, count: usize) {
    let mut server = Server::new(dialect);
    let mut session = String::from("no session yet");
    // The ids of the events of the latest POST that had some.
    let mut ids: Vec<String> = Vec::new();
    let mut held = Vec::new();
    let rows = parse(capture);
    for row in &rows {
        if row.before.iter().any(|d| d == "hold") {
            server.request(get(Some(&session)));
        }
        let headers = row.request_headers.iter().map(|(name, value)| {
            let value = match value.as_str() {
                "S" => &session,
                "E1" => &ids[0],
                "E2" => &ids[ids.len() - 1],
                _ => value,
            };
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
            let minted = got.header("mcp-session-id").map(str::to_owned);
            session = minted.unwrap_or(session);
        }
        compare(row, &got, &session);
        let of_this: Vec<String> = events(&got).into_iter().filter_map(|e| e.id).collect();
        if row.method == "POST" && !of_this.is_empty() {
            ids = of_this;
        }
        // The first captures say nothing of it: there every GET that was taken stayed open.
        let old = dialect.starts_with("supergateway");
        let open = row.after.iter().any(|d| d == "held");
        let open = open || old && row.method == "GET" && row.status == 200;
        assert_eq!(
            got.end,
            (!open).then_some(true),
            "line {}: {got:?}",
            row.line
        );
        held.extend(open.then_some(key));
        for directive in &row.after {
            match directive.as_str() {
                "open" => session = server.open(),
                "abort" => {
                    server.wait(3001);
                    server.input(Input::Aborted { key });
                }
                "hang up" => {
                    for key in held.drain(..) {
                        server.input(Input::Aborted { key });
                    }
                }
                "stop clean" | "stop cut" => {
                    server.input(Input::Terminate);
                    let clean = directive == "stop clean";
                    assert_eq!(server.got[&key].end, Some(clean), "line {}", row.line);
                    server.restart();
                }
                "edited" | "held" | "crlf" | "whole" => {}
                strange => panic!("line {}: `{strange}`", row.line),
            }
        }
    }
    assert_eq!(rows.len(), count);
}

macro_rules! captures {
    ($($test:ident, $dialect:literal, $file:literal, $count:literal;)*) => {$(
        #[test]
        fn $test() {
            replay($dialect, include_str!(concat!("captures/", $file, ".txt")), $count);
        }
    )*

        /// What no scenario does, real servers were asked.
        #[test]
        fn arms_that_no_scenario_takes_are_taken_here() {
            marks::keep();
            $(replay($dialect, include_str!(concat!("captures/", $file, ".txt")), $count);)*
            let taken = marks::taken();
            let missing: Vec<_> = arms::asked_of_real_servers().filter(|arm| !taken.contains(arm)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    };
}

captures! {
    supergateway_3_4_3, "supergateway-3.4.3", "supergateway-3.4.3", 31;
    supergateway_3_4_3_on_sdk_1_20_2, "supergateway-3.4.3-sdk-1.20.2", "supergateway-3.4.3-sdk-1.20.2", 33;
    supergateway_3_4_3_on_sdk_1_32_2, "supergateway-3.4.3-sdk-1.32.2", "supergateway-3.4.3-sdk-1.32.2", 33;
    supergateway_4_0_0, "supergateway-4.0.0", "supergateway-4.0.0", 33;
    typescript_sdk, "typescript-sdk", "typescript-sdk", 31;
    typescript_sdk_resumable, "typescript-sdk-resumable", "typescript-sdk-resumable", 17;
    typescript_sdk_example, "typescript-sdk-example", "typescript-sdk-example", 29;
    server_everything, "server-everything", "server-everything", 35;
    server_everything_of_2025_11_25, "server-everything", "server-everything-2025-11-25", 15;
    python_sdk, "python-sdk", "python-sdk", 35;
    python_sdk_1, "python-sdk-1", "python-sdk-1", 35;
    rmcp, "rmcp", "rmcp", 31;
}
