//! Every row of the capture of refusals and redirects, to the byte of its body.

use stalemate_wire::{Headers, Method};

use super::*;
use crate::proxy::{Edits, ForwardRequest, HopKind, HopOptions, Redirect, RedirectTo, hop};

const CAPTURE: &str = include_str!("../../captures/nginx-refusals.txt");

fn number(word: &str) -> usize {
    word.parse().expect(word)
}

/// The request of a row, which its title describes.
fn request(title: &str) -> Request {
    let mut request = Request {
        method: Method::Get,
        path: "/mcp".to_owned(),
        headers: Headers::new().with("Host", "mcp.example.com"),
        body: Vec::new(),
    };
    let line = |name: &str, bytes: usize| "a".repeat(bytes - name.len() - 4);
    match title.split(' ').collect::<Vec<_>>()[..] {
        ["a", "body", "of", bytes, ..] | ["a", "chunked", "body", "of", bytes, ..] => {
            request.method = Method::Post;
            request.body = vec![b'x'; number(bytes)];
        }
        ["a", "header", "line", "of", bytes, ..] => {
            let name = "Mcp-Session-Id";
            request.headers.push(name, line(name, number(bytes)));
        }
        [count, "header", "lines", "of", bytes, "bytes"] => {
            for n in 0..number(count) {
                let name = format!("X-{n}");
                // As they were sent, without their line ends being counted.
                let value = line(&name, number(bytes));
                request.headers.push(name, value);
            }
        }
        ["a", "request", "line", "of", bytes, ..] => {
            let rest = "GET /mcp? HTTP/1.1\r\n".len();
            request.path = format!("/mcp?{}", "a".repeat(number(bytes) - rest));
        }
        [method, "of", "a", "location", ..] => {
            request.method = Method::parse(method);
            request.path = "/secret".to_owned();
        }
        [method, "of", "it", "with", "a", "query"] => {
            request.method = Method::parse(method);
            request.path = "/secret?a=1".to_owned();
        }
        _ => panic!("{title}"),
    }
    request
}

/// A response as the capture has it: the status, the headers in no order, the body.
fn shown(status: u16, headers: &Headers, body: &[u8]) -> (u16, Vec<String>, String) {
    let mut headers: Vec<String> = headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    headers.sort();
    let body = String::from_utf8_lossy(body).replace("\r\n", "\n");
    (status, headers, body)
}

fn captured(lines: &[&str]) -> (u16, Vec<String>, String) {
    let mut lines = lines.iter().map(|l| l.strip_prefix("| ").unwrap_or(""));
    let status = lines
        .next()
        .and_then(|l| l.split(' ').nth(1))
        .expect("a status");
    let mut headers: Vec<String> = lines
        .by_ref()
        .take_while(|l| !l.is_empty())
        .map(str::to_owned)
        .collect();
    headers.sort();
    let body: Vec<&str> = lines.collect();
    (status.parse().expect("a number"), headers, body.join("\n"))
}

#[test]
fn every_captured_request_is_refused_or_passed_on_as_nginx_did() {
    let mut options = HopOptions::new("localhost:3001");
    options.edits = Edits {
        redirect: Some(Redirect {
            status: 301,
            to: RedirectTo::Slash,
        }),
        ..Edits::default()
    };
    let redirecting = hop(HopKind::Nginx, &options);
    let plain = hop(HopKind::Nginx, &HopOptions::new("localhost:3001"));
    let mut rows = 0;
    for row in CAPTURE.split("== ").skip(1) {
        rows += 1;
        let lines: Vec<&str> = row.lines().collect();
        let title = lines[0];
        let request = request(title);
        let nginx = if request.path.starts_with("/secret") {
            &redirecting
        } else {
            &plain
        };
        let answer = nginx.answer(&ForwardRequest {
            request: &request,
            remote_addr: "127.0.0.1",
        });
        let of_answer: Vec<&str> = lines[1..]
            .iter()
            .copied()
            .filter(|l| l.starts_with('|'))
            .collect();
        let (status, headers, body) = captured(&of_answer);
        match answer {
            None => assert_eq!(status, 200, "{title}"),
            Some(answer) => {
                // It listened on no port that its name leaves out.
                let headers: Vec<String> =
                    headers.iter().map(|h| h.replace(":18301", "")).collect();
                let ours = shown(answer.status, &answer.headers, &answer.body);
                assert_eq!(ours, (status, headers, body), "{title}");
            }
        }
    }
    assert_eq!(rows, 18);
}

#[test]
fn a_limit_can_be_chosen_or_taken_away() {
    let post = |bytes| Request {
        method: Method::Post,
        path: "/mcp".to_owned(),
        headers: Headers::new(),
        body: vec![b'x'; bytes],
    };
    assert_eq!(refusal(&post(101), 100).map(|r| r.status), Some(413));
    assert_eq!(refusal(&post(100), 100), None);
    assert_eq!(refusal(&post(2_000_000), 0), None);
}
