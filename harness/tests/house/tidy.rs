//! What the repository must keep to, read from its files: how long they are, what they point to, and what stands where.

use std::fs;

use crate::texts::{ROOT, texts};

/// The most lines that a file may have.
const LONGEST: usize = 600;
/// The most lines that a file of the library may have.
const LONGEST_OF_LIBRARY: usize = 450;
/// From here on a file is long, and listed.
const LONG: usize = 400;
/// The long files. Split one rather than list it.
const LONG_FILES: &[&str] = &[
    "clients/tests/model/loopback.rs",
    "harness/src/clause.rs",
    "harness/src/process/tap.rs",
    "harness/tests/invariants/broken.rs",
    "harness/tests/server/streams.rs",
];

/// What may stand at the top of the repository.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".config",
    ".git",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clients",
    "harness",
    "scenarios",
    "snapshots",
    "target",
];

#[test]
fn files_are_short_and_say_what_they_are() {
    let texts = texts(&["rs"]);
    assert!(
        texts.len() > 100,
        "{} files: are they still found?",
        texts.len()
    );
    let mut wrong = Vec::new();
    for text in &texts {
        let lines = text.text.lines().count();
        let listed = LONG_FILES.contains(&text.path.as_str());
        let longest = if text.path.starts_with("harness/src/") {
            LONGEST_OF_LIBRARY
        } else {
            LONGEST
        };
        if lines > longest {
            wrong.push(format!(
                "{}: {lines} lines, at most {longest}: split it",
                text.path
            ));
        } else if lines > LONG && !listed {
            wrong.push(format!(
                "{}: {lines} lines: split it, or list it as long",
                text.path
            ));
        } else if lines <= LONG && listed {
            wrong.push(format!(
                "{}: {lines} lines: take it off the list of long ones",
                text.path
            ));
        }
        if !text.text.starts_with("//! ") {
            wrong.push(format!(
                "{}: its first line must say what it is (`//!`)",
                text.path
            ));
        }
    }
    for listed in LONG_FILES {
        if !texts.iter().any(|text| text.path == *listed) {
            wrong.push(format!("{listed} is listed as long, and does not exist"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is committed means the same on every machine.
#[test]
fn nothing_points_out_of_the_repository() {
    // Put together here, so that this file keeps to the rule, too.
    let folders = ["home", "root", "Users", "tmp", "work", "wt"].map(|name| format!("/{name}/"));
    let others = [["C:", "Users"].join("\\"), ["..", "shared"].join("/")];
    let mut wrong = Vec::new();
    for text in texts(&[
        "rs", "toml", "yaml", "yml", "json", "jsonl", "snap", "md", "txt", "log",
    ]) {
        // As others sent it.
        if text.path.starts_with("harness/tests/server/captures/") {
            continue;
        }
        for (n, line) in text.text.lines().enumerate() {
            for path in folders.iter().chain(&others) {
                if line.contains(path.as_str()) {
                    wrong.push(format!("{}:{}: `{path}`: {line}", text.path, n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_top_has_only_what_belongs_there() {
    let entries = fs::read_dir(ROOT).expect("a directory").flatten();
    let names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    for name in &names {
        assert!(
            TOP.contains(&name.as_str()),
            "{name} does not belong at the top of the repository"
        );
    }
    for needed in ["Cargo.toml", "Cargo.lock", "LICENSE", ".cargo"] {
        assert!(
            names.iter().any(|name| name == needed),
            "{needed} is missing"
        );
    }
}

/// Snapshots that wait for somebody's decision are not committed.
#[test]
fn no_snapshot_is_pending() {
    let pending = texts(&["new", "pending-snap"]);
    let names: Vec<&str> = pending.iter().map(|t| t.path.as_str()).collect();
    assert_eq!(names, [""; 0], "`cargo insta review`, or delete them");
}
