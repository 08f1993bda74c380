//! What the pages say, of what is really there.

use super::page::WIDTH;
use super::{ClientTopic, KeyTopic};
use crate::dialect::builtin;

fn clients() -> Vec<ClientTopic> {
    let pair = |name: &str, summary: &str| ClientTopic {
        name: name.to_owned(),
        summary: summary.to_owned(),
        differs: vec!["reinit: never".to_owned()],
    };
    vec![
        pair("connector/recovering", "recognizes a lost session"),
        pair("connector/stale-cache", "never lets go of the id"),
    ]
}

fn keys() -> Vec<KeyTopic> {
    vec![KeyTopic {
        kind: "key of a scenario",
        name: "reinit".to_owned(),
        says: "What a lost session leads to.".to_owned(),
        within: vec!["A client.".to_owned()],
        keys: Vec::new(),
    }]
}

fn topics(clients: &[ClientTopic]) -> Vec<(&'static str, String, String)> {
    super::topics(clients, &keys(), &builtin())
}

fn explain(topic: &str, clients: &[ClientTopic]) -> Result<String, Vec<String>> {
    super::explain(topic, clients, &keys(), &builtin())
}

fn page(topic: &str) -> String {
    explain(topic, &clients()).unwrap_or_else(|near| panic!("{topic} is unknown; near: {near:?}"))
}

/// The page with its line breaks taken out.
fn flat(topic: &str) -> String {
    page(topic).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_invariant_comes_with_the_sentences_of_its_clauses() {
    let page = flat("cli-no-stale-id");
    assert!(page.starts_with("cli-no-stale-id: an invariant"), "{page}");
    assert!(
        page.contains("Judges the client Severity MUST: a violation fails"),
        "{page}"
    );
    for id in ["SES-08", "SES-09"] {
        let clause = crate::clause::get(id).expect("a clause of the invariant");
        assert!(page.contains(id) && page.contains(clause.says), "{page}");
    }
    assert!(flat("cli-recovers").contains("policy: where the specification is silent"));
}

#[test]
fn a_clause_comes_with_the_invariants_that_rest_on_it() {
    let page = flat("SES-08");
    for id in [
        "cli-recovers",
        "cli-no-stale-id",
        "cli-initialize-without-id",
    ] {
        assert!(page.contains(&format!("{id}: ")), "{page}");
    }
    assert!(page.contains("Level MUST Binds client"), "{page}");
    assert!(
        page.contains("Revisions 2025-03-26, 2025-06-18, 2025-11-25 Source"),
        "{page}"
    );
    assert!(flat("MULTI-01").contains("none rests on it"));
}

#[test]
fn a_dialect_comes_with_its_answers() {
    let page = page("supergateway-3.4.3");
    let row = |name: &str| -> Vec<&str> {
        let line = page.lines().find(|l| l.trim_start().starts_with(name));
        line.unwrap_or_default().split_whitespace().collect()
    };
    assert_eq!(
        row("post-unknown-session"),
        ["post-unknown-session", "400", "105", "bytes"]
    );
    assert_eq!(
        row("get-unknown-session"),
        ["get-unknown-session", "400", "29", "bytes"]
    );
    assert_eq!(
        row("get-second-stream").join(" "),
        "get-second-stream 409 116 bytes the session dies of the refusal"
    );
    assert_eq!(row("other-path").get(2), Some(&"varies"));
    let text = flat("supergateway-3.4.3");
    assert!(text.contains("no session expires"), "{text}");
    assert!(text.contains("dies (status 1, \"TypeError"), "{text}");
    let text = flat("supergateway-4.0.0");
    assert!(text.contains("expires after 30 min"), "{text}");
    assert!(text.contains("a comment every 15 s"), "{text}");
    assert!(text.contains("gets the error -32603"), "{text}");
}

#[test]
fn a_failure_mode_comes_with_its_threads() {
    let page = page("f2");
    assert!(
        page.starts_with("F2: a failure mode, wrong status\n"),
        "{page}"
    );
    assert!(page.contains("anthropics/claude-code#48557\n"), "{page}");
}

#[test]
fn a_rung_says_what_the_user_and_a_program_do() {
    let page = flat("Re-Add");
    assert!(page.contains("The user deletes the connector"), "{page}");
    assert!(page.contains("Bare SDK throws the object away"), "{page}");
    assert!(page.contains("reconnect > [re-add] > incognito"), "{page}");
    assert!(!flat("never").contains("Works when"));
}

#[test]
fn a_client_comes_with_its_summary() {
    let page = flat("Connector/Recovering");
    assert!(page.contains("recognizes a lost session"), "{page}");
}

#[test]
fn a_word_with_two_meanings_is_explained_twice() {
    let clients = [ClientTopic {
        name: "retry".to_owned(),
        summary: "a client of that name".to_owned(),
        differs: Vec::new(),
    }];
    let page = explain("retry", &clients).expect("a rung and a client");
    assert!(page.starts_with("retry: a rung"), "{page}");
    assert!(page.contains("\n\nretry: a client under test\n"), "{page}");
}

#[test]
fn an_unknown_topic_is_answered_with_its_neighbours() {
    let near = |topic: &str| explain(topic, &clients()).expect_err("no topic");
    assert_eq!(
        near("cli-no-stale-ids").first().map(String::as_str),
        Some("cli-no-stale-id")
    );
    assert_eq!(
        near("recovering").first().map(String::as_str),
        Some("connector/recovering")
    );
    let clauses = near("ses-07");
    assert!(
        clauses.len() <= 5 && clauses[..2] == ["SES-07a", "SES-07b"],
        "{clauses:?}"
    );
    assert!(near("qqqqqqqq").is_empty());
    assert!(near("").is_empty());
}

#[test]
fn every_topic_is_explained_within_the_page() {
    let topics = topics(&clients());
    for kind in [
        "invariant",
        "rung",
        "client",
        "dialect",
        "failure mode",
        "clause",
    ] {
        assert!(topics.iter().any(|t| t.0 == kind), "{kind}");
    }
    for (kind, name, line) in topics {
        let page = page(&name);
        assert!(page.starts_with(&format!("{name}: ")), "{name}");
        assert!(page.contains(kind), "{name}: {page}");
        assert!(!line.is_empty() && !line.contains('\n'), "{name}");
        assert!(page.ends_with('\n'), "{name}");
        for row in page.lines() {
            assert!(row.chars().count() <= WIDTH, "{name}: {row}");
        }
    }
}

#[test]
fn every_clause_of_an_invariant_is_known() {
    for invariant in crate::invariant::ALL {
        for id in invariant.clauses.iter().filter(|id| **id != "policy") {
            assert!(crate::clause::get(id).is_some(), "{}: {id}", invariant.id);
        }
    }
}

#[test]
fn a_model_comes_with_its_knobs() {
    assert!(flat("connector/stale-cache").contains("Differs reinit: never Alone"));
    assert!(flat("reinit").contains("Says What a lost session leads to. In A client."));
}
