//! The examples run, and do what their first lines say.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ROOT;

/// An example's program. `cargo test` builds them before the tests; where only this test target was built, it is done now.
fn program(name: &str) -> PathBuf {
    let command = Path::new(env!("CARGO_BIN_EXE_stalemate"));
    let folder = command.parent().expect("a folder");
    let program = folder.join("examples").join(name);
    if !program.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "-p", "stalemate", "--example", name]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(ROOT).status();
        assert!(built.expect("cargo starts").success());
    }
    program
}

fn run(name: &str, args: &[&str]) -> (i32, String) {
    let program = program(name);
    let done = Command::new(program)
        .args(args)
        .current_dir(ROOT)
        .output()
        .expect("it starts");
    let out = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    (done.status.code().expect("no signal"), out.into_owned())
}

#[test]
fn a_client_of_ones_own() {
    let args = [
        "run",
        "scenarios/restart/idle.yaml",
        "--client",
        "my-client",
    ];
    let (code, out) = run("own_client", &args);
    assert_eq!(code, 1, "nothing is promised of it: {out}");
    assert!(
        out.contains("cli-no-stale-id (client)") || out.contains("cli-reinit-on-404"),
        "{out}"
    );
}

#[test]
fn an_application_of_ones_own() {
    let args = [
        "trace",
        "scenarios/restart/idle.yaml",
        "--client",
        "my-host",
    ];
    let (code, out) = run("own_application", &args);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("violated  app-shows-the-truth (application)"),
        "{out}"
    );
}

#[test]
fn a_dialect_of_ones_own() {
    let (code, out) = run("own_dialect", &["explain", "my-server"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("410"), "{out}");
}

#[test]
fn an_invariant_of_ones_own() {
    let (code, out) = run("own_invariant", &["scenarios/restart"]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("restart/idle connector/stale-cache: "),
        "{out}"
    );
    assert!(
        !out.contains("restart/idle connector/recovering: "),
        "{out}"
    );
}
