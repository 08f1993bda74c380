//! The rows of a capture of the real nginx 1.22.1 that one upstream address can answer, by their names there. The rows
//! with two replicas belong to a balancer; the access log's are in `access_log`.

use stalemate_wire::Method;

use super::*;
use crate::proxy::{BodyEnd, BrokenBody};

fn nginx() -> Nginx {
    Nginx::new(&HopOptions::new("localhost:3001"))
}

fn headers(lines: &str) -> Headers {
    lines
        .lines()
        .map(|line| line.trim().split_once(": ").expect("name: value"))
        .collect()
}

/// A head as lines, in its order and spelling.
fn lines(headers: &Headers) -> String {
    let lines: Vec<String> = headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    lines.join("\n")
}

fn forwarded(nginx: &Nginx, status: u16, upstream: &Headers) -> (Headers, Release) {
    match nginx.on_head(status, upstream) {
        HeadDecision::Forward {
            status: passed,
            headers,
            release,
        } => {
            assert_eq!(passed, status);
            (headers, release)
        }
        HeadDecision::Replace(_) => panic!("nginx replaces nothing"),
    }
}

#[test]
fn failures_before_the_head() {
    for (row, failure, status, body) in [
        (
            "POST, upstream down",
            UpstreamFailure::Refused,
            502,
            PAGE_502,
        ),
        (
            "GET, upstream down",
            UpstreamFailure::Refused,
            502,
            PAGE_502,
        ),
        (
            "next call on that session",
            UpstreamFailure::Refused,
            502,
            PAGE_502,
        ),
        (
            "POST, upstream closes before header",
            UpstreamFailure::ClosedBeforeHead,
            502,
            PAGE_502,
        ),
        (
            "POST, upstream silent",
            UpstreamFailure::ReadTimeout,
            504,
            PAGE_504,
        ),
        (
            "no connection in time",
            UpstreamFailure::ConnectTimeout,
            504,
            PAGE_504,
        ),
    ] {
        let response = nginx().on_failure(failure);
        assert_eq!(response.status, status, "{row}");
        assert_eq!(String::from_utf8(response.body).unwrap(), body, "{row}");
        assert_eq!(
            lines(&response.headers),
            format!(
                "Server: nginx/1.22.1\nContent-Type: text/html\nContent-Length: {}\nConnection: keep-alive",
                body.len()
            ),
            "{row}"
        );
    }
    assert_eq!((PAGE_502.len(), PAGE_504.len()), (157, 167));
}

const PAGE_502: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
const PAGE_504: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
    <center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";

/// Row, status, the gateway's own head, and the head that the client got, without its `Date`.
const HEADS: [(&str, u16, &str, &str); 4] = [
    (
        "GET stale",
        400,
        "X-Powered-By: Express
         Content-Type: text/html; charset=utf-8
         Content-Length: 29
         ETag: W/\"1d-ayjA0qZDP13kuvrikSpJMCDeyXA\"
         Date: Sun, 22 Nov 2026 09:39:53 GMT
         Connection: keep-alive
         Keep-Alive: timeout=5",
        "Server: nginx/1.22.1
         Content-Type: text/html; charset=utf-8
         Content-Length: 29
         Connection: keep-alive
         X-Powered-By: Express
         ETag: W/\"1d-ayjA0qZDP13kuvrikSpJMCDeyXA\"",
    ),
    (
        "POST stale, POST stale initialize",
        400,
        "X-Powered-By: Express
         Content-Type: application/json; charset=utf-8
         Content-Length: 105
         ETag: W/\"69-znejF09uoTmzDVlRSJjg9S2smAo\"
         Date: Sun, 22 Nov 2026 09:39:53 GMT
         Connection: keep-alive
         Keep-Alive: timeout=5",
        "Server: nginx/1.22.1
         Content-Type: application/json; charset=utf-8
         Content-Length: 105
         Connection: keep-alive
         X-Powered-By: Express
         ETag: W/\"69-znejF09uoTmzDVlRSJjg9S2smAo\"",
    ),
    (
        "POST valid through nginx",
        200,
        "X-Powered-By: Express
         cache-control: no-cache
         connection: keep-alive
         content-type: text/event-stream
         mcp-session-id: 70e6b794-7065-4be2-96bd-9ccc6ebff892
         Date: Sun, 22 Nov 2026 09:39:53 GMT
         Transfer-Encoding: chunked",
        "Server: nginx/1.22.1
         Content-Type: text/event-stream
         Transfer-Encoding: chunked
         Connection: keep-alive
         X-Powered-By: Express
         cache-control: no-cache
         mcp-session-id: 70e6b794-7065-4be2-96bd-9ccc6ebff892",
    ),
    (
        "GET held",
        200,
        "X-Powered-By: Express
         cache-control: no-cache, no-transform
         connection: keep-alive
         content-type: text/event-stream
         mcp-session-id: 70e6b794-7065-4be2-96bd-9ccc6ebff892
         x-accel-buffering: no
         Date: Sun, 22 Nov 2026 09:39:53 GMT
         Transfer-Encoding: chunked",
        "Server: nginx/1.22.1
         Content-Type: text/event-stream
         Transfer-Encoding: chunked
         Connection: keep-alive
         X-Powered-By: Express
         cache-control: no-cache, no-transform
         mcp-session-id: 70e6b794-7065-4be2-96bd-9ccc6ebff892",
    ),
];

#[test]
fn heads_come_out_in_order_and_spelling() {
    for (row, status, upstream, client) in HEADS {
        let (head, release) = forwarded(&nginx(), status, &headers(upstream));
        assert_eq!(lines(&head), lines(&headers(client)), "{row}");
        assert_eq!(release, Release::AtOnce, "{row}");
    }
}

#[test]
fn an_http10_upstream_is_chunked_anew_for_the_client() {
    let upstream = headers("content-type: text/event-stream\nConnection: close");
    let (head, _) = forwarded(&nginx(), 200, &upstream);
    assert_eq!(Framing::of(200, &upstream), Framing::UntilClose);
    assert_eq!(Framing::of(200, &head), Framing::Chunked);
}

#[test]
fn a_status_without_body_has_no_framing() {
    let upstream = headers("Content-Type: text/plain\nContent-Length: 0");
    let (head, _) = forwarded(&nginx(), 204, &upstream);
    assert_eq!(lines(&head), "Server: nginx/1.22.1\nConnection: keep-alive");
}

#[test]
fn its_own_and_hidden_headers_do_not_pass() {
    let upstream = headers(
        "X-Accel-Redirect: /x\nX-Accel-Expires: 1\nX-Accel-Limit-Rate: 1\nX-Accel-Charset: utf-8\nX-Pad: x\n\
         Server: other\nWWW-Authenticate: Bearer\nContent-Length: 0",
    );
    let (head, _) = forwarded(&nginx(), 401, &upstream);
    assert_eq!(
        lines(&head),
        "Server: nginx/1.22.1\nContent-Length: 0\nConnection: keep-alive\nWWW-Authenticate: Bearer"
    );
}

#[test]
fn broken_bodies() {
    use BrokenBody::{Closed, Reset, Silent};
    for (row, why, framing, end) in [
        (
            "GET held, gateway SIGTERM",
            Closed,
            Framing::Chunked,
            BodyEnd::Cut,
        ),
        (
            "in-flight POST, gateway SIGKILL",
            Closed,
            Framing::Chunked,
            BodyEnd::Cut,
        ),
        (
            "the same with a reset",
            Reset,
            Framing::Chunked,
            BodyEnd::Cut,
        ),
        (
            "HTTP/1.0 upstream, killed",
            Closed,
            Framing::UntilClose,
            BodyEnd::Clean,
        ),
        (
            "HTTP/1.0 upstream, reset",
            Reset,
            Framing::UntilClose,
            BodyEnd::Cut,
        ),
        (
            "HTTP/1.0 upstream, read time-out",
            Silent,
            Framing::UntilClose,
            BodyEnd::Cut,
        ),
        (
            "slow 4 s call through 2 s read timeout",
            Silent,
            Framing::Chunked,
            BodyEnd::Cut,
        ),
        ("a short length", Closed, Framing::Length(105), BodyEnd::Cut),
    ] {
        assert_eq!(nginx().on_broken_body(why, framing), end, "{row}");
    }
}

#[test]
fn buffering_holds_what_no_chunk_completes_and_the_upstream_may_overrule_it() {
    let at_once = Release::AtOnce;
    let first_byte = Release::FirstByte { replaceable: false };
    let buffers = Release::Buffers {
        bytes: BUFFER_BYTES,
    };
    for (buffering, upstream, release) in [
        (false, "Transfer-Encoding: chunked", at_once),
        (false, "Content-Type: text/event-stream", at_once),
        (true, "Transfer-Encoding: chunked", first_byte),
        (true, "Content-Type: text/event-stream", buffers),
        (true, "Content-Length: 105", buffers),
        (true, "Content-Length: 0", at_once),
        (true, "X-Accel-Buffering: No", at_once),
        (true, "X-Accel-Buffering: off", buffers),
        (false, "x-accel-buffering: yes", buffers),
    ] {
        let mut options = HopOptions::new("localhost:3001");
        options.buffering = buffering;
        let (_, actual) = forwarded(&Nginx::new(&options), 200, &headers(upstream));
        assert_eq!(actual, release, "buffering {buffering}, {upstream}");
    }
}

fn forward(options: &HopOptions, path: &str, lines: &str, body: &[u8]) -> Request {
    Nginx::new(options).forward(&ForwardRequest {
        request: &Request {
            method: Method::Post,
            path: path.to_owned(),
            headers: headers(lines),
            body: body.to_vec(),
        },
        remote_addr: "172.70.34.132",
    })
}

#[test]
fn a_request_goes_on_under_the_proxied_host_and_path() {
    let mut options = HopOptions::new("localhost:3001");
    options.upstream_path = Some("/mcp".to_owned());
    let sent = forward(
        &options,
        "/secret?a=1",
        "Host: mcp.example.com\nConnection: Keep-Alive\nKeep-Alive: 5\nTE: trailers\nExpect: 100-continue\n\
         Upgrade: h2c\nMcp-Session-Id: S1\nmcp_session_id: lost\nx.dot: lost\ncontent-length: 2\n\
         X-Forwarded-For: 10.0.0.1",
        b"{}",
    );
    assert_eq!(
        (sent.method, sent.path.as_str()),
        (Method::Post, "/mcp?a=1")
    );
    assert_eq!(
        lines(&sent.headers),
        "Host: localhost:3001\nConnection: close\nContent-Length: 2\nMcp-Session-Id: S1\nX-Forwarded-For: 10.0.0.1"
    );
    assert_eq!(sent.body, b"{}");
}

#[test]
fn a_chunked_request_goes_on_with_its_length_and_one_without_body_with_none() {
    let options = HopOptions::new("localhost:3001");
    let chunked = forward(
        &options,
        "/mcp?",
        "Transfer-Encoding: chunked",
        b"{\"a\":1}",
    );
    assert_eq!(
        lines(&chunked.headers),
        "Host: localhost:3001\nConnection: close\nContent-Length: 7"
    );
    assert_eq!(chunked.path, "/mcp?");
    let bare = forward(&options, "/mcp", "Accept: text/event-stream", b"");
    assert_eq!(
        lines(&bare.headers),
        "Host: localhost:3001\nConnection: close\nAccept: text/event-stream"
    );
}

#[test]
fn time_outs_and_the_http_version_are_options() {
    let mut options = HopOptions::new("localhost:3001");
    let upstream = Nginx::new(&options).upstream();
    assert_eq!(
        (upstream.connect_timeout_ms, upstream.read_timeout_ms),
        (60_000, 60_000)
    );
    assert!(!upstream.keep_alive && !upstream.http10);
    options.http10 = true;
    options.read_timeout_ms = Some(2_000);
    options.connect_timeout_ms = Some(1_000);
    let upstream = Nginx::new(&options).upstream();
    assert!(upstream.http10);
    assert_eq!(
        (upstream.connect_timeout_ms, upstream.read_timeout_ms),
        (1_000, 2_000)
    );
}

#[test]
fn it_writes_a_log_line() {
    let request = Request {
        method: Method::Get,
        path: "/mcp".to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    let record = LogRecord::new("172.70.34.132", &request, CLIENT_CLOSED_REQUEST, 0);
    assert_eq!(
        nginx().access_log(&record).as_deref(),
        Some(
            r#"172.70.34.132 - GET /mcp HTTP/1.1 - status:499 body_bytes:0 accept:"-" content_type:"-" session_id:"-" content_length:"-""#
        )
    );
}
