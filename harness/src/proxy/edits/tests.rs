//! What edits do to heads and requests, around every product.

use stalemate_wire::Method;

use super::*;
use crate::proxy::{HopKind, HopOptions, hop};

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn with(kind: HopKind, edits: &Edits) -> Arc<dyn Hop> {
    let mut options = HopOptions::new("localhost:3001");
    options.upstream_path = Some("/mcp".to_owned());
    options.edits = edits.clone();
    hop(kind, &options)
}

fn head(hop: &Arc<dyn Hop>, status: u16, headers: &Headers) -> (u16, Headers) {
    match hop.on_head(status, headers) {
        HeadDecision::Forward {
            status, headers, ..
        } => (status, headers),
        HeadDecision::Replace(page) => (page.status, page.headers),
    }
}

fn asked(hop: &Arc<dyn Hop>, path: &str) -> Result<Request, Response> {
    let request = Request {
        method: Method::Post,
        path: path.to_owned(),
        headers: Headers::new()
            .with("Host", "mcp.example.com")
            .with("Mcp-Session-Id", "S")
            .with("Authorization", "Bearer t"),
        body: b"{}".to_vec(),
    };
    let received = ForwardRequest {
        request: &request,
        remote_addr: "10.0.0.1",
    };
    match hop.answer(&received) {
        Some(response) => Err(response),
        None => Ok(hop.forward(&received)),
    }
}

#[test]
fn headers_are_hidden_renamed_and_added_in_both_directions() {
    let edits = Edits {
        response: HeaderEdits {
            hide: vec!["MCP-SESSION-ID".to_owned()],
            rename: strings(&[("x-old", "X-New")]),
            add: strings(&[("X-Added", "1")]),
        },
        request: HeaderEdits {
            hide: vec!["authorization".to_owned()],
            rename: strings(&[("mcp-session-id", "X-Session")]),
            add: strings(&[("X-Via", "edge")]),
        },
        ..Edits::default()
    };
    for kind in HopKind::ALL {
        let hop = with(kind, &edits);
        let upstream = Headers::new()
            .with("mcp-session-id", "S")
            .with("X-OLD", "v")
            .with("Content-Length", "0");
        let (status, headers) = head(&hop, 200, &upstream);
        assert_eq!(status, 200);
        assert_eq!(headers.get("mcp-session-id"), None, "{kind:?}");
        assert_eq!(headers.get("x-old"), None, "{kind:?}");
        assert_eq!(headers.get("x-new"), Some("v"), "{kind:?}");
        assert_eq!(headers.get("x-added"), Some("1"), "{kind:?}");
        let onward = asked(&hop, "/mcp").expect("passed on").headers;
        assert_eq!(onward.get("mcp-session-id"), None, "{kind:?}");
        assert_eq!(onward.get("authorization"), None, "{kind:?}");
        assert_eq!(onward.get("x-session"), Some("S"), "{kind:?}");
        assert_eq!(onward.get("x-via"), Some("edge"), "{kind:?}");
    }
}

#[test]
fn a_status_is_exchanged_and_its_body_stays_framed() {
    let edits = Edits {
        statuses: BTreeMap::from([(202, 500), (404, 502), (204, 200), (502, 503)]),
        ..Edits::default()
    };
    let hop = with(HopKind::Nginx, &edits);
    let body = Headers::new().with("Content-Length", "81");
    let (status, headers) = head(&hop, 404, &body);
    assert_eq!((status, headers.get("content-length")), (502, Some("81")));
    assert_eq!(head(&hop, 400, &body).0, 400);
    let (status, headers) = head(&hop, 204, &Headers::new());
    assert_eq!(
        (status, Framing::of(200, &headers)),
        (200, Framing::Length(0))
    );
    // The edge puts its own page in place of a 502, under the status that it is told to use.
    let edge = with(HopKind::Cloudflare, &edits);
    assert_eq!(head(&edge, 502, &body).0, 503);
    assert_eq!(head(&edge, 504, &body).0, 504);
    assert_eq!(hop.on_failure(UpstreamFailure::Refused).status, 502);
}

#[test]
fn a_redirect_is_answered_until_the_path_is_right() {
    for kind in HopKind::ALL {
        for (to, path, target) in [
            (RedirectTo::Slash, "/secret", "/secret/"),
            (RedirectTo::Path("/v2/mcp".to_owned()), "/mcp", "/v2/mcp"),
        ] {
            let redirect = Some(Redirect { status: 307, to });
            let hop = with(
                kind,
                &Edits {
                    redirect,
                    ..Edits::default()
                },
            );
            let answer = asked(&hop, &format!("{path}?a=1")).expect_err("redirected");
            assert_eq!(answer.status, 307);
            let location = format!("http://mcp.example.com{target}?a=1");
            assert_eq!(answer.headers.get("location"), Some(location.as_str()));
            let onward = asked(&hop, &format!("{target}?a=1")).expect("passed on");
            let kept = kind != HopKind::Nginx && path == "/secret";
            let endpoint = if kept { "/secret?a=1" } else { "/mcp?a=1" };
            assert_eq!(onward.path, endpoint, "{kind:?}");
        }
    }
}

#[test]
fn without_edits_there_is_nothing_around_a_hop() {
    let hop = with(HopKind::Nginx, &Edits::default());
    let (status, headers) = head(&hop, 202, &Headers::new().with("mcp-session-id", "S"));
    assert_eq!((status, headers.get("mcp-session-id")), (202, Some("S")));
    assert!(asked(&hop, "/mcp").is_ok());
}
