//! What the real nginx did, request by request, and what its capture cannot show: a balancer that knows sessions.

use super::*;

const CAPTURE: &str = include_str!("../captures/nginx-upstreams.txt");

/// What an upstream server does with a request, on a connection that it keeps or on a fresh one.
fn does(behaviour: &str, was_kept: bool) -> Result<u16, UpstreamFailure> {
    match behaviour {
        "ok" => Ok(200),
        "refuses" => Err(UpstreamFailure::Refused),
        "closes" => Err(UpstreamFailure::ClosedBeforeHead),
        "silent" => Err(UpstreamFailure::ReadTimeout),
        // It answers the first request of a connection and closes at the next.
        "kept" if was_kept => Err(UpstreamFailure::ClosedBeforeHead),
        "kept" => Ok(200),
        status => Ok(status.parse().expect(status)),
    }
}

/// A running nginx of the capture with its upstream servers.
struct Group {
    upstreams: Upstreams,
    keeps: bool,
    behaviours: Vec<String>,
    /// Whether a connection to each is kept.
    kept: Vec<bool>,
}

impl Group {
    fn of(line: &str) -> Self {
        let mut fails = Fails::default();
        let mut peers = 0;
        let mut policy = BalancePolicy::RoundRobin;
        for word in line.split([',', ' ']).collect::<Vec<_>>().windows(2) {
            match word {
                ["peers", n] => peers = n.parse().expect(n),
                ["policy", "header-hash"] => policy = BalancePolicy::HeaderHash,
                _ => {}
            }
        }
        for (key, value) in line.split([',', ' ']).filter_map(|w| w.split_once('=')) {
            match key {
                "max_fails" => fails.max = value.parse().expect(value),
                "fail_timeout" => {
                    let seconds: u64 = value.trim_end_matches('s').parse().expect(value);
                    fails.timeout_ms = seconds * 1000;
                }
                other => panic!("{other}"),
            }
        }
        Self {
            upstreams: Upstreams::new(policy, fails, peers),
            keeps: line.ends_with("keepalive"),
            behaviours: vec!["ok".to_owned(); peers],
            kept: vec![false; peers],
        }
    }

    /// The attempts and the status that the client got, as the capture writes them.
    fn ask(&mut self, now_ms: u64, method: &str, session: &str) -> (String, u16) {
        let mut headers = Headers::new();
        if session != "-" {
            headers.push("Mcp-Session-Id", session);
        }
        let mut attempts = self.upstreams.begin(&headers);
        let mut told = Vec::new();
        loop {
            let Some(peer) = self.upstreams.next(&mut attempts, now_ms) else {
                told.push("none 502".to_owned());
                return (told.join(", "), 502);
            };
            let was_kept = std::mem::replace(&mut self.kept[peer], false);
            match does(&self.behaviours[peer], was_kept) {
                Ok(status) => {
                    self.kept[peer] = self.keeps;
                    self.upstreams.answered(peer, &Headers::new());
                    told.push(format!("{} {status}", peer + 1));
                    return (told.join(", "), status);
                }
                Err(how) => {
                    told.push(format!("{} {}", peer + 1, how.status()));
                    let failed = Failed {
                        how,
                        was_kept,
                        is_idempotent: is_idempotent(&Method::parse(method)),
                    };
                    if !self.upstreams.failed(&mut attempts, peer, failed, now_ms) {
                        return (told.join(", "), how.status());
                    }
                }
            }
        }
    }
}

/// Times in the capture run from the start of a second; the epoch of a run is one too, and long ago.
const BEGAN_MS: u64 = 1_000_000;

#[test]
fn every_captured_request_goes_where_nginx_sent_it() {
    let mut title = "";
    let mut group: Option<Group> = None;
    let mut asked: Option<(String, u16)> = None;
    let mut requests = 0;
    for (n, line) in CAPTURE.lines().enumerate() {
        let place = format!("line {}, {title}", n + 1);
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "" | "#" => {}
            "==" => title = rest,
            "@" => group = Some(Group::of(rest)),
            "!" => {
                let (peer, behaviour) = rest.split_once(' ').expect(rest);
                let peer: usize = peer.parse().expect(peer);
                group.as_mut().expect("a group").behaviours[peer - 1] = behaviour.to_owned();
            }
            ">" => {
                let words: Vec<&str> = rest.split(' ').collect();
                let [ms, method, session] = words[..] else {
                    panic!("{place}");
                };
                let now_ms = BEGAN_MS + ms.parse::<u64>().expect(ms);
                let group = group.as_mut().expect("a group");
                asked = Some(group.ask(now_ms, method, session));
                requests += 1;
            }
            "^" => assert_eq!(asked.as_ref().expect("asked").0, rest, "{place}"),
            "<" => assert_eq!(
                asked.as_ref().expect("asked").1.to_string(),
                rest,
                "{place}"
            ),
            other => panic!("{place}: {other}"),
        }
    }
    assert!(requests > 100, "{requests} requests: are they still read?");
}

fn with(session: &str) -> Headers {
    Headers::new().with("Mcp-Session-Id", session)
}

/// The CRC-32 of "123456789" is 0xcbf43926 by its definition.
#[test]
fn the_hash_is_nginx_s() {
    assert_eq!(hash("123456789"), 0x4bf4);
}

#[test]
fn sticky_goes_where_the_session_is_and_elsewhere_if_that_fails() {
    let mut upstreams = Upstreams::new(BalancePolicy::Sticky, Fails::default(), 2);
    let first = |upstreams: &mut Upstreams, headers: &Headers, now_ms| {
        let mut attempts = upstreams.begin(headers);
        (upstreams.next(&mut attempts, now_ms), attempts)
    };
    assert_eq!(first(&mut upstreams, &Headers::new(), 0).0, Some(0));
    upstreams.answered(1, &with("a"));
    upstreams.answered(0, &with("b"));
    for (session, peer) in [("a", 1), ("b", 0), ("a", 1)] {
        assert_eq!(first(&mut upstreams, &with(session), 0).0, Some(peer));
    }
    let (_, mut attempts) = first(&mut upstreams, &with("a"), 0);
    let failed = Failed {
        how: UpstreamFailure::Refused,
        was_kept: false,
        is_idempotent: false,
    };
    assert!(upstreams.failed(&mut attempts, 1, failed, 0));
    assert_eq!(upstreams.next(&mut attempts, 0), Some(0));
    // It is left out for ten whole seconds.
    assert_eq!(first(&mut upstreams, &with("a"), 10_999).0, Some(0));
    assert_eq!(first(&mut upstreams, &with("a"), 11_000).0, Some(1));
    // The last one that answered with the id counts.
    upstreams.answered(0, &with("a"));
    assert_eq!(first(&mut upstreams, &with("a"), 12_000).0, Some(0));
}
