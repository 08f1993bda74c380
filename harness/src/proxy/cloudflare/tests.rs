//! The documented codes, what is replaced and what passes.

use stalemate_wire::Method;

use super::*;
use crate::proxy::{BodyEnd, BrokenBody};

fn edge() -> Cloudflare {
    Cloudflare::new(&HopOptions::new("localhost:3001"))
}

fn names(headers: &Headers) -> Vec<&str> {
    headers.iter().map(|(name, _)| name).collect()
}

#[test]
fn failures_have_codes_of_their_own() {
    for (failure, status, title) in [
        (UpstreamFailure::Refused, 521, "Web server is down"),
        (UpstreamFailure::ConnectTimeout, 522, "Connection timed out"),
        (
            UpstreamFailure::ClosedBeforeHead,
            520,
            "Web server is returning an unknown error",
        ),
        (UpstreamFailure::ReadTimeout, 524, "A timeout occurred"),
    ] {
        let response = edge().on_failure(failure);
        assert_eq!(response.status, status);
        assert_branded(&response, title);
    }
}

fn assert_branded(response: &Response, title: &str) {
    let headers = &response.headers;
    assert_eq!(headers.get("server"), Some("cloudflare"));
    assert_eq!(
        headers.get("content-type"),
        Some("text/html; charset=UTF-8")
    );
    assert_eq!(headers.get("cf-ray"), None);
    assert_eq!(
        Framing::of(response.status, headers),
        Framing::Length(response.body.len() as u64)
    );
    let body = std::str::from_utf8(&response.body).unwrap();
    assert!(
        body.contains(title) && body.contains("Cloudflare"),
        "{body}"
    );
}

#[test]
fn an_origins_502_and_504_are_replaced_and_its_other_errors_are_not() {
    let headers = Headers::new()
        .with("Server", "nginx/1.22.1")
        .with("Content-Type", "text/html")
        .with("Content-Length", "157");
    for (status, title) in [(502, Some("Bad gateway")), (504, Some("Gateway time-out"))]
        .into_iter()
        .chain(
            [
                200, 400, 401, 404, 405, 410, 429, 499, 500, 501, 503, 505, 520,
            ]
            .map(|s| (s, None)),
        )
    {
        match (edge().on_head(status, &headers), title) {
            (HeadDecision::Replace(response), Some(title)) => {
                assert_eq!(response.status, status);
                assert_branded(&response, title);
            }
            (
                HeadDecision::Forward {
                    status: passed,
                    headers,
                    release,
                },
                None,
            ) => {
                assert_eq!((passed, release), (status, Release::AtOnce));
                assert_eq!(Framing::of(status, &headers), Framing::Length(157));
            }
            (decision, _) => panic!("{status}: {decision:?}"),
        }
    }
}

#[test]
fn a_forwarded_head_keeps_its_headers_and_changes_server() {
    let headers = Headers::new()
        .with("Server", "nginx/1.22.1")
        .with("Content-Type", "text/event-stream")
        .with("Transfer-Encoding", "chunked")
        .with("Connection", "keep-alive, X-Named")
        .with("Keep-Alive", "timeout=5")
        .with("X-Named", "gone")
        .with("X-Powered-By", "Express")
        .with("mcp-session-id", "70e6b794-7065-4be2-96bd-9ccc6ebff892");
    let HeadDecision::Forward { headers, .. } = edge().on_head(200, &headers) else {
        panic!("replaced");
    };
    assert_eq!(
        headers,
        Headers::new()
            .with("Content-Type", "text/event-stream")
            .with("X-Powered-By", "Express")
            .with("mcp-session-id", "70e6b794-7065-4be2-96bd-9ccc6ebff892")
            .with("Transfer-Encoding", "chunked")
            .with("Connection", "keep-alive")
            .with("Server", "cloudflare")
    );
}

#[test]
fn the_head_of_a_stream_waits_for_its_first_byte() {
    let held = Release::FirstByte { replaceable: true };
    let chunked = Headers::new().with("Transfer-Encoding", "chunked");
    let length = Headers::new().with("Content-Length", "105");
    for (what, status, headers, release) in [
        ("a stream", 200, &chunked, held),
        (
            "an empty 202 in chunks, which passes at its end",
            202,
            &chunked,
            held,
        ),
        ("a stream without framing", 200, &Headers::new(), held),
        ("a body with a length", 400, &length, Release::AtOnce),
        ("no body", 204, &Headers::new(), Release::AtOnce),
    ] {
        match edge().on_head(status, headers) {
            HeadDecision::Forward {
                release: actual, ..
            } => assert_eq!(actual, release, "{what}"),
            HeadDecision::Replace(_) => panic!("{what}"),
        }
    }
}

#[test]
fn a_broken_body_is_cut_unless_its_end_says_nothing() {
    use BrokenBody::{Closed, Reset, Silent};
    for (why, framing, end) in [
        (Closed, Framing::Chunked, BodyEnd::Cut),
        (Reset, Framing::Chunked, BodyEnd::Cut),
        (Silent, Framing::Chunked, BodyEnd::Cut),
        (Closed, Framing::Length(105), BodyEnd::Cut),
        (Reset, Framing::UntilClose, BodyEnd::Cut),
        (Silent, Framing::UntilClose, BodyEnd::Cut),
        (Closed, Framing::UntilClose, BodyEnd::Clean),
    ] {
        assert_eq!(
            edge().on_broken_body(why, framing),
            end,
            "{why:?} {framing:?}"
        );
    }
}

fn forward(headers: Headers, body: &[u8]) -> Request {
    edge().forward(&ForwardRequest {
        request: &Request {
            method: Method::Post,
            path: "/secret?a=1".to_owned(),
            headers,
            body: body.to_vec(),
        },
        remote_addr: "10.0.0.7",
    })
}

#[test]
fn a_request_keeps_host_and_path_and_says_who_sent_it() {
    let sent = forward(
        Headers::new()
            .with("host", "mcp.example.com")
            .with("connection", "keep-alive, x-named")
            .with("x-named", "gone")
            .with("CF-Connecting-IP", "6.6.6.6")
            .with("x-forwarded-for", "192.0.2.1")
            .with("X-Forwarded-Proto", "http")
            .with("mcp-session-id", "S1")
            .with("content-length", "2"),
        b"{}",
    );
    assert_eq!(sent.path, "/secret?a=1");
    assert_eq!(sent.body, b"{}");
    assert_eq!(
        sent.headers,
        Headers::new()
            .with("host", "mcp.example.com")
            .with("mcp-session-id", "S1")
            .with("content-length", "2")
            .with("CF-Connecting-IP", "10.0.0.7")
            .with("X-Forwarded-For", "192.0.2.1, 10.0.0.7")
            .with("X-Forwarded-Proto", "https")
    );
}

#[test]
fn a_chunked_request_goes_on_with_its_length() {
    let sent = forward(Headers::new().with("Transfer-Encoding", "chunked"), b"{}");
    assert_eq!(
        names(&sent.headers),
        [
            "Content-Length",
            "CF-Connecting-IP",
            "X-Forwarded-For",
            "X-Forwarded-Proto"
        ]
    );
    assert_eq!(sent.headers.get("content-length"), Some("2"));
}

#[test]
fn connections_are_kept_and_the_read_time_out_is_an_option() {
    let mut options = HopOptions::new("localhost:3001");
    options.http10 = true;
    assert_eq!(
        Cloudflare::new(&options).upstream(),
        Upstream {
            keep_alive: true,
            http10: false,
            connect_timeout_ms: 19_000,
            read_timeout_ms: 100_000,
            idle_timeout_ms: 900_000,
        }
    );
    options.read_timeout_ms = Some(125_400);
    let upstream = Cloudflare::new(&options).upstream();
    assert_eq!(upstream.read_timeout_ms, 125_400);
}

#[test]
fn its_owner_sees_no_access_log() {
    let request = forward(Headers::new(), b"");
    let record = LogRecord::new("10.0.0.7", &request, 200, 0);
    assert_eq!(edge().access_log(&record), None);
}
