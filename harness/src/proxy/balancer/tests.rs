//! The choices of each policy, and what a balancer leaves alone.

use stalemate_wire::Method;

use super::*;

fn with(session: &str) -> Headers {
    Headers::new().with("Mcp-Session-Id", session)
}

fn firsts(picker: &mut Picker, requests: &[Headers]) -> Vec<usize> {
    requests.iter().map(|r| picker.pick(r)[0]).collect()
}

#[test]
fn round_robin_takes_turns_whatever_the_session() {
    let mut picker = Picker::new(BalancePolicy::RoundRobin, 3);
    picker.answered(0, &with("a"));
    let requests = [Headers::new(), with("a"), with("a"), with("b"), with("a")];
    assert_eq!(firsts(&mut picker, &requests), [0, 1, 2, 0, 1]);
}

#[test]
fn every_replica_is_tried_once_from_the_chosen_one_on() {
    for policy in BalancePolicy::ALL {
        let mut picker = Picker::new(policy, 4);
        for session in ["", "a", "b", "c"] {
            let order = picker.pick(&with(session));
            let following: Vec<usize> = (0..4).map(|n| (order[0] + n) % 4).collect();
            assert_eq!(order, following, "{policy:?}");
        }
    }
}

#[test]
fn a_hash_keeps_to_the_header_and_is_blind_to_answers() {
    let mut picker = Picker::new(BalancePolicy::HeaderHash, 2);
    let empty = picker.pick(&Headers::new())[0];
    assert_eq!(picker.pick(&with(""))[0], empty);
    let before: Vec<usize> = ["a", "b", "c", "d", "e", "f"]
        .map(|session| picker.pick(&with(session))[0])
        .to_vec();
    assert!(before.contains(&0) && before.contains(&1), "{before:?}");
    for session in ["a", "b", "c", "d", "e", "f"] {
        picker.answered(empty, &with(session));
    }
    let after: Vec<usize> = ["a", "b", "c", "d", "e", "f"]
        .map(|session| picker.pick(&with(session))[0])
        .to_vec();
    assert_eq!(before, after);
}

/// The CRC-32 of "123456789" is 0xcbf43926 by its definition.
#[test]
fn the_hash_is_nginx_s() {
    assert_eq!(hash("123456789"), 0x4bf4);
    assert_eq!(hash(""), 0);
}

#[test]
fn sticky_goes_where_the_session_is() {
    let mut picker = Picker::new(BalancePolicy::Sticky, 2);
    assert_eq!(
        firsts(&mut picker, &[Headers::new(), Headers::new()]),
        [0, 1]
    );
    picker.answered(1, &with("a"));
    picker.answered(0, &with("b"));
    let requests = [with("a"), with("b"), with("a"), with("A")];
    assert_eq!(firsts(&mut picker, &requests), [1, 0, 1, 0]);
    // An answer without an id, as to a refusal, teaches nothing; the last one with the id counts.
    picker.answered(0, &Headers::new());
    assert_eq!(firsts(&mut picker, &[with(""), with("a")]), [1, 1]);
    picker.answered(0, &with("a"));
    assert_eq!(firsts(&mut picker, &[with("a"), with("a")]), [0, 0]);
}

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
