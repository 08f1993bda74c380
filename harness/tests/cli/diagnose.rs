//! `stalemate diagnose` from outside: what is read, exit codes, and what an owner of a log is told.

use std::fs;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::stalemate;

const INCIDENT: &str = r#"172.70.34.132 - GET /[secret-path] HTTP/1.1 - status:400 body_bytes:29 accept:"text/event-stream" content_type:"-" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"-"
104.23.209.43 - POST /[secret-path] HTTP/1.1 - status:400 body_bytes:105 accept:"application/json, text/event-stream" content_type:"application/json" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"109"
"#;

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("written");
    let name = path.to_str().expect("UTF-8").to_owned();
    (dir, name)
}

#[test]
fn the_incidents_lines_say_what_took_days_to_find() {
    let (_dir, log) = file("access.log", INCIDENT.as_bytes());
    let done = stalemate(&["diagnose", &log]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    for said in [
        "server or gateway (answers as supergateway-3.4.3 does): an id that is dead is answered 400",
        "400 to GET with 29 bytes, 400 to POST with 105 bytes",
        "breaks   SES-07b, 1 session, e.g. line 1",
        "remedy   upgrade supergateway to 4.0.0",
        "client: an id that was refused is sent again, 2 requests in all, and no new session is opened",
        "ead943df…",
        "from 2 addresses: 104.23.209.43, 172.70.34.132",
        "born         not in this log",
        "times, so not how long",
        "log_format mcp '$time_iso8601",
    ] {
        assert!(done.out.contains(said), "{said} is not in\n{}", done.out);
    }
    assert!(!done.out.contains("ead943df-8fd9"), "{}", done.out);
    let json = stalemate(&["diagnose", &log, "--format", "json"]);
    let all: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((json.code, &all["version"]), (1, &1.into()));
    assert_eq!(all["findings"][0]["layer"], "server");
    assert_eq!(all["findings"][1]["layer"], "client");
    assert_eq!(all["dead"][0]["products"][0], "supergateway-3.4.3");
    assert!(!json.out.contains("ead943df-8fd9"));
}

/// The line that is advised is one that is understood.
#[test]
fn compressed_logs_and_standard_input_are_read() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, INCIDENT.as_bytes()).expect("memory");
    let bytes = gzip.finish().expect("memory");
    let (_dir, log) = file("access.log.1.gz", &bytes);
    let packed = stalemate(&["diagnose", &log]);
    let (_dir, log) = file("access.log", INCIDENT.as_bytes());
    let plain = stalemate(&["diagnose", &log]);
    assert_eq!(packed.code, 1, "{}", packed.err);
    let body = |out: &str| out.split_once("  2 lines").map(|(_, rest)| rest.to_owned());
    assert_eq!(body(&packed.out), body(&plain.out));
    let input = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(["diagnose", "-"])
        .stdin(Stdio::from(fs::File::open(&log).expect("it is there")))
        .output()
        .expect("the command runs");
    assert_eq!(input.status.code(), Some(1));
    let out = String::from_utf8(input.stdout).expect("UTF-8");
    assert_eq!(body(&out), body(&plain.out));
    // Half of it is worth half of it.
    let (_dir, log) = file("cut.gz", &bytes[..bytes.len() - 20]);
    let cut = stalemate(&["diagnose", &log]);
    assert!(
        cut.out.contains("reading stopped") || cut.err.contains("reading stopped"),
        "{}{}",
        cut.out,
        cut.err
    );
}

#[test]
fn own_records_and_har_files_are_read() {
    let scenario = "scenarios/incident-48557/ten-steps.yaml";
    let record = stalemate(&[
        "trace",
        scenario,
        "--client",
        "connector/stale-cache",
        "--format",
        "json",
    ]);
    let (_dir, log) = file("record.jsonl", record.out.as_bytes());
    let done = stalemate(&["diagnose", &log]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(
        done.out.contains("answers as supergateway-3.4.3 does"),
        "{}",
        done.out
    );
    assert!(done.out.contains("dead, and sent on"), "{}", done.out);
    assert!(!done.out.contains("log_format mcp"), "{}", done.out);
    let har = r#"{"log":{"version":"1.2","entries":[]}}"#;
    let (_dir, log) = file("empty.har", har.as_bytes());
    let done = stalemate(&["diagnose", &log]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("Nothing is wrong"), "{}", done.out);
}

#[test]
fn what_cannot_be_read_is_told() {
    let nonsense: String = (0..20)
        .map(|n| format!("line {n} of something else\n"))
        .collect();
    let huge = "x".repeat(3 << 20);
    let binary: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let long_id = format!(
        "see ead943df-8fd9-4839-ae58-611a949e59c4 {}",
        "y".repeat(500)
    );
    for (name, bytes, why) in [
        ("empty.log", b"".as_slice(), "it is empty"),
        (
            "other.log",
            nonsense.as_bytes(),
            "no line of it has a known format",
        ),
        (
            "one-line.log",
            huge.as_bytes(),
            "no line of it has a known format",
        ),
        ("binary.log", &binary, "no line of it has a known format"),
        (
            "newlines.log",
            b"\n\n\n\n",
            "no line of it has a known format",
        ),
        ("id.log", long_id.as_bytes(), "see ead943df… "),
        ("bad.har", b"{\"log\": 3}", "this is no HAR file"),
        (
            "cut.har",
            b"{\"log\": {\"entries\": [",
            "this is no HAR file",
        ),
        ("bad.jsonl", b"{\"record\":1}", "this is no record"),
        ("bad.gz", b"\x1f\x8b\x08\x00nothing", "reading stopped"),
    ] {
        let (_dir, log) = file(name, bytes);
        let done = stalemate(&["diagnose", &log]);
        assert_eq!(done.code, 2, "{name}: {}{}", done.out, done.err);
        assert!(done.err.contains(why), "{name}: {}", done.err);
        assert!(!done.err.contains("ead943df-8fd9"), "{}", done.err);
    }
    let missing = stalemate(&["diagnose", "no/such.log"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("there is no such file"),
        "{}",
        missing.err
    );
    let directory = stalemate(&["diagnose", "harness"]);
    assert!(
        directory.err.contains("directory, not a file"),
        "{}",
        directory.err
    );
    let (_dir, log) = file("access.log", INCIDENT.as_bytes());
    let format = stalemate(&["diagnose", &log, "--log-format", "$remote_addr"]);
    assert_eq!(format.code, 2);
    assert!(format.err.contains("no `$status`"), "{}", format.err);
    let other = stalemate(&["diagnose", &log, "--log-format", "$status $request"]);
    assert!(
        other.err.contains("no line of it has a known format"),
        "{}",
        other.err
    );
}
