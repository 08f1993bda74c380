//! One scenario that asks everything, and what each client breaks in it: that and nothing else. A knob that is wrong shows
//! where it should; a right client breaks nothing.

use stalemate::invariant::{ALL, Severity, get};
use stalemate::registry::Registry;
use stalemate::runner::Outcome;

use crate::support::{cell, verdicts, violated};

const EVERYTHING: &str = "\
summary: Everything that the broken clients are asked.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
  bluesky: {dialect: supergateway-4.0.0, port: 3000}
  # Its streams can be resumed.
  graph: {dialect: spec, port: 3002}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - add: bluesky
  - call: {on: memory, tool: create_entities, expect: ok}
  - call: {on: bluesky, tool: create_entities}
  # A stream breaks and has more to bring.
  - add: graph
  - wait: 5s
  - notify: graph
  - wait: 1s
  - cut: graph
  - wait: 10s
  - notify: graph
  - wait: 1m
  - call: {on: graph, tool: search_nodes}
  # The answer to this call is lost.
  - call: {on: memory, tool: create_entities}
  # Everything that a user presses to clear something.
  - disconnect: memory
  - connect: memory
  - call: {on: memory, tool: search_nodes}
  - delete: memory
  - add: memory
  - call: {on: memory, tool: search_nodes}
  # The page is drawn while calls fail.
  - wait: 1m
  - down: bluesky
  - call: {on: bluesky, tool: search_nodes}
  - wait: 1s
  - reload: settings
  - up: bluesky
  - wait: 1m
  # Sessions are lost: first the stream finds out, then calls do.
  - restart: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes}
  - wait: 1m
  - restart: memory
  - call: {on: memory, tool: search_nodes, parallel: 3}
  - incognito: open
  - call: {on: memory, tool: search_nodes}
  - normal: open
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call, tool: create_entities, nth: 2}
    then: {cut: 0}
";

/// What this scenario does not ask: it is asked in situations of the field, one by one.
const OF_THE_FIELD: &[&str] = &[
    "hop-session-affinity",
    "cli-stream-trouble-spares-calls",
    "srv-idle-means-idle",
    "srv-renewal-keeps-session",
    "srv-survives-its-clients",
    "srv-no-id-is-400",
    "srv-assumes-version",
    "cli-all-requests-recover",
    "cli-answers-ping",
    "cli-restores-subscriptions",
    "app-ends-old-conversations",
];

/// What each client breaks, in the order of the registry of invariants.
const BREAKS: &[(&str, &[&str])] = &[
    ("connector/recovering", &[]),
    // It does what the specification demands of requests, and this server does too; it opens no stream again.
    (
        "connector/spec-404",
        &["cli-resume-cursor", "cli-stream-restored"],
    ),
    (
        "connector/stale-cache",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-delete-on-close",
            "cli-reinit-on-404",
            "cli-resume-cursor",
            "cli-stream-restored",
            "app-disconnect-clears",
            "app-delete-clears",
            "app-shows-the-truth",
            "app-incognito-is-first-contact",
        ],
    ),
    // It leaves each session to the server, and opens no stream.
    (
        "connector/session-per-call",
        &["cli-delete-on-close", "cli-ends-what-it-gives-up"],
    ),
    // No refusal means a lost session to these four. Two failures in a row are enough for the Python ones to stop listening,
    // and an object that ended as a whole ends no session; the first one's leaves its calls waiting.
    (
        "sdk/python-1",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-every-call-resolves",
            "cli-delete-on-close",
            "cli-reinit-on-404",
            "cli-resume-cursor",
            "cli-stream-restored",
        ],
    ),
    (
        "sdk/python-2",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-delete-on-close",
            "cli-reinit-on-404",
            "cli-resume-cursor",
            "cli-stream-restored",
        ],
    ),
    // What closes them sends no DELETE.
    (
        "sdk/typescript-1",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-delete-on-close",
            "cli-reinit-on-404",
        ],
    ),
    (
        "sdk/typescript-2",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-delete-on-close",
            "cli-reinit-on-404",
        ],
    ),
    // To use an id that the application was told to let go of is to use a stale one, and not to end its session.
    (
        "broken/delete-keeps-the-session",
        &[
            "cli-no-stale-id",
            "cli-delete-on-close",
            "app-delete-clears",
        ],
    ),
    (
        "broken/disconnect-only-drawn",
        &[
            "cli-no-stale-id",
            "cli-delete-on-close",
            "app-disconnect-clears",
            "app-shows-the-truth",
        ],
    ),
    // One failure, and nothing works any more, nor is the session ended; the page goes by the last exchange.
    (
        "broken/dies-of-one-failure",
        &["cli-recovers", "cli-delete-on-close", "app-shows-the-truth"],
    ),
    // Nothing is subscribed to here.
    ("broken/forgets-subscriptions", &[]),
    // It takes a re-initialization that fails.
    ("broken/goes-on-without-id", &[]),
    // A call that does not hear its 404 leaves the id in use for the others.
    (
        "broken/hangs",
        &[
            "cli-no-stale-id",
            "cli-every-call-resolves",
            "cli-reinit-on-404",
        ],
    ),
    // A private window does not clear the lost id; the user does.
    (
        "broken/ignores-404",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-reinit-on-404",
            "app-incognito-is-first-contact",
        ],
    ),
    ("broken/ignores-cursor", &["cli-resume-cursor"]),
    ("broken/ignores-list-changed", &["app-lists-again"]),
    ("broken/ignores-retry", &["cli-respects-retry"]),
    // The server asks nothing here.
    ("broken/ignores-server-requests", &[]),
    // No server takes the lost id, so these two recover only when the user clears it, and a private window does not.
    (
        "broken/initialize-with-stale-id",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-initialize-without-id",
            "cli-reinit-on-404",
            "app-incognito-is-first-contact",
        ],
    ),
    // It does initialize, so that is not what it breaks.
    (
        "broken/keeps-id-after-404",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "app-incognito-is-first-contact",
        ],
    ),
    ("broken/leaves-conversations", &[]),
    ("broken/no-delete", &["cli-delete-on-close"]),
    // The 400 to its GET means to it that the session is lost, so it does not end it either.
    (
        "broken/no-id-on-get",
        &[
            "cli-id-on-everything",
            "cli-delete-on-close",
            "cli-ends-what-it-gives-up",
        ],
    ),
    ("broken/no-initialized", &["cli-full-handshake-again"]),
    // What does not come back cannot resume.
    (
        "broken/no-stream-again",
        &["cli-resume-cursor", "cli-stream-restored"],
    ),
    ("broken/no-version-header", &["cli-id-on-everything"]),
    (
        "broken/reinit-per-call",
        &["cli-single-flight-reinit", "cli-ends-what-it-gives-up"],
    ),
    // No resource is read here.
    ("broken/recovers-calls-only", &[]),
    // It takes a server that goes away while a client recovers.
    ("broken/reinit-storm", &[]),
    ("broken/resends-what-may-have-run", &["cli-at-most-once"]),
    ("broken/sessions-by-account", &["app-connectors-isolated"]),
    ("broken/status-from-the-store", &["app-shows-the-truth"]),
    // It takes a GET that comes to nothing for longer.
    ("broken/stream-failure-fails-calls", &[]),
    (
        "broken/shows-loss-as-result",
        &[
            "cli-recovers",
            "cli-no-stale-id",
            "cli-failure-is-shown",
            "cli-reinit-on-404",
            "app-shows-the-truth",
            "app-incognito-is-first-contact",
        ],
    ),
    (
        "broken/stream-ignores-404",
        &["cli-no-stale-id", "cli-reinit-on-404"],
    ),
    // It takes a stream that ends without the answer.
    ("broken/waits-for-ever", &[]),
    // It takes an edge that holds a head back.
    ("broken/waits-for-the-stream", &[]),
    (
        "broken/wrong-version-header",
        &["cli-version-is-negotiated"],
    ),
];

/// What a client is not asked because of what is wrong with it: whoever does not resume a stream cannot be sent the wrong
/// one, and whoever has no stream is asked nothing of streams. All others are not asked `cli-respects-retry` only, since
/// they settle on no revision with polling.
const UNASKED: &[(&str, &[&str])] = &[
    (
        "broken/shows-loss-as-result",
        &[
            "cli-single-flight-reinit",
            "cli-respects-retry",
            "cli-ends-what-it-gives-up",
        ],
    ),
    (
        "connector/spec-404",
        &[
            "cli-respects-retry",
            "cli-version-is-negotiated",
            "app-lists-again",
            "srv-replay-same-stream",
        ],
    ),
    (
        "connector/stale-cache",
        &[
            "cli-single-flight-reinit",
            "cli-respects-retry",
            "cli-version-is-negotiated",
            "cli-ends-what-it-gives-up",
            "app-lists-again",
            "srv-session-isolation",
            "srv-replay-same-stream",
        ],
    ),
    (
        "connector/session-per-call",
        &[
            "cli-reinit-on-404",
            "cli-resume-cursor",
            "cli-respects-retry",
            "cli-stream-restored",
            "app-lists-again",
            "srv-dead-session-is-404",
            "srv-no-resurrection",
            "srv-get-is-stream-or-405",
            "srv-no-response-on-get",
            "srv-one-stream-per-message",
            "srv-replay-same-stream",
            "hop-status-transparent",
        ],
    ),
    // They settle on a revision with polling, and open a second session only when the user connects again.
    ("sdk/python-1", &["cli-ends-what-it-gives-up"]),
    ("sdk/python-2", &["cli-ends-what-it-gives-up"]),
    ("sdk/typescript-1", &["cli-ends-what-it-gives-up"]),
    ("sdk/typescript-2", &["cli-ends-what-it-gives-up"]),
    (
        "broken/stream-failure-fails-calls",
        &["cli-respects-retry", "app-incognito-is-first-contact"],
    ),
    (
        "broken/ignores-404",
        &[
            "cli-single-flight-reinit",
            "cli-respects-retry",
            "cli-ends-what-it-gives-up",
        ],
    ),
    (
        "broken/initialize-with-stale-id",
        &["cli-respects-retry", "cli-ends-what-it-gives-up"],
    ),
    (
        "broken/no-version-header",
        &["cli-respects-retry", "cli-version-is-negotiated"],
    ),
    (
        "broken/ignores-cursor",
        &["cli-respects-retry", "srv-replay-same-stream"],
    ),
    ("broken/ignores-retry", &[]),
    (
        "broken/no-id-on-get",
        &[
            "cli-resume-cursor",
            "cli-respects-retry",
            "cli-stream-restored",
            "app-lists-again",
            "srv-get-is-stream-or-405",
            "srv-no-response-on-get",
            "srv-one-stream-per-message",
            "srv-replay-same-stream",
        ],
    ),
    (
        "broken/no-stream-again",
        &[
            "cli-respects-retry",
            "app-lists-again",
            "srv-replay-same-stream",
        ],
    ),
];

#[test]
fn each_breaks_what_it_should_and_nothing_else() {
    let mut wrong = Vec::new();
    for (client, breaks) in BREAKS {
        let (result, run) = cell(EVERYTHING, client);
        assert_eq!(
            (&*run.findings.unfired, &*run.findings.failures),
            (&[][..], &[][..]),
            "{client}"
        );
        let violated: Vec<&str> = violated(&result);
        if violated != *breaks {
            wrong.push(format!("{client}: {violated:?}, in the table {breaks:?}"));
        }
        let kept = result.outcome == Outcome::Kept;
        // What the specification only recommends is a warning.
        let warns = |id: &&str| get(id).is_some_and(|i| i.severity == Severity::Should);
        if kept != violated.iter().all(warns) {
            wrong.push(format!("{client}: {:?}", result.problems));
        }
        // Otherwise the table says less than it seems to.
        let asked = |id: &str| verdicts(&result, id).iter().any(|v| *v != "not-exercised");
        let ids = ALL.iter().map(|i| i.id);
        let ids = ids.filter(|id| !OF_THE_FIELD.contains(id));
        // A bare client has no application.
        let has_app = Registry::builtin().policy(client).is_some();
        let ids = ids.filter(|id| has_app || !id.starts_with("app-"));
        let unasked: Vec<&str> = ids.filter(|id| !asked(id)).collect();
        let cannot = UNASKED.iter().find(|(of, _)| of == client);
        let cannot = cannot.map_or(&["cli-respects-retry"][..], |(_, ids)| ids);
        if unasked != cannot {
            wrong.push(format!("{client} is not asked {unasked:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_client_of_ours_is_in_the_table() {
    let registry = Registry::builtin();
    let ours = registry.iter().map(|(name, _)| name);
    let ours = ours.filter(|name| registry.get(name).is_some_and(|s| !s.factory().is_real()));
    let ours: Vec<&str> = ours.collect();
    let mut table: Vec<&str> = BREAKS.iter().map(|(client, _)| *client).collect();
    table.sort_unstable();
    assert_eq!(table, ours);
}
