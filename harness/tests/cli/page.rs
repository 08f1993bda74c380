//! `run --html` from outside: one file, the same each time, beside what the command prints.

use std::fs;

use crate::{scenario, stalemate, written};

#[test]
fn a_page_is_written_beside_the_table() {
    let (dir, file) = written(&scenario(""));
    let page = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let (one, two) = (page("one.html"), page("two.html"));
    let plain = stalemate(&["run", &file]);
    let first = stalemate(&["run", &file, "--html", &one]);
    let second = stalemate(&["run", &file, "--html", &two, "--jobs", "1"]);
    for done in [&first, &second] {
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        assert_eq!(done.out, plain.out);
    }
    let text = fs::read_to_string(&one).expect("written");
    assert_eq!(text, fs::read_to_string(&two).expect("written"));
    assert!(text.starts_with("<!doctype html>"));
    let policy = "default-src 'none'; script-src 'sha256-";
    assert!(text.contains(policy) && !text.contains("-inline'"));
    // Nothing is loaded: no address but those of XML's names.
    for (at, _) in text.match_indices("http") {
        let rest = &text[at..];
        assert!(
            rest.starts_with("http-equiv") || !rest[4..].starts_with("://"),
            "{}",
            &rest[..40]
        );
    }
    // It costs a page little more than what it shows.
    assert!(text.len() < 60_000, "{} bytes for one cell", text.len());
}

#[test]
fn a_page_that_cannot_be_written_is_bad_usage() {
    let (dir, file) = written(&scenario(""));
    let nowhere = dir.path().join("no/such/place.html");
    let done = stalemate(&["run", &file, "--html", nowhere.to_str().expect("UTF-8")]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("failed to write"), "{}", done.err);
    assert_eq!(done.out, "", "it is said before anything runs");
}
