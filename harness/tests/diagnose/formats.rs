//! Formats of access logs, and lines that have none of them.

use stalemate::diagnose::{ADVISED, COMBINED, INCIDENT, LogFormat};

use crate::support::read;

#[test]
fn a_format_is_taken_as_it_stands_in_the_configuration() {
    let directive = r#"
        log_format mcpdebug '$remote_addr - $request - status:$status body_bytes:$body_bytes_sent '
                            'accept:"$http_accept" content_type:"$http_content_type" '
                            'session_id:"$http_mcp_session_id" content_length:"$http_content_length"';"#;
    let line = crate::support::INCIDENT.lines().next().expect("a line");
    for text in [directive, INCIDENT] {
        let format = LogFormat::parse(text).expect("it is one");
        let hit = format.read(line).expect("its line");
        assert_eq!(
            (hit.method, hit.path, hit.status, hit.bytes),
            ("GET", "/[secret-path]", 400, Some(29))
        );
        assert_eq!(hit.session, Some("ead943df-8fd9-4839-ae58-611a949e59c4"));
        assert_eq!((hit.at_ms, hit.given), (None, None));
        let told = format.told();
        assert!(told.session && told.bytes && !told.time && !told.given);
    }
    let json = r#"log_format j escape=json '{"t":"$time_iso8601","m":"$request_method","u":"${request_uri}","s":$status,"id":"$http_mcp_session_id"}';"#;
    let format = LogFormat::parse(json).expect("it is one");
    let hit = format
        .read(r#"{"t":"2026-11-28T21:00:00+00:00","m":"POST","u":"/mcp?x=1","s":404,"id":""}"#);
    let hit = hit.expect("its line");
    assert_eq!(
        (hit.method, hit.path, hit.status, hit.session),
        ("POST", "/mcp?x=1", 404, None)
    );
    assert_eq!(hit.at_ms, Some(1_795_899_600_000));
}

#[test]
fn nginxs_own_format_and_the_advised_one_are_known() {
    let combined =
        r#"127.0.0.1 - - [28/Nov/2026:21:00:00 +0000] "POST /mcp HTTP/1.1" 404 81 "-" "node""#;
    let log = read(combined, None);
    assert_eq!(
        (log.is_known(), log.ledger.hits, log.told().session),
        (true, 1, false)
    );
    assert!(LogFormat::parse(COMBINED).is_ok());
    // Without ids, the lengths of two kinds of refusals tell on a server; one of them alone may be a chance.
    let refused = |method: &str, bytes: u64| {
        format!(
            "127.0.0.1 - - [28/Nov/2026:21:00:00 +0000] \"{method} /mcp HTTP/1.1\" 400 {bytes} \"-\" \"-\"\n"
        )
    };
    let log = read(&(refused("POST", 105) + &refused("GET", 29)), None);
    let found = crate::support::of(&log.ledger);
    assert_eq!(found[0].products, ["supergateway-3.4.3"]);
    assert!(found[0].what.contains("2 answers"), "{}", found[0].what);
    assert_eq!(
        crate::support::of(&read(&refused("POST", 105).repeat(9), None).ledger),
        []
    );
    let advised = r#"2026-11-28T21:00:00+00:00 10.0.0.1 "POST /mcp HTTP/1.1" 200 341 in:"-" out:"ead943df" upstream:"127.0.0.1:3001, 127.0.0.1:3002" upstream_status:"502, 200" took:0.012 accept:"application/json, text/event-stream" agent:"node""#;
    let hit = LogFormat::parse(ADVISED).expect("ours");
    let hit = hit.read(advised).expect("its line");
    assert_eq!(
        (hit.given, hit.upstream_status),
        (Some("ead943df"), Some(200))
    );
    assert!(read(advised, None).told().given);
}

#[test]
fn what_is_no_format_is_refused_with_a_reason() {
    for (text, why) in [
        ("", "no `$status`"),
        ("hello", "no `$status`"),
        ("$remote_addr $request", "no `$status`"),
        ("$status $remote_addr", "neither `$request`"),
        (
            "$request$status",
            "nothing stands between `$request` and `$status`",
        ),
        ("$request $ $status", "before no name"),
        ("log_format", "no `$status`"),
        ("log_format main", "no `$status`"),
    ] {
        let error = LogFormat::parse(text)
            .err()
            .unwrap_or_else(|| panic!("{text:?} is taken"));
        assert!(error.to_string().contains(why), "{text:?}: {error}");
    }
}

/// Counted, shown with their numbers, and never the end; nor is an id shown whole.
#[test]
fn broken_lines_are_counted() {
    let id = "ead943df-8fd9-4839-ae58-611a949e59c4";
    let good = crate::support::INCIDENT.lines().next().expect("a line");
    let long = "x".repeat(3_000_000);
    let broken = [
        "nonsense".to_owned(),
        "\u{1b}[31m\0\u{7}".to_owned(),
        good.replace("status:400", "status:abc"),
        good.replace("status:400", "status:70000"),
        good[..60].to_owned(),
        format!("{good} and more"),
        format!("session {id} was lost"),
        "ü".repeat(300),
        long,
        "2026-11-28 ERROR something".to_owned(),
    ];
    let mut text = String::new();
    for line in &broken {
        text += &format!("{good}\n\n{line}\n");
    }
    let log = read(&text, None);
    assert_eq!(log.broken.count, broken.len() as u64);
    assert_eq!(log.ledger.hits, broken.len() as u64);
    assert_eq!(log.broken.first.len(), 5);
    assert_eq!(log.broken.first[0], (3, "nonsense".to_owned()));
    for (_, shown) in &log.broken.first {
        assert!(shown.chars().count() <= 100 && !shown.contains('\u{1b}'));
    }
    let mut own = stalemate::diagnose::Broken::default();
    own.note(1, &format!("session {id} was lost"));
    assert_eq!(own.first[0].1, "session ead943df… was lost");
}

#[test]
fn bytes_that_are_no_text_are_a_broken_line() {
    let mut log = stalemate::diagnose::Log::new(None);
    log.line(&[0xff, 0xfe, 0, 1, 2]);
    log.line(b"");
    assert_eq!((log.broken.count, log.lines()), (1, 2));
}
