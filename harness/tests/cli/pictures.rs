//! Diagrams from outside: what the formats of `trace` are, what they leave out, and that the committed picture is fresh.

use std::fs;
use std::path::Path;

use crate::{ROOT, stalemate};

const IN_SHORT: &str = "scenarios/incident-48557/in-short.yaml";
const TEN_STEPS: &str = "scenarios/incident-48557/ten-steps.yaml";

/// The pictures that pages show are what the tool draws.
#[test]
fn the_committed_pictures_are_fresh() {
    for (format, name) in [("svg", "incident.svg"), ("mermaid", "incident.mmd")] {
        let args = [
            "trace",
            IN_SHORT,
            "--format",
            format,
            "--at",
            "cli-no-stale-id",
        ];
        let done = stalemate(&args);
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        let file = Path::new(ROOT).join("snapshots").join(name);
        if std::env::var_os("INSTA_UPDATE").is_some_and(|it| it == "always") {
            fs::write(&file, &done.out).expect("written");
        }
        assert!(
            fs::read_to_string(&file).is_ok_and(|committed| committed == done.out),
            "snapshots/{name} is old: `cargo run -- {} > snapshots/{name}` renews it",
            args.join(" ")
        );
    }
}

/// How often a text stands in another one.
fn count(text: &str, of: &str) -> usize {
    text.matches(of).count()
}

#[test]
fn a_picture_stands_alone_and_says_what_it_shows() {
    let svg = stalemate(&["trace", TEN_STEPS, "--format", "svg"]).out;
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    for needed in [
        "role=\"img\"",
        "<title id=\"sd-title\">",
        "prefers-color-scheme:dark",
    ] {
        assert!(svg.contains(needed), "{needed}");
    }
    // Nothing is fetched or run, and no id of a session is told.
    for forbidden in ["<script", "@import", "url(", "href", "onload", "ead943df"] {
        assert!(!svg.contains(forbidden), "{forbidden}");
    }
    assert_eq!(count(&svg, "<g class=\"row is-violation\""), 9);
    let one = stalemate(&[
        "trace",
        TEN_STEPS,
        "--format",
        "svg",
        "--at",
        "cli-no-stale-id",
    ])
    .out;
    let full = stalemate(&["trace", TEN_STEPS, "--format", "svg", "--full"]).out;
    let rows = |svg: &str| count(svg, "<g class=\"row ");
    assert!(rows(&one) < rows(&svg) && rows(&svg) < rows(&full));
    assert!(count(&svg, "rows not shown") > 5 && count(&full, "rows not shown") == 0);
}

#[test]
fn what_is_not_violated_cannot_be_pointed_at() {
    let args = [
        "trace",
        TEN_STEPS,
        "--format",
        "mermaid",
        "--at",
        "cli-at-most-once",
    ];
    let done = stalemate(&args);
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(
        done.err
            .contains("`cli-at-most-once` is not violated here; what is: app-delete-clears")
    );
}

#[test]
fn mermaid_has_a_lane_a_process_and_an_arrow_a_message() {
    let text = stalemate(&["trace", TEN_STEPS, "--format", "mermaid"]).out;
    assert!(text.starts_with("sequenceDiagram\n"));
    assert_eq!(count(&text, "    participant "), 5);
    assert!(
        text.contains("    p0->>p3: r1 POST initialize [no session]\n"),
        "{text}"
    );
    assert!(text.contains("    p3--xp0: r12 400 105 bytes"), "{text}");
    assert!(!text.contains("ead943df"));
}
