//! The answers of the scripted server, by name: what real servers and proxies were seen to write, and what a broken one
//! could.

use crate::answer::{Answer, Body, Then, json, stream, whole};

const DONE: &str = "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$RESULT}\n\n";

pub(crate) fn accepted() -> Answer {
    whole("202", "202 Accepted", &[], "")
}

pub(crate) fn no_content_length_zero() -> Answer {
    whole("200 empty", "200 OK", &[], "")
}

pub(crate) fn result_as_stream() -> Answer {
    stream("SSE result", Body::Chunked(DONE.into()), Then::KeepAlive)
}

/// The end of a call's stream that was cut, as a resumed stream brings it.
pub(crate) fn resumed(id: &str) -> Answer {
    let body = DONE.replace("$ID", id);
    stream("resumed", Body::Chunked(body), Then::KeepAlive)
}

pub(crate) fn open_stream() -> Answer {
    stream("SSE held open", Body::Cut(String::new()), Then::Hold)
}

pub(crate) fn silence() -> Answer {
    Answer {
        name: "no answer",
        status: "",
        headers: Vec::new(),
        body: Body::Nothing,
        then: Then::Hold,
    }
}

const NGINX_502: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
const NGINX_504: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
    <center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
const NO_VALID_ID: &str = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}"#;
const NOT_FOUND: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}"#;

/// Refusals of the dialects, each as it was captured.
fn dialects() -> Vec<Answer> {
    let utf8 = &[("Content-Type", "application/json; charset=utf-8")];
    let html = &[("Content-Type", "text/html; charset=utf-8")];
    vec![
        whole(
            "supergateway 3.4.3 400/105",
            "400 Bad Request",
            utf8,
            NO_VALID_ID,
        ),
        whole(
            "supergateway 3.4.3 400/29",
            "400 Bad Request",
            html,
            "Invalid or missing session ID",
        ),
        whole(
            "supergateway 4.0.0 404/81",
            "404 Not Found",
            utf8,
            NOT_FOUND,
        ),
        whole(
            "supergateway 4.0.0 404/17",
            "404 Not Found",
            html,
            "Session not found",
        ),
        json("typescript 404", "404 Not Found", NOT_FOUND),
        json(
            "typescript 400",
            "400 Bad Request",
            r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: Server already initialized"},"id":null}"#,
        ),
        whole(
            "server-everything 400 without id",
            "400 Bad Request",
            utf8,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#,
        ),
        json(
            "python 404 server-error",
            "404 Not Found",
            r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}"#,
        ),
        whole(
            "python 400 with a fresh session",
            "400 Bad Request",
            &[
                ("Content-Type", "application/json"),
                ("mcp-session-id", "f3b1bd3b0d4d4b4fa1d8e0a5c5d0f1a2"),
            ],
            r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Bad Request: Missing session ID"}}"#,
        ),
        whole(
            "rmcp 404",
            "404 Not Found",
            &[],
            "Not Found: Session not found",
        ),
        whole(
            "rmcp 400",
            "400 Bad Request",
            &[],
            "Bad Request: Session ID is required",
        ),
        whole(
            "old rmcp 401",
            "401 Unauthorized",
            &[],
            "Unauthorized: Session not found",
        ),
        json(
            "C# 404 with the id",
            "404 Not Found",
            r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":$ID}"#,
        ),
        json(
            "400 with the id",
            "400 Bad Request",
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"session $SESSION is no more"},"id":$ID}"#,
        ),
        json(
            "406",
            "406 Not Acceptable",
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Not Acceptable: Client must accept both application/json and text/event-stream"},"id":null}"#,
        ),
        json(
            "409",
            "409 Conflict",
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Conflict: Only one SSE stream is allowed per session"},"id":null}"#,
        ),
    ]
}

/// Other statuses.
fn statuses() -> Vec<Answer> {
    const ERROR: &str = r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"broken"},"id":$ID}"#;
    let html = &[("Content-Type", "text/html")];
    let challenge = |value| {
        [
            ("Content-Type", "application/json"),
            ("WWW-Authenticate", value),
        ]
    };
    let plain = |name, status| whole(name, status, &[("Content-Type", "text/plain")], "no");
    vec![
        accepted(),
        json("202 with a body", "202 Accepted", "{}"),
        Answer {
            body: Body::Raw(""),
            ..whole("204", "204 No Content", &[], "")
        },
        whole(
            "401 Bearer",
            "401 Unauthorized",
            &challenge("Bearer realm=\"m\""),
            ERROR,
        ),
        whole(
            "401 odd challenge",
            "401 Unauthorized",
            &challenge("Bearer é"),
            ERROR,
        ),
        json("401 JSON-RPC", "401 Unauthorized", ERROR),
        whole(
            "403 scope",
            "403 Forbidden",
            &challenge("Bearer scope=\"a b\""),
            ERROR,
        ),
        whole(
            "403 bare scope",
            "403 Forbidden",
            &challenge("Bearer Scope=a;b"),
            ERROR,
        ),
        whole("403 no scope", "403 Forbidden", &challenge("Bearer"), ERROR),
        whole(
            "403 odd challenge",
            "403 Forbidden",
            &challenge("Bearer é"),
            ERROR,
        ),
        json("403 JSON-RPC", "403 Forbidden", ERROR),
        whole("405", "405 Method Not Allowed", &[("Allow", "POST")], ""),
        json("405 JSON-RPC", "405 Method Not Allowed", ERROR),
        plain("410", "410 Gone"),
        plain("413", "413 Payload Too Large"),
        plain("415", "415 Unsupported Media Type"),
        plain("400 own phrase", "400 Nothing Doing"),
        whole(
            "429",
            "429 Too Many Requests",
            &[("Retry-After", "7")],
            "slow",
        ),
        whole(
            "429 JSON-RPC",
            "429 Too Many Requests",
            &[("Content-Type", "application/json"), ("Retry-After", "é")],
            ERROR,
        ),
        plain("500", "500 Internal Server Error"),
        json("500 JSON-RPC", "500 Internal Server Error", ERROR),
        whole("502 nginx", "502 Bad Gateway", html, NGINX_502),
        json(
            "503 JSON-RPC without id",
            "503 Service Unavailable",
            NO_VALID_ID,
        ),
        whole(
            "503 Retry-After, other JSON",
            "503 Service Unavailable",
            &[("Content-Type", "application/json"), ("Retry-After", "120")],
            "{}",
        ),
        whole("504 nginx", "504 Gateway Time-out", html, NGINX_504),
        json("400 other JSON", "400 Bad Request", "{}"),
        json("400 too long", "400 Bad Request", "x".repeat(70_000)),
        json(
            "500 too long",
            "500 Internal Server Error",
            "x".repeat(70_000),
        ),
        Answer {
            body: Body::Chunked("x".repeat(70_000)),
            ..json("400 too long, chunked", "400 Bad Request", "")
        },
        whole(
            "301",
            "301 Moved Permanently",
            &[("Location", "/moved")],
            "",
        ),
        whole("302", "302 Found", &[("Location", "/moved")], ""),
        whole("303", "303 See Other", &[("Location", "/moved")], ""),
        whole(
            "307",
            "307 Temporary Redirect",
            &[("Location", "/moved?a=b")],
            "",
        ),
        whole(
            "308",
            "308 Permanent Redirect",
            &[("Location", "moved")],
            "",
        ),
        whole(
            "307 elsewhere",
            "307 Temporary Redirect",
            &[("Location", "http://other.test/mcp")],
            "",
        ),
        whole(
            "307 in a circle",
            "307 Temporary Redirect",
            &[("Location", "/mcp")],
            "",
        ),
        whole("307 to nowhere", "307 Temporary Redirect", &[], ""),
    ]
}

/// Successes, right and wrong, and broken connections.
fn successes() -> Vec<Answer> {
    const RESULT: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":$RESULT}"#;
    let session = [
        ("Content-Type", "application/json"),
        ("Mcp-Session-Id", "$SESSION"),
    ];
    let typed = |name, value| whole(name, "200 OK", &[("Content-Type", value)], RESULT);
    vec![
        result_as_stream(),
        whole("JSON result", "200 OK", &session, RESULT),
        json("JSON result, no session", "200 OK", RESULT),
        json(
            "JSON error",
            "200 OK",
            r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32602,"message":"bad"}}"#,
        ),
        typed("200 text/plain", "text/plain"),
        typed("200 Application/JSON", "Application/JSON"),
        typed("200 application/jsonl", "application/jsonl"),
        whole("200 no type", "200 OK", &[], RESULT),
        no_content_length_zero(),
        json("200 empty JSON", "200 OK", ""),
        Answer {
            body: Body::Chunked(String::new()),
            ..json("200 empty JSON, chunked", "200 OK", "")
        },
        json("200 garbage", "200 OK", "<html>\u{e9}".repeat(80)),
        json("200 other JSON", "200 OK", "{}"),
        Answer {
            body: Body::Raw(RESULT),
            then: Then::Close,
            ..json("200 without length", "200 OK", "")
        },
        Answer {
            headers: vec![
                ("Content-Type", "application/json"),
                ("Content-Length", "500"),
            ],
            body: Body::Raw("{\"jsonrpc\":"),
            then: Then::Close,
            ..json("200 cut", "200 OK", "")
        },
        Answer {
            headers: vec![
                ("Content-Type", "application/json"),
                ("Content-Length", "500"),
            ],
            body: Body::Raw("{\"jsonrpc\":"),
            then: Then::Close,
            ..json("400 cut", "400 Bad Request", "")
        },
        stream(
            "SSE without the response",
            Body::Chunked(": ping\n\n".into()),
            Then::KeepAlive,
        ),
        stream(
            "SSE cut",
            Body::Cut("event: message\ndata: {\"json".into()),
            Then::Close,
        ),
        stream("SSE cut at once", Body::Cut(String::new()), Then::Close),
        stream(
            "SSE ended after an id",
            Body::Chunked("id: 7\nretry: 10\ndata:\n\n".into()),
            Then::KeepAlive,
        ),
        stream(
            "SSE with an invalid line",
            Body::Chunked(format!("nonsense\n\n{DONE}")),
            Then::KeepAlive,
        ),
        stream(
            "SSE with more than the response",
            Body::Chunked(format!(
                "\u{feff}id: 0/0\nretry: 3000\ndata:\n\n: keepalive\n\nevent: ping\ndata: 1\n\ndata: garbage\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\
                 \"params\":{{\"level\":\"info\",\"data\":1}}}}\r\n\r\n{DONE}"
            )),
            Then::KeepAlive,
        ),
        Answer {
            then: Then::Close,
            ..silence()
        }
        .named("closed before the head"),
        Answer {
            status: "2",
            body: Body::Raw(""),
            then: Then::Close,
            ..silence()
        }
        .named("garbage head"),
    ]
}

/// Every answer that ends by itself.
pub(crate) fn all() -> Vec<Answer> {
    let mut all = dialects();
    all.extend(statuses());
    all.extend(successes());
    all
}

/// The answer of that name.
pub(crate) fn named(name: &str) -> Answer {
    let found = all().into_iter().find(|answer| answer.name == name);
    found.unwrap_or_else(|| panic!("no answer named {name}"))
}
