//! What a balancer leaves alone.

use stalemate_wire::Method;

use super::*;
use crate::proxy::Framing;

#[test]
fn a_request_goes_on_as_it_came() {
    let request = Request {
        method: Method::Post,
        path: "/mcp?x=1".to_owned(),
        headers: Headers::new()
            .with("Host", "localhost:3001")
            .with("Connection", "keep-alive, X-Once")
            .with("X-Once", "1")
            .with("x-forwarded-for", "10.0.0.1")
            .with("Mcp-Session-Id", "a")
            .with("Content-Length", "2"),
        body: b"{}".to_vec(),
    };
    let onward = Balancer::new(&HopOptions::new("ignored:1")).forward(&ForwardRequest {
        request: &request,
        remote_addr: "10.0.0.2",
    });
    let expected = Headers::new()
        .with("Host", "localhost:3001")
        .with("Mcp-Session-Id", "a")
        .with("Content-Length", "2")
        .with("X-Forwarded-For", "10.0.0.1, 10.0.0.2")
        .with("Connection", "close");
    assert_eq!(onward.headers, expected);
    assert_eq!(
        (onward.path.as_str(), &onward.body),
        ("/mcp?x=1", &request.body)
    );
}

#[test]
fn answers_pass_unchanged_and_failures_have_a_page() {
    let balancer = Balancer::new(&HopOptions::new("ignored:1"));
    let stream = Headers::new()
        .with("content-type", "text/event-stream")
        .with("mcp-session-id", "a")
        .with("Connection", "close");
    let HeadDecision::Forward {
        status,
        headers,
        release,
    } = balancer.on_head(404, &stream)
    else {
        panic!("it replaces nothing")
    };
    assert_eq!((status, release), (404, Release::AtOnce));
    assert_eq!(headers.get("mcp-session-id"), Some("a"));
    assert_eq!(Framing::of(404, &headers), Framing::Chunked);
    assert_eq!(headers.get("connection"), None);
    assert_eq!(balancer.on_failure(UpstreamFailure::Refused).status, 502);
    assert_eq!(
        balancer.on_failure(UpstreamFailure::ReadTimeout).status,
        504
    );
}
