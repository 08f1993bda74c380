//! Real lines, and the counting behind them.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stalemate_wire::{Headers, Method, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// How a body went out.
#[derive(Clone, Copy)]
enum Sent {
    /// With a length.
    Length(usize),
    /// In chunks of these sizes, to the end.
    Ended(&'static [usize]),
    /// In chunks of these sizes, and then cut.
    Cut(&'static [usize]),
}

use Sent::{Cut, Ended, Length};

impl Sent {
    fn count(self) -> u64 {
        let (framing, frames): (_, &[usize]) = match &self {
            Length(bytes) => (Framing::Length(*bytes as u64), &[*bytes]),
            Ended(frames) | Cut(frames) => (Framing::Chunked, frames),
        };
        let mut counter = ChunkCounter::new(framing);
        for bytes in frames {
            counter.frame(*bytes);
        }
        if !matches!(self, Cut(_)) {
            counter.end();
        }
        counter.sent()
    }
}

/// A request as curl and MCP clients send it: a GET for a stream, or a POST of a message.
fn request(
    method: &str,
    path: &str,
    session_id: Option<&str>,
    content_length: Option<&str>,
) -> Request {
    let mut headers = Headers::new().with("Host", "127.0.0.1:18100");
    match method {
        "GET" => headers.push("Accept", "text/event-stream"),
        _ => {
            headers.push("accept", "application/json, text/event-stream");
            headers.push("Content-Type", "application/json");
        }
    }
    if let Some(id) = session_id {
        headers.push("Mcp-Session-Id", id);
    }
    if let Some(length) = content_length {
        headers.push("Content-Length", length);
    }
    Request {
        method: Method::parse(method),
        path: path.to_owned(),
        headers,
        body: Vec::new(),
    }
}

type Row = (
    &'static str,
    u16,
    Sent,
    Option<&'static str>,
    Option<&'static str>,
);

/// Method, status, body, session id and content length of each exchange behind `captured.log`.
#[rustfmt::skip]
const CAPTURED: [Row; 40] = [
    ("POST", 502, Length(157), Some("ead9"), Some("58")),
    ("GET", 502, Length(157), Some("ead9"), None),
    ("GET", 400, Length(29), Some("ead9f00d-0000-4000-8000-000000000000"), None),
    ("POST", 400, Length(105), Some("ead9f00d-0000-4000-8000-000000000000"), Some("58")),
    ("POST", 400, Length(105), Some("ead9f00d-0000-4000-8000-000000000000"), Some("149")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 200, Ended(&[116]), Some("70e6b794-7065-4be2-96bd-9ccc6ebff892"), Some("58")),
    ("GET", 200, Cut(&[]), Some("70e6b794-7065-4be2-96bd-9ccc6ebff892"), None),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 200, Cut(&[]), Some("42d725b9-532b-4333-85b0-17f1bcec6c93"), Some("95")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 200, Ended(&[]), Some("f96b92fc-d987-41a7-871b-3e5e7f9435ed"), Some("95")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 200, Cut(&[]), Some("b2b18a98-eed9-4e94-962d-46e75584c58d"), Some("95")),
    ("POST", 502, Length(157), Some("b2b18a98-eed9-4e94-962d-46e75584c58d"), Some("58")),
    ("POST", 504, Length(167), Some("b2b18a98-eed9-4e94-962d-46e75584c58d"), Some("58")),
    ("POST", 502, Length(157), Some("b2b18a98-eed9-4e94-962d-46e75584c58d"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 200, Ended(&[116]), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 400, Length(105), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 200, Ended(&[116]), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 400, Length(105), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 200, Ended(&[116]), Some("3a2b9e00-2c6f-47b5-b6c2-2693eef3b283"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("a7f0bed8-3641-44f9-ac10-20e09849bb82"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("72122c76-50c6-4d3f-b030-4865187e6cf2"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("70da7615-5e2b-409f-9da0-fb8ff1ebada8"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("3d0eb7cd-dd9e-48db-8fa8-cbff2695bc5e"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 200, Ended(&[116]), Some("18128ee1-3ccb-4917-9656-aac85de47d5d"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("6a9c5644-ef51-4f80-8f44-7ab8e98303d5"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("1c06d79c-0281-476d-886e-a3337c9b4c4e"), Some("58")),
    ("POST", 200, Ended(&[160]), None, Some("149")),
    ("POST", 400, Length(105), Some("b6de19f4-5f50-4b43-a785-50eb847637cc"), Some("58")),
];

#[test]
fn every_captured_line_comes_out_byte_for_byte() {
    let lines: Vec<&str> = include_str!("captured.log").lines().collect();
    assert_eq!(lines.len(), CAPTURED.len());
    for ((method, status, body, session_id, content_length), line) in
        CAPTURED.into_iter().zip(lines)
    {
        let request = request(method, "/mcp", session_id, content_length);
        let record = LogRecord::new("172.70.34.132", &request, status, body.count());
        assert_eq!(record.line(), line);
    }
}

#[test]
fn the_two_lines_of_the_report() {
    const ID: Option<&str> = Some("ead943df-8fd9-4839-ae58-611a949e59c4");
    let get = request("GET", "/[secret-path]", ID, None);
    assert_eq!(
        LogRecord::new("172.70.34.132", &get, 400, Length(29).count()).line(),
        r#"172.70.34.132 - GET /[secret-path] HTTP/1.1 - status:400 body_bytes:29 accept:"text/event-stream" content_type:"-" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"-""#
    );
    let post = request("POST", "/[secret-path]", ID, Some("109"));
    assert_eq!(
        LogRecord::new("104.23.209.43", &post, 400, Length(105).count()).line(),
        r#"104.23.209.43 - POST /[secret-path] HTTP/1.1 - status:400 body_bytes:105 accept:"application/json, text/event-stream" content_type:"application/json" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"109""#
    );
}

#[test]
fn values_are_escaped_and_an_empty_one_is_not_a_missing_one() {
    for (value, written) in [
        ("plain ~", "plain ~"),
        ("\"", r"\x22"),
        (r"a\b", r"a\x5Cb"),
        ("tab\tend", r"tab\x09end"),
        ("\u{7f}", r"\x7F"),
        ("ü", r"\xC3\xBC"),
        ("", ""),
    ] {
        assert_eq!(escape(value), written);
    }
    let odd = request("GET", "/a\"b", Some(""), None);
    let line = LogRecord::new("10.0.0.1", &odd, 0, 0).line();
    assert_eq!(
        line,
        r#"10.0.0.1 - GET /a\x22b HTTP/1.1 - status:000 body_bytes:0 accept:"text/event-stream" content_type:"-" session_id:"" content_length:"-""#
    );
}

#[test]
fn the_first_of_two_headers_is_logged_and_one_with_underscores_is_not() {
    let mut twice = request("GET", "/mcp", Some("first"), None);
    twice.headers.push("mcp-session-id", "second");
    let record = LogRecord::new("10.0.0.1", &twice, 200, 0);
    assert_eq!(record.session_id, Some("first"));

    let mut underscores = request("GET", "/mcp", None, None);
    underscores.headers.push("mcp_session_id", "lost");
    let record = LogRecord::new("10.0.0.1", &underscores, 200, 0);
    assert_eq!(record.session_id, None);
}

#[test]
fn chunk_framing_counts() {
    for (frames, total) in [
        (&[][..], 5),
        (&[116], 127),
        (&[160], 171),
        (&[1], 1 + 5 + 5),
        (&[15], 15 + 5 + 5),
        (&[16], 16 + 6 + 5),
        (&[255], 255 + 6 + 5),
        (&[256], 256 + 7 + 5),
        (&[4095, 4096], 4095 + 7 + 4096 + 8 + 5),
        (&[0, 116, 0], 127),
    ] {
        assert_eq!(chunked_len(frames.iter().copied()), total, "{frames:?}");
    }
}

#[test]
fn the_count_is_the_length_of_the_bytes_on_the_wire() {
    for frames in [&[1, 9, 10, 15, 16, 17][..], &[255, 256, 4095, 4096, 65_536]] {
        let mut wire = String::new();
        for bytes in frames {
            wire += &format!("{bytes:x}\r\n{}\r\n", "x".repeat(*bytes));
        }
        wire += "0\r\n\r\n";
        assert_eq!(chunked_len(frames.iter().copied()), wire.len() as u64);
    }
}

#[test]
fn a_cut_body_counts_what_was_sent() {
    assert_eq!(Cut(&[]).count(), 0);
    assert_eq!(Cut(&[116]).count(), 122);
    let mut with_length = ChunkCounter::new(Framing::Length(105));
    with_length.frame(40);
    assert_eq!(with_length.sent(), 40);
}

/// What hyper's server writes behind the head for a body of these frames.
async fn written_by_hyper(frames: &'static [usize]) -> Vec<u8> {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let service = service_fn(move |_: hyper::Request<Incoming>| async move {
        let frames = frames.iter().map(|bytes| {
            let data = Bytes::from(vec![b'x'; *bytes]);
            Ok::<_, Infallible>(Frame::data(data))
        });
        let body = StreamBody::new(futures_util::stream::iter(frames));
        Ok::<_, Infallible>(hyper::Response::new(body))
    });
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(server), service)
        .await
        .unwrap();
    let mut response = Vec::new();
    client.read_to_end(&mut response).await.unwrap();
    let head = response
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .unwrap();
    response.split_off(head + 4)
}

#[tokio::test]
async fn hyper_writes_each_data_frame_as_one_chunk() {
    for frames in [&[][..], &[116], &[0, 116, 0], &[3, 10, 4096, 100_000]] {
        let body = written_by_hyper(frames).await;
        let counted = chunked_len(frames.iter().copied());
        assert_eq!(body.len() as u64, counted, "{frames:?}");
    }
}
