//! The page from outside: who may read it, and who may press.

use serde_json::json;

use crate::application::{Run, ask, asking, get, press};

const SCENARIO: &str = "scenarios/incident-48557/ten-steps.yaml";

/// A run that waits for somebody, with its page.
fn waiting() -> (Run, String) {
    let mut run = Run::start(&[SCENARIO, "--page", "0"]);
    let page = run.page();
    (run, page)
}

#[test]
fn only_the_page_itself_is_answered() {
    let (_run, at) = waiting();
    let now = asking(&at);
    let token = now["token"].as_str().expect("a token").to_owned();
    let port = at.rsplit_once(':').expect("a port").1;
    let with = |head: &str| ask(&at, &format!("{head}\r\nConnection: close\r\n\r\n")).0;

    assert_eq!(get(&at, "/").0, 200);
    assert_eq!(
        with(&format!("GET / HTTP/1.1\r\nHost: localhost:{port}")),
        200
    );
    // DNS rebinding: the name is another's, the address is ours.
    for host in [
        "rebound.example",
        &format!("rebound.example:{port}"),
        "127.0.0.1",
        "",
    ] {
        assert_eq!(
            with(&format!("GET /state HTTP/1.1\r\nHost: {host}")),
            403,
            "{host}"
        );
    }
    assert_eq!(with("GET / HTTP/1.0"), 403, "without a host");
    for origin in ["http://example.com", "null", &format!("https://{at}")] {
        let head = format!("GET /state HTTP/1.1\r\nHost: {at}\r\nOrigin: {origin}");
        assert_eq!(with(&head), 403, "{origin}");
    }
    assert_eq!(
        with(&format!(
            "GET /state HTTP/1.1\r\nHost: {at}\r\nOrigin: http://{at}"
        )),
        200
    );

    // A press needs the token, and a prompt that is asked.
    let prompt = now["state"]["prompts"][0]["id"].clone();
    let body = json!({"prompt": prompt, "answer": "done"}).to_string();
    let length = body.len();
    let head = format!(
        "POST /press HTTP/1.1\r\nHost: {at}\r\nContent-Length: {length}\r\nConnection: close\r\n"
    );
    assert_eq!(ask(&at, &format!("{head}\r\n{body}")).0, 403);
    let wrong = format!(
        "{head}X-Stalemate-Token: {}\r\n\r\n{body}",
        token.replace(|c| c != '0', "0")
    );
    assert_eq!(ask(&at, &wrong).0, 403);
    let foreign =
        format!("{head}Origin: http://example.com\r\nX-Stalemate-Token: {token}\r\n\r\n{body}");
    assert_eq!(ask(&at, &foreign).0, 403);
    assert_eq!(press(&at, &token, &json!(999), "done"), 409);
    assert_eq!(
        press(&at, &token, &prompt, "nothing"),
        409,
        "it has no such button"
    );
    assert_eq!(press(&at, &token, &json!("x"), "done"), 400);
    let long = "x".repeat(100_000);
    assert_eq!(press(&at, &token, &json!(long), "done"), 413);
    assert_eq!(with(&format!("GET /press HTTP/1.1\r\nHost: {at}")), 405);
    assert_eq!(get(&at, "/etc/passwd").0, 404);
    let unchanged = asking(&at);
    assert_eq!(unchanged["state"]["prompts"][0]["id"], prompt);
    assert_eq!(press(&at, &token, &prompt, "done"), 200);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let (_run, at) = waiting();
    let (_, page) = get(&at, "/");
    assert!(!page.contains("%TOKEN%"));
    for elsewhere in ["http://", "https://", "//cdn", "@import", "src="] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

/// Both views are of one run: what is pressed on the page stands on the terminal.
#[test]
fn a_step_that_fails_is_told_to_the_record() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("kept.jsonl");
    let kept = file.to_str().expect("UTF-8");
    let mut run = Run::start(&[SCENARIO, "--page", "0", "--for", "3s", "--record", kept]);
    let at = run.page();
    let now = asking(&at);
    let token = now["token"].as_str().expect("a token").to_owned();
    assert_eq!(
        press(&at, &token, &now["state"]["prompts"][0]["id"], "failed"),
        200
    );
    let (code, out) = run.end();
    assert_eq!(code, 5, "{out}");
    assert!(
        out.contains("add failed: the application showed an error"),
        "{out}"
    );
    assert!(
        out.contains("the time was over before the scenario was"),
        "{out}"
    );
    let record = crate::application::record(&file);
    let failed = record.entries.iter().any(|entry| {
        matches!(
            &entry.event,
            stalemate::journal::Event::UserActionEnded { error: Some(_), .. }
        )
    });
    assert!(failed);
}
