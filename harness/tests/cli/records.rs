//! Saved records that cannot be read: exit code 2, the file and the remedy, and no session id whole.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{scenario, stalemate, stalemate_within, written};

const ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// A record's lines, and a directory for others.
fn saved() -> (TempDir, Vec<String>) {
    let (dir, file) = written(&scenario(""));
    let done = stalemate(&["trace", &file, "--format", "json"]);
    let lines = done.out.lines().map(str::to_owned).collect();
    (dir, lines)
}

/// Refuses a file, and returns what it said.
fn refused(file: &Path) -> String {
    let name = file.to_str().expect("UTF-8");
    let done = stalemate_within(10, &["trace", name]);
    assert_eq!(done.code, 2, "{name}: {}{}", done.out, done.err);
    assert_eq!(done.out, "", "{name}");
    assert!(done.err.contains(name), "{}", done.err);
    let remedy = "`stalemate trace SCENARIO --format json` writes one";
    assert!(done.err.contains(remedy), "{}", done.err);
    assert!(!done.err.contains("os error"), "{}", done.err);
    done.err
}

#[test]
fn what_is_no_readable_file() {
    let (dir, lines) = saved();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("directory.jsonl")).expect("made");
    fs::write(path("empty.jsonl"), "").expect("written");
    fs::write(path("latin1.jsonl"), b"{\"record\": \"\xe4\"}\n").expect("written");
    let mut half = format!("{}\n", lines[0]).into_bytes();
    half.extend(b"\xff\n");
    fs::write(path("half.jsonl"), half).expect("written");
    for (name, says) in [
        ("directory.jsonl", "a directory, not a file"),
        ("missing.jsonl", "no such file"),
        ("empty.jsonl", "the record is empty"),
        ("latin1.jsonl", "line 1: the text is not UTF-8"),
        ("half.jsonl", "line 2: the text is not UTF-8"),
    ] {
        let said = refused(&path(name));
        assert!(said.contains(says), "{name}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn what_must_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, lines) = saved();
    let record = dir.path().join("locked.jsonl");
    let text = dir.path().join("locked.yaml");
    fs::write(&record, lines.join("\n")).expect("written");
    fs::write(&text, scenario("")).expect("written");
    for file in [&record, &text] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o000)).expect("locked");
    }
    // Nothing is locked for root.
    if fs::File::open(&record).is_ok() {
        return;
    }
    assert!(refused(&record).contains("not permitted"));
    let name = text.to_str().expect("UTF-8");
    let done = stalemate_within(10, &["run", name]);
    assert_eq!(done.code, 2, "{}", done.err);
    for word in [name, "not permitted", "help: "] {
        assert!(done.err.contains(word), "{}", done.err);
    }
}

/// Where an error repeats what stands in the file, it repeats no more than the beginning.
#[test]
fn no_error_has_a_session_id_whole() {
    let (dir, lines) = saved();
    let with_id = |before: &str, after: &str| format!("{before}{ID}{after}");
    let cases = [
        with_id("\"", "\""),
        with_id("{\"at_ms\": \"", "\"}"),
        with_id("{\"at_ms\": 1, \"event\": \"", "\"}"),
        with_id(
            "{\"at_ms\": 1, \"event\": \"conn-opened\", \"conn\": \"",
            "\"}",
        ),
        with_id(
            "{\"at_ms\": 1, \"event\": \"process-up\", \"process\": \"memory\", \"fate\": \"",
            "\"}",
        ),
        with_id("{\"at_ms\": \"a \\\" and ", "\"}"),
        with_id(
            "{\"at_ms\": 1, \"event\": \"session-opened\", \"session\": \"",
            "\"",
        ),
    ];
    for case in &cases {
        let file = dir.path().join("it.jsonl");
        fs::write(&file, format!("{}\n{case}\n", lines[0])).expect("written");
        let said = refused(&file);
        assert!(!said.contains(&ID[9..]), "{case}: {said}");
        assert!(
            said.contains("line 2: this is no entry: "),
            "{case}: {said}"
        );
        assert!(!said.contains("at line 1"), "{case}: {said}");
        fs::write(&file, format!("{case}\n")).expect("written");
        assert!(!refused(&file).contains(&ID[9..]), "{case}");
    }
}

/// Nor has one of a scenario, in whatever wrong place the id stands.
#[test]
fn no_source_line_has_a_session_id_whole() {
    let right = scenario("");
    let port = "port: 3001";
    assert!(right.contains(port));
    for wrong in [
        format!("sesions: [{ID}]"),
        format!("sessions: {ID}"),
        format!("sessions: [{ID}"),
        format!("port: {ID}"),
        format!("sessions: [\"{ID}_and more\"]"),
        format!("sessions: [{}]", ID.replace('-', "")) + ", prt: 1",
    ] {
        let (_dir, file) = written(&right.replace(port, &wrong));
        let done = stalemate_within(10, &["run", &file]);
        assert_eq!(done.code, 2, "{wrong}: {}", done.err);
        for id in [ID.to_owned(), ID.replace('-', "")] {
            assert!(!done.err.contains(&id[9..]), "{wrong}: {}", done.err);
        }
    }
    let (dir, _) = written("");
    let file = dir.path().join("latin1.yaml");
    let mut text = format!("summary: {ID} ").into_bytes();
    text.push(0xe4);
    fs::write(&file, text).expect("written");
    let done = stalemate_within(10, &["run", file.to_str().expect("UTF-8")]);
    assert!(!done.err.contains(&ID[9..]), "{}", done.err);
}
