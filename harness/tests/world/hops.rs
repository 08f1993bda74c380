//! What a hop is and says whatever it is told to change in messages.

use std::sync::Arc;

use stalemate::journal::{Event, Message, Side};
use stalemate::proxy::{Edits, HeaderEdits, Hop, HopKind, HopOptions, LogRecord, hop};
use stalemate::sim::Run;
use stalemate_wire::{Headers, Method, Request};

use crate::support::{all, client, one_server, run};

/// The hop of that kind, with a header added to each answer.
fn adding(kind: HopKind) -> Arc<dyn Hop> {
    let mut options = HopOptions::new("localhost:3001");
    options.edits = Edits {
        response: HeaderEdits {
            add: [("X-Added".to_owned(), "1".to_owned())].into(),
            ..HeaderEdits::default()
        },
        ..Edits::default()
    };
    hop(kind, &options)
}

fn plain(kind: HopKind) -> Arc<dyn Hop> {
    hop(kind, &HopOptions::new("localhost:3001"))
}

#[test]
fn a_hop_keeps_its_name_under_its_edits() {
    for kind in HopKind::ALL {
        assert_eq!(adding(kind).name(), kind.as_str());
        assert_eq!(plain(kind).name(), kind.as_str());
    }
}

/// Of the others their owners see no log, or none that is known.
#[test]
fn nginx_alone_writes_an_access_log() {
    let request = Request {
        method: Method::Post,
        path: "/mcp".to_owned(),
        headers: Headers::new().with("Mcp-Session-Id", "S"),
        body: Vec::new(),
    };
    let record = LogRecord::new("10.0.0.1", &request, 202, 0);
    let line = "10.0.0.1 - POST /mcp HTTP/1.1 - status:202 body_bytes:0 accept:\"-\" content_type:\"-\" \
                session_id:\"S\" content_length:\"-\"";
    for kind in HopKind::ALL {
        let expected = (kind == HopKind::Nginx).then_some(line);
        for hop in [plain(kind), adding(kind)] {
            assert_eq!(hop.access_log(&record).as_deref(), expected, "{kind:?}");
        }
    }
}

/// A run behind an nginx that is told that, and whether a status was ever exchanged in it.
fn exchanging(statuses: &str) -> (Run, bool) {
    let path = format!("nginx: {{statuses: {statuses}}}");
    let steps = "  - add: memory\n  - wait: 1s\n";
    let run = run(
        &one_server("spec", &path, steps, ""),
        &client("connector/recovering"),
    );
    let arms = run.findings.arms.iter();
    let exchanged = arms.filter(|(_, arm)| arm == "a status is exchanged");
    let exchanged = exchanged.count() > 0;
    (run, exchanged)
}

/// Which decisions a run tried is told of it: one that was never made is not among them.
#[test]
fn that_a_status_was_exchanged_is_said_only_where_one_was() {
    let (run, exchanged) = exchanging("{418: 500}");
    assert!(!exchanged, "the server says no 418\n{}", all(&run));
    let (run, exchanged) = exchanging("{202: 200}");
    assert!(exchanged, "\n{}", all(&run));
    let statuses = |process: &str| -> Vec<u16> {
        let sent = run.record.entries.iter().filter_map(|e| match &e.event {
            Event::Http {
                at,
                side: Side::Sent,
                message: Message::Response(r),
                ..
            } if **at == *process => Some(r.status),
            _ => None,
        });
        sent.collect()
    };
    assert!(statuses("memory").contains(&202) && !statuses("nginx").contains(&202));
}
