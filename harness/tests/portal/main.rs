//! Programs behind the portal, from outside: what runs, what gets out (nothing), and how those end that do what none should.
//! The programs are this one in another role; real clients have tests of their own in `clients`.

mod alone;
mod bytes;
mod clients;
mod driver;
mod ear;
mod faults;
mod live;
mod many;
mod replay;
mod wrong;

use std::fs;
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Trial};
use serde_json::Value;
use tempfile::TempDir;

/// A scenario with steps behind its first one.
fn scenario(steps: &str) -> (TempDir, String) {
    let text = format!(
        "summary: A program of its own\nservers:\n  memory: {{dialect: typescript-sdk, port: 3001}}\n\
         clients: [rmcp]\nsteps:\n  - add: memory\n{steps}"
    );
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("it.yaml");
    fs::write(&file, text).expect("written");
    let name = file.to_str().expect("UTF-8").to_owned();
    (dir, name)
}

/// The argument by which this program is a client.
const AS_DRIVER: &str = "as-driver";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((AS_DRIVER, rest)) = arguments.split_first().map(|(f, rest)| (f.as_str(), rest)) {
        driver::run(rest);
        return ExitCode::SUCCESS;
    }
    if cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        println!("left out: programs in virtual time take Linux with glibc");
        return ExitCode::SUCCESS;
    }
    let tests: &[(&str, fn())] = &[
        (
            "nothing leaves by any way",
            alone::nothing_leaves_by_any_way,
        ),
        (
            "a plain client is judged as any other",
            wrong::a_plain_client_is_judged_as_any_other,
        ),
        (
            "what happens to connections reaches the program",
            wrong::what_happens_to_connections_reaches_the_program,
        ),
        (
            "a program that keeps to nothing ends its cell",
            wrong::a_program_that_keeps_to_nothing_ends_its_cell,
        ),
        (
            "one that spins ends its cell",
            wrong::one_that_spins_ends_its_cell,
        ),
        (
            "without a namespace nothing runs",
            alone::without_a_namespace_nothing_runs,
        ),
        ("the shortest driver runs", wrong::the_shortest_driver_runs),
        (
            "one that never answers costs patience",
            wrong::one_that_never_answers_costs_patience,
        ),
        (
            "what cannot be started is said",
            wrong::what_cannot_be_started_is_said,
        ),
        (
            "nothing is left after an interrupt",
            wrong::nothing_is_left_after_an_interrupt,
        ),
    ];
    let mut trials: Vec<Trial> = tests
        .iter()
        .map(|(name, test)| {
            let test = *test;
            Trial::test(*name, move || {
                test();
                Ok(())
            })
        })
        .collect();
    trials.extend(clients::trials());
    trials.extend(many::trials());
    let mut arguments = Arguments::from_args();
    // As for other tests: these wait more than they compute.
    let threads = || std::env::var("RUST_TEST_THREADS").ok()?.parse().ok();
    arguments.test_threads = arguments.test_threads.or_else(threads);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The command that starts this program as a client of that kind.
fn driver(kind: &str) -> String {
    let own = std::env::current_exe().expect("a path");
    format!("'{}' {AS_DRIVER} {kind}", own.display())
}

fn stalemate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stalemate"));
    command
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// What a command prints of a scenario with a client of that kind.
fn printed(verb: &str, file: &str, kind: &str) -> Output {
    let command = driver(kind);
    let arguments = [verb, file, "--client-command", &command, "--format", "json"];
    stalemate(&arguments).output().expect("the command runs")
}

/// Runs a scenario with a client of that kind.
fn run(file: &str, kind: &str) -> Output {
    printed("run", file, kind)
}

/// The one result of a run.
fn result(output: &Output) -> Value {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let results: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    assert_eq!(
        results["results"].as_array().map(Vec::len),
        Some(1),
        "{err}"
    );
    results["results"][0].clone()
}

/// The record of a run, as lines.
fn record(file: &str, kind: &str) -> String {
    let output = printed("trace", file, kind);
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!out.is_empty(), "{err}");
    out
}
