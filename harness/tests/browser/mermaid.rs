//! Mermaid's text, read and drawn by Mermaid itself: the package of npm, in `target/mermaid` or where `STALEMATE_MERMAID`
//! says. `.ci/run` shows how it is installed there; without it these tests are left out.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};

use crate::Test;
use crate::page::Page;
use crate::picture::{shot, stalemate};

pub(crate) const TESTS: &[Test] = &[
    (
        "mermaid: its own parser takes every kind of row",
        every_kind,
    ),
    ("mermaid: what a wire says is text", wire_texts),
];

/// The script that is Mermaid.
///
/// # Errors
/// Where it is not.
pub(crate) fn find() -> Result<PathBuf, String> {
    let place = env::var_os("STALEMATE_MERMAID").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("mermaid"),
        PathBuf::from,
    );
    let script = place.join("node_modules/mermaid/dist/mermaid.min.js");
    if script.is_file() {
        return Ok(script);
    }
    let why = "it is not installed there; `.ci/run` does it";
    Err(format!("{}: {why}", script.display()))
}

/// A page with Mermaid in it.
fn page() -> (tempfile::TempDir, Page) {
    let script = find().unwrap_or_else(|why| panic!("{why}"));
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("it.html");
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><script src=\"{}\"></script>",
        script.display()
    );
    fs::write(&file, html).expect("written");
    let mut page = Page::open_file(&file);
    page.eval("mermaid.initialize({startOnLoad: false, securityLevel: 'strict', maxTextSize: 1e6, maxEdges: 1e5})");
    (dir, page)
}

/// Parses and draws, and returns the texts of the picture; fails with what Mermaid says.
fn drawn(page: &mut Page, name: &str, text: &str) -> Vec<String> {
    let text = json!(text).to_string();
    let kind = page.eval(&format!(
        "mermaid.parse({text}).then(it => it.diagramType, it => String(it))"
    ));
    assert_eq!(kind, json!("sequence"), "{name}: {text}");
    let texts = page.eval(&format!(
        "mermaid.render('it', {text}).then(it => {{
            document.body.innerHTML = it.svg;
            return [...document.querySelectorAll('text')].map(it => it.textContent);
        }})"
    ));
    let texts: Vec<String> = serde_json::from_value(texts).expect("texts");
    assert!(texts.len() > 10, "{name}: {texts:?}");
    texts
}

fn every_kind() {
    let (_dir, mut page) = page();
    for (name, args) in [
        ("incident", &["scenarios/incident-48557/in-short.yaml"][..]),
        (
            "at",
            &[
                "scenarios/incident-48557/in-short.yaml",
                "--at",
                "cli-no-stale-id",
            ],
        ),
        (
            "full",
            &["scenarios/incident-48557/in-short.yaml", "--full"],
        ),
        ("replicas", &["scenarios/topology/rolling-deploy.yaml"]),
        ("kinds", &["scenarios/requests/all-kinds.yaml", "--full"]),
        ("no progress", &["scenarios/capacity/full-for-good.yaml"]),
    ] {
        let text = stalemate(&[&["trace"], args, &["--format", "mermaid"]].concat());
        let texts = drawn(&mut page, name, &text);
        assert!(texts.iter().any(|it| it == "client"), "{name}: {texts:?}");
        if name == "at" {
            shot(&mut page, "mermaid", true);
        }
    }
}

/// A record in which the texts that came from a wire are full of what Mermaid and HTML know.
fn wire_texts() {
    const HOSTILE: &str =
        "a;b #35; %%c end <b onclick='1'>x</b> `q` \"z\" {y} \\n $$m$$ p0->>p1: no";
    let record = stalemate(&[
        "trace",
        "scenarios/incident-48557/in-short.yaml",
        "--format",
        "json",
    ]);
    let mut lines = record
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut changed = 0;
    let head = lines.next().expect("a header").to_string();
    let lines = lines.map(|mut line| {
        if let Some(text) = line.pointer_mut("/message/response/rpc/0/error/message") {
            *text = json!(HOSTILE);
            changed += 1;
        }
        line.to_string()
    });
    let text = [vec![head], lines.collect()].concat().join("\n");
    assert!(changed > 2, "{changed}");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("hostile.jsonl");
    fs::write(&file, text).expect("written");
    let text = stalemate(&[
        "trace",
        file.to_str().expect("UTF-8"),
        "--format",
        "mermaid",
    ]);
    let (_dir, mut page) = page();
    let texts = drawn(&mut page, "hostile", &text);
    // As it came, as far as it is shown.
    let begin: String = HOSTILE.chars().take(40).collect();
    assert!(texts.iter().any(|it| it.contains(&begin)), "{texts:?}");
    assert_eq!(page.eval("document.querySelectorAll('b').length"), json!(0));
}
