//! Logs in the making.

use std::sync::LazyLock;

use stalemate::diagnose::{
    Finding, Fingerprint, Layer, Ledger, Log, LogFormat, findings, fingerprints,
};
use stalemate::dialect;

/// The fingerprints of the built-in dialects.
pub(crate) static KNOWN: LazyLock<Vec<Fingerprint>> =
    LazyLock::new(|| fingerprints(&dialect::builtin()));

/// The two lines of the report.
pub(crate) const INCIDENT: &str = r#"172.70.34.132 - GET /[secret-path] HTTP/1.1 - status:400 body_bytes:29 accept:"text/event-stream" content_type:"-" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"-"
104.23.209.43 - POST /[secret-path] HTTP/1.1 - status:400 body_bytes:105 accept:"application/json, text/event-stream" content_type:"application/json" session_id:"ead943df-8fd9-4839-ae58-611a949e59c4" content_length:"109"
"#;

/// A format with all that is wanted, and little else.
pub(crate) const SHORT: &str = r#"$msec "$request" $status $body_bytes_sent in:$http_mcp_session_id out:$sent_http_mcp_session_id up:$upstream_addr accept:"$http_accept""#;

/// One line of [`SHORT`]; `-` is none.
pub(crate) fn line(
    at_s: u64,
    method: &str,
    status: u16,
    bytes: u64,
    session: &str,
    given: &str,
) -> String {
    let accept = match method {
        "GET" => "text/event-stream",
        _ => "application/json, text/event-stream",
    };
    format!(
        "{at_s}.000 \"{method} /mcp HTTP/1.1\" {status} {bytes} in:{session} out:{given} up:127.0.0.1:3001 accept:\"{accept}\"\n"
    )
}

/// Reads a log.
pub(crate) fn read(text: &str, format: Option<&str>) -> Log {
    let format = format.map(|f| LogFormat::parse(f).expect("a format"));
    let mut log = Log::new(format);
    text.lines().for_each(|line| log.line(line.as_bytes()));
    log
}

/// What is found in a log of [`SHORT`].
pub(crate) fn found(text: &str) -> Vec<Finding> {
    let log = read(text, Some(SHORT));
    assert_eq!(log.broken.count, 0, "{:?}", log.broken);
    of(&log.ledger)
}

pub(crate) fn of(ledger: &Ledger) -> Vec<Finding> {
    findings(ledger, &KNOWN)
}

pub(crate) fn layers(found: &[Finding]) -> Vec<Layer> {
    found.iter().map(|f| f.layer).collect()
}
