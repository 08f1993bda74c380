//! The location that leads upstream, and what nginx answers where none does. Measured; see the capture that the tests replay.

use stalemate_wire::marks::took;
use stalemate_wire::{Method, Request, Response};

use super::error_page;
use crate::proxy::{HopOptions, RedirectTo};

/// What follows the location in a path, in which nginx compares decoded text; `None` if the path is another one.
pub(super) fn rest(options: &HopOptions, path: &str) -> Option<String> {
    let location = options.location.as_deref()?;
    decoded(path).strip_prefix(location).map(str::to_owned)
}

/// The answer to a request that no location leads upstream. nginx looks among its files, of which there are none here: who reads
/// or posts is told that there is nothing, and any other method is not allowed on files.
pub(super) fn elsewhere(options: &HopOptions, request: &Request) -> Option<Response> {
    options.location.as_ref()?;
    let path = request.path.split('?').next().unwrap_or_default();
    let is_redirected = match options.edits.redirect.as_ref().map(|r| &r.to) {
        Some(RedirectTo::Path(to)) => decoded(path).starts_with(to),
        Some(RedirectTo::Slash) | None => false,
    };
    if is_redirected || rest(options, path).is_some() {
        return None;
    }
    let is_file = match &request.method {
        Method::Get | Method::Post => true,
        Method::Delete => false,
        Method::Other(other) => other == "HEAD",
    };
    took("hop", "nginx has no location for a path");
    Some(error_page(if is_file { 404 } else { 405 }))
}

/// A path without its percent signs. One that nothing right follows stays.
fn decoded(path: &str) -> String {
    let mut bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    while let [first, rest @ ..] = bytes {
        let escaped = match rest {
            [high, low, ..] if *first == b'%' => {
                let digits = std::str::from_utf8(&rest[..2]).ok();
                let is_hex = high.is_ascii_hexdigit() && low.is_ascii_hexdigit();
                digits
                    .filter(|_| is_hex)
                    .and_then(|d| u8::from_str_radix(d, 16).ok())
            }
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
        bytes = if escaped.is_some() { &rest[2..] } else { rest };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use stalemate_wire::Headers;

    use super::*;
    use crate::proxy::{Edits, ForwardRequest, Hop, HopKind, Redirect, hop};

    const CAPTURE: &str = include_str!("../captures/nginx-locations.txt");

    fn asked(hop: &dyn Hop, method: &str, path: &str) -> Result<String, Response> {
        let request = Request {
            method: Method::parse(method),
            path: path.to_owned(),
            headers: Headers::new().with("Host", "mcp.example.com"),
            body: Vec::new(),
        };
        let received = ForwardRequest {
            request: &request,
            remote_addr: "127.0.0.1",
        };
        match hop.answer(&received) {
            Some(answer) => Err(answer),
            None => Ok(hop.forward(&received).path),
        }
    }

    fn options(location: &str) -> HopOptions {
        HopOptions {
            upstream_path: Some("/mcp".to_owned()),
            location: Some(location.to_owned()),
            ..HopOptions::new("localhost:3001")
        }
    }

    /// Every row of the capture, to the byte of its body.
    #[test]
    fn every_captured_request_is_answered_as_nginx_did() {
        let nginx = hop(HopKind::Nginx, &options("/secret"));
        let rows: Vec<&str> = CAPTURE.split("== ").skip(1).collect();
        for row in &rows {
            let mut lines = row.lines();
            let title = lines.next().expect("a title");
            let (method, path) = title.split_once(' ').expect("a method and a path");
            let lines: Vec<&str> = lines.map(|l| l.get(2..).unwrap_or("")).collect();
            match asked(&*nginx, method, path) {
                Ok(path) => assert_eq!(lines, [format!("upstream {path}")], "{title}"),
                Err(answer) => {
                    let head = lines.split(|l| l.is_empty()).next().expect("a head");
                    let body = lines[head.len() + 1..].join("\r\n") + "\r\n";
                    assert!(
                        head[0].starts_with(&format!("HTTP/1.1 {}", answer.status)),
                        "{title}"
                    );
                    let headers = answer.headers.iter();
                    let headers: Vec<String> = headers.map(|(n, v)| format!("{n}: {v}")).collect();
                    assert_eq!(headers, &head[1..], "{title}");
                    if method != "HEAD" {
                        assert_eq!(String::from_utf8_lossy(&answer.body), body, "{title}");
                    }
                }
            }
        }
        assert_eq!(rows.len(), 13);
    }

    #[test]
    fn what_a_redirect_leads_to_is_led_upstream_too() {
        let mut options = options("/secret");
        options.edits = Edits {
            redirect: Some(Redirect {
                status: 307,
                to: RedirectTo::Path("/v2/mcp".to_owned()),
            }),
            ..Edits::default()
        };
        let nginx = hop(HopKind::Nginx, &options);
        assert_eq!(
            asked(&*nginx, "POST", "/v2/mcp?a=1"),
            Ok("/mcp?a=1".to_owned())
        );
        let status = |path| asked(&*nginx, "POST", path).map_err(|answer| answer.status);
        assert_eq!(status("/secret"), Err(307));
        assert_eq!(status("/other"), Err(404));
    }

    #[test]
    fn percent_signs_are_read() {
        assert_eq!(decoded("/%5Bsecret-path%5d/a"), "/[secret-path]/a");
        assert_eq!(decoded("/100%/%zz%4"), "/100%/%zz%4");
    }
}
