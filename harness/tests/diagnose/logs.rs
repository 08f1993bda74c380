//! What logs prove.

use std::fmt::Write as _;

use stalemate::diagnose::{Layer, Verb, cause, is_dead, is_sent_on, products};

use crate::support::{INCIDENT, KNOWN, SHORT, found, layers, line, of, read};

const ID: &str = "ead943df-8fd9-4839-ae58-611a949e59c4";

#[test]
fn the_lines_of_the_incident_name_gateway_and_client() {
    let log = read(INCIDENT, None);
    assert_eq!((log.lines(), log.broken.count), (2, 0));
    let found = of(&log.ledger);
    assert_eq!(layers(&found), [Layer::Server, Layer::Client]);
    let (gateway, client) = (&found[0], &found[1]);
    assert_eq!(
        (gateway.clause, &*gateway.products),
        ("SES-07b", ["supergateway-3.4.3".to_owned()].as_slice())
    );
    assert!(
        gateway
            .what
            .contains("400 to GET with 29 bytes, 400 to POST with 105 bytes"),
        "{}",
        gateway.what
    );
    assert!(
        gateway.remedy.contains("supergateway to 4.0.0"),
        "{}",
        gateway.remedy
    );
    assert!(
        client
            .what
            .contains("2 requests in all, and no new session is opened"),
        "{}",
        client.what
    );
    let (_, session) = log.ledger.sessions.first_key_value().expect("there is one");
    assert!(is_dead(session) && is_sent_on(session) && session.born.is_none());
    assert_eq!(session.peers.len(), 2);
}

/// A morning with a gateway of that dialect, whose sessions end in ways that are right: deleted, expired with one 404 and
/// a new session, left alone.
fn healthy() -> String {
    let mut text = String::new();
    for n in 0..300_u64 {
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        let at = 1_795_000_000 + n * 40;
        text += &line(at, "POST", 200, 341, "-", &id);
        text += &line(at, "POST", 202, 5, &id, "-");
        text += &line(at + 1, "POST", 200, 10_900, &id, &id);
        text += &line(at + 9, "POST", 200, 223, &id, &id);
        if n % 3 == 0 {
            text += &line(at + 20, "DELETE", 200, 5, &id, "-");
        }
        if n % 3 == 1 {
            // It expired: both that are under way are told, and a new one is opened.
            text += &line(at + 2_000, "GET", 404, 17, &id, "-");
            text += &line(at + 2_000, "POST", 404, 81, &id, "-");
            text += &line(
                at + 2_001,
                "POST",
                200,
                341,
                "-",
                &format!("{n:08x}-1111-4000-8000-000000000000"),
            );
        }
        if n % 7 == 0 {
            // Somebody's request is wrong, and somebody goes away.
            text += &line(at + 10, "POST", 406, 142, &id, "-");
            text += &line(at + 11, "POST", 499, 0, &id, "-");
        }
        if n % 50 == 0 {
            text += &line(at + 10, "POST", 400, 64, &id, "-");
        }
    }
    text
}

#[test]
fn a_healthy_day_gives_no_alarm() {
    let found = found(&healthy());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_restart_with_a_client_that_never_learns() {
    let mut text = healthy();
    let at = 1_795_100_000;
    text += &line(at, "POST", 200, 341, "-", ID);
    text += &line(at + 5, "POST", 200, 223, ID, ID);
    for n in 0..4 {
        text += &line(at + 60 + n, "POST", 502, 157, ID, "-");
    }
    for n in 0..50 {
        text += &line(at + 70 + n * 60, "GET", 404, 17, ID, "-");
        text += &line(at + 71 + n * 60, "POST", 404, 81, ID, "-");
    }
    let log = read(&text, Some(SHORT));
    let found = of(&log.ledger);
    assert_eq!(layers(&found), [Layer::Client, Layer::Proxy]);
    assert_eq!(found[0].clause, "SES-08");
    assert!(found[0].what.contains("100 requests"), "{}", found[0].what);
    let session = &log.ledger.sessions[ID];
    assert_eq!(session.refused_count(), 100);
    let lasted = session
        .last_refused
        .zip(session.refused)
        .and_then(|(last, first)| last.since(first));
    assert_eq!(lasted, Some((49 * 60 + 1) * 1_000));
    assert!(cause(session, &log.ledger).is_some_and(|why| why.contains("502 × 4")));
    let names = products(&session.refusals, &KNOWN);
    assert_eq!(names, ["supergateway-4.0.0"]);
    assert_eq!(session.refusals[0].method, Verb::Get);
}

/// Without times, requests that were under way at once are not held against a client that is told 404.
#[test]
fn what_was_under_way_is_no_fault() {
    let good = line(1, "POST", 200, 341, "-", ID) + &line(2, "POST", 200, 223, ID, ID);
    let both =
        good.clone() + &line(10, "GET", 404, 17, ID, "-") + &line(10, "POST", 404, 81, ID, "-");
    assert!(found(&both).is_empty());
    let late = both + &line(60, "POST", 404, 81, ID, "-");
    assert_eq!(layers(&found(&late)), [Layer::Client]);
    // An id that is deleted again is cleaned up, not used.
    let cleaned =
        good + &line(10, "POST", 404, 81, ID, "-") + &line(60, "DELETE", 404, 17, ID, "-");
    assert!(found(&cleaned).is_empty());
}

#[test]
fn replicas_that_do_not_know_each_others_sessions_are_told_from_a_wrong_server() {
    let mut text = line(1, "POST", 200, 341, "-", ID);
    for n in 0..10 {
        let (status, bytes) = if n % 2 == 0 { (400, 105) } else { (200, 223) };
        let answered = line(2 + n, "POST", status, bytes, ID, "-");
        text += &answered.replace(":3001", if n % 2 == 0 { ":3002" } else { ":3001" });
    }
    let found = found(&text);
    assert_eq!(layers(&found), [Layer::Balancer]);
    assert!(
        found[0].what.contains("2 different servers"),
        "{}",
        found[0].what
    );
}

#[test]
fn an_id_that_is_lost_on_the_way_is_told() {
    let mut text = String::new();
    for n in 0..5 {
        text += &line(10 * n, "POST", 200, 341, "-", "-");
        text += &line(10 * n + 1, "POST", 400, 105, "-", "-");
    }
    let found = found(&text);
    assert_eq!(layers(&found), [Layer::Proxy]);
    assert_eq!(found[0].clause, "SES-05");
    assert!(found[0].products.contains(&"supergateway-4.0.0".to_owned()));
}

#[test]
fn time_outs_are_the_proxys() {
    let text: String = (0..4)
        .map(|n| line(60 * n, "GET", 504, 167, ID, "-"))
        .collect();
    let found = found(&text);
    assert_eq!(layers(&found), [Layer::Proxy]);
    assert!(found[0].remedy.contains("proxy_read_timeout"));
}

#[test]
fn other_statuses_than_404_are_the_servers_fault() {
    for (status, remedy) in [(401, "log-in"), (410, "answer 404"), (500, "answer 404")] {
        let mut text = line(1, "POST", 200, 341, "-", ID) + &line(2, "POST", 200, 223, ID, ID);
        text += &line(100, "POST", status, 33, ID, "-");
        text += &line(101, "POST", status, 33, ID, "-");
        let found = found(&text);
        assert_eq!(layers(&found), [Layer::Server], "{status}: {found:#?}");
        assert!(found[0].remedy.contains(remedy), "{}", found[0].remedy);
    }
}

/// However long the log: what is kept in mind does not grow.
#[test]
fn memory_is_flat() {
    let format = stalemate::diagnose::LogFormat::parse(SHORT).expect("a format");
    let mut log = stalemate::diagnose::Log::new(Some(format));
    let mut text = String::new();
    for n in 0..250_000_u64 {
        text.clear();
        let _ = write!(
            text,
            "{}",
            line(n, "POST", 200, 341, "-", &format!("{n:036}"))
        );
        log.line(text.trim_end().as_bytes());
        if n % 10 == 0 {
            log.line(
                line(n, "POST", 404, 81, &format!("{n:036}"), "-")
                    .trim_end()
                    .as_bytes(),
            );
        }
    }
    assert!(
        log.ledger.sessions.len() <= 100_000,
        "{}",
        log.ledger.sessions.len()
    );
    let all = log.ledger.sessions.len() as u64 + log.ledger.forgotten;
    assert_eq!((all, log.broken.count), (250_000, 0));
    // Those that were refused are kept in mind longer.
    let refused = log.ledger.sessions.values().filter(|s| is_dead(s)).count();
    assert_eq!(refused, 25_000);
}
