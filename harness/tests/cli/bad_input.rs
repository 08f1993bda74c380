//! Bad usage and bad files: exit code 2, the place and the remedy on the error stream, soon, and nothing else.

use std::fs;

use crate::{json, scenario, stalemate, stalemate_within, written};

#[test]
fn a_bad_file_among_good_ones_is_2_and_the_good_ones_run() {
    let (dir, _) = written(&scenario(""));
    fs::write(dir.path().join("area/bad.yaml"), "summary: x\nserver: y\n").expect("written");
    let done = stalemate(&[
        "run",
        dir.path().to_str().expect("UTF-8"),
        "--format",
        "json",
    ]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("bad.yaml:2"), "{}", done.err);
    assert_eq!(json(&done)["results"].as_array().map(Vec::len), Some(1));
}

#[test]
fn bad_usage() {
    for (args, words) in [
        (&["frobnicate"][..], &["frobnicate"][..]),
        (&[], &["Usage"]),
        (&["run", "--seed", "many"], &["--seed", "many"]),
        (&["run", "--format", "xml"], &["xml", "json"]),
        (&["run", "--clients", "x"], &["--clients", "--client"]),
        (
            &["run", "--client", "conector/recovering"],
            &["no client `conector/recovering`", "`connector/recovering`"],
        ),
        (
            &["run", "--client", "xyzzy"],
            &["no client `xyzzy`: `stalemate list`"],
        ),
        (
            &["trace", "scenarios/restart/idle.yaml", "--client", "rmpc"],
            &["no client `rmpc`", "`rmcp`"],
        ),
        (&["trace", "scenarios"], &["several scenarios"]),
        (&["explain", "cli-no-stale"], &["cli-no-stale-id"]),
        (&["explore", "--seeds", "0..2"], &["--client <NAME>"]),
        (
            &["run", "--html", "no/such/folder/page.html"],
            &["failed to write no/such/folder/page.html"],
        ),
    ] {
        let done = stalemate_within(10, args);
        assert_eq!(done.code, 2, "{args:?}: {}{}", done.out, done.err);
        assert_eq!(done.out, "", "{args:?}");
        for word in words {
            assert!(done.err.contains(word), "{args:?}: {}", done.err);
        }
    }
}

#[test]
fn a_file_without_results_is_not_merged() {
    let (dir, _) = written(&scenario(""));
    let file = dir.path().join("results.jsonl");
    fs::write(&file, "{}").expect("written");
    let done = stalemate(&["merge", file.to_str().expect("UTF-8")]);
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(done.err.contains("no results"), "{}", done.err);
}

/// Somebody wanted to read it, so that exit code 0 would be a lie.
#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_said_once() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .arg("explain")
        .stdout(full.expect("it is there"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(err.matches("failed to write").count(), 1, "{err}");
}

/// Every kind of bad file: the line of the error, if it has one, and a word of the remedy.
#[test]
fn bad_files() {
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let ten = vec![format!("*a{}", n - 1); 10].join(",");
        text + &format!("a{n}: &a{n} [{ten}]\n")
    });
    let right = scenario("");
    let changed = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        right.replacen(from, to, 1)
    };
    let cases = [
        ("unknown key", changed("path:", "pth:"), 4, "`path`"),
        (
            "unknown host",
            changed("add: memory", "add: memroy"),
            7,
            "`memory`",
        ),
        (
            "unknown client",
            changed("connector/recovering", "connector/recoverin"),
            5,
            "`connector/recovering`",
        ),
        (
            "unknown tool",
            changed("create_entities", "create_entity"),
            8,
            "`create_entities`",
        ),
        (
            "unknown dialect",
            changed("-4.0.0", "-4.0"),
            3,
            "`supergateway-4.0.0`",
        ),
        (
            "unknown invariant",
            scenario("expect:\n  connector/recovering: {violates: [cli-recover]}\n"),
            10,
            "`cli-recovers`",
        ),
        (
            "an invariant of another party",
            scenario("violates:\n  memory: {cli-recovers: it is not the server's}\n"),
            10,
            "client",
        ),
        ("duplicate key", scenario("path: []\n"), 9, "path"),
        ("wrong unit", scenario("  - wait: 5 lightyears\n"), 9, "s"),
        ("no unit", scenario("  - wait: 5\n"), 9, "5"),
        (
            "a port out of range",
            changed("port: 3001", "port: 70000"),
            3,
            "65535",
        ),
        (
            "too many calls",
            changed("expect: ok", "parallel: 65"),
            8,
            "64",
        ),
        ("empty", String::new(), 1, "summary"),
        ("a comment alone", "# nothing\n".to_owned(), 1, "summary"),
        (
            "not YAML",
            "summary: [a\nservers: }\n".to_owned(),
            2,
            "brackets that were opened",
        ),
        ("no mapping", "- a\n- b\n".to_owned(), 1, "`summary`"),
        ("alias bomb", bomb, 5, "those that aliases repeat included"),
        ("very deep", "[".repeat(500_000), 1, "32 deep"),
        ("deep mappings", "{a: ".repeat(200_000), 1, "32 deep"),
        (
            "a step that cannot be",
            scenario("  - delete: memory\n  - call: {on: memory, tool: read_graph}\n"),
            10,
            "- add: memory",
        ),
    ];
    for (kind, text, line, remedy) in cases {
        let (_dir, file) = written(&text);
        for command in ["run", "trace", "list"] {
            let done = stalemate_within(10, &[command, &file]);
            assert_eq!(done.code, 2, "{kind}: {}{}", done.out, done.err);
            let place = format!("{file}:{line}:");
            assert!(done.err.contains(&place), "{kind}: {place}\n{}", done.err);
            assert!(done.err.contains(remedy), "{kind}: {remedy}\n{}", done.err);
            assert!(done.err.len() < 100_000, "{kind}: {} bytes", done.err.len());
        }
    }
}

#[test]
fn places_without_a_scenario() {
    let (dir, _) = written(&scenario(""));
    let path = |name: &str| dir.path().join(name);
    fs::create_dir_all(path("empty")).expect("made");
    fs::create_dir_all(path("x.yaml")).expect("made");
    fs::write(path("notes.md"), "no scenario").expect("written");
    fs::write(path("latin1.yaml"), b"summary: \xe4\n").expect("written");
    let mut names = vec!["empty", "x.yaml", "notes.md", "missing.yaml", "latin1.yaml"];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink(path("nowhere"), path("link.yaml")).expect("linked");
        names.push("link.yaml");
    }
    for name in names {
        let file = path(name);
        let file = file.to_str().expect("UTF-8");
        let done = stalemate_within(10, &["run", file]);
        assert_eq!(done.code, 2, "{name}: {}{}", done.out, done.err);
        assert!(done.err.contains(file), "{name}: {}", done.err);
        assert!(done.err.contains("help: "), "{name}: {}", done.err);
        assert_eq!(done.out, "", "{name}");
    }
}

#[test]
fn dialects_of_a_folder() {
    let text = scenario("").replace("supergateway-4.0.0", "ours");
    assert!(text.contains("ours"), "{text}");
    let (dir, file) = written(&text);
    let done = stalemate(&["run", &file]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("`ours` is not among the dialects"),
        "{}",
        done.err
    );
    let dialects = dir.path().join("dialects");
    fs::create_dir(&dialects).expect("made");
    let path = dialects.join("ours.yaml");
    let dialects = dialects.to_str().expect("UTF-8");
    fs::write(&path, "{name: ours, summary: s, like: spek}").expect("written");
    let done = stalemate(&["run", &file, "--dialects", dialects]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("ours.yaml:1:32") && done.err.contains("did you mean `spec`?"),
        "{}",
        done.err
    );
    fs::write(&path, "{name: ours, summary: what we run, like: spec}").expect("written");
    // A real SDK has a process of its own, which knows the folder too.
    for client in ["rmcp", "connector/recovering"] {
        let done = stalemate(&["run", &file, "--client", client, "--dialects", dialects]);
        assert!(
            done.out.contains("transparent"),
            "{client}: {}{}",
            done.out,
            done.err
        );
    }
    let done = stalemate(&["explain", "ours", "--dialects", dialects]);
    assert!(
        done.code == 0 && done.out.contains("what we run"),
        "{}",
        done.out
    );
    let done = stalemate(&["list", &file, "--dialects", dialects]);
    assert!(
        done.code == 0 && done.out.contains(", ours"),
        "{}",
        done.out
    );
}
