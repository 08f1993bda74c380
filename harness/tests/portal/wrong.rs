//! Clients that keep to nothing: each ends its cell with a clear error, and nothing of it is left.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::{driver, record, result, run, scenario, stalemate};

const CALL: &str = "  - call: {on: memory, tool: search_nodes}\n";

pub(crate) fn a_plain_client_is_judged_as_any_other() {
    let (_dir, file) = scenario(CALL);
    for kind in ["good", "late"] {
        let output = run(&file, kind);
        let result = result(&output);
        assert_eq!(output.status.code(), Some(0), "{result}");
        assert_eq!(result["rung"], "transparent", "{result}");
    }
}

/// What it is told is what a kernel tells: refusals, resets and ends are different things.
pub(crate) fn what_happens_to_connections_reaches_the_program() {
    let slow = "  - call: {on: memory, tool: slow, takes: 10s, background: slow}\n";
    let down = "  - down: {target: memory, for: 5s}\n  - wait: 1s\n";
    let lost = "inject:\n  - when: {event: request-sent, at: client, rpc: tools/call}\n    then: {cut: 9}\n";
    for (steps, told) in [
        (format!("{down}{CALL}"), "onnection refused"),
        (
            format!("{slow}  - wait: 1s\n  - cut: memory\n  - wait: 1s\n"),
            "the answer broke off",
        ),
        (format!("{CALL}{lost}"), "onnection reset"),
    ] {
        let (_dir, file) = scenario(&steps);
        let record = record(&file, "good");
        let ends = record.lines().filter(|line| line.contains("call-ended"));
        let ends: Vec<&str> = ends.collect();
        assert!(
            ends.iter().any(|end| end.contains(told)),
            "{told}: {ends:#?}"
        );
    }
}

pub(crate) fn a_program_that_keeps_to_nothing_ends_its_cell() {
    let (_dir, file) = scenario(CALL);
    for (kind, why) in [
        ("mute", "waits, and has not said that it is ready"),
        ("babble", "does not keep to its protocol: a line is no JSON"),
        ("twice", "nothing was asked under 99"),
        ("flood", "floods its standard output"),
        (
            "die",
            "ended (exit status: 3); it said on standard error: this is the end",
        ),
        ("abort", "ended (signal: 6"),
        ("fork", "wants to start another program"),
    ] {
        ends(&file, kind, why);
    }
}

pub(crate) fn one_that_spins_ends_its_cell() {
    let (_dir, file) = scenario(CALL);
    ends(&file, "spin", "computes for more than 30 s without waiting");
}

fn ends(file: &str, kind: &str, why: &str) {
    let output = run(file, kind);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains(why), "{kind}: {err}");
    assert_eq!(output.status.code(), Some(101), "{kind}: {err}");
}

/// The driver of 40 lines that the drivers' page has, where there is a perl.
pub(crate) fn the_shortest_driver_runs() {
    if Command::new("perl")
        .arg("-MJSON::PP")
        .arg("-e1")
        .status()
        .is_ok_and(|s| s.success())
    {
        let (_dir, file) = scenario(CALL);
        let arguments = [
            "run",
            &*file,
            "--client",
            "clients/example-perl",
            "--format",
            "json",
        ];
        let result = result(&stalemate(&arguments).output().expect("the command runs"));
        assert_eq!(result["rung"], "transparent", "{result}");
    } else {
        eprintln!("left out: the driver in Perl: there is no perl here");
    }
    let lines = include_str!("../../../clients/example-perl/driver.pl")
        .lines()
        .count();
    assert!(lines <= 40, "{lines}");
}

pub(crate) fn one_that_never_answers_costs_patience() {
    let (_dir, file) = scenario(CALL);
    let output = run(&file, "hang");
    let result = result(&output);
    assert_eq!(output.status.code(), Some(1), "{result}");
    assert_eq!(result["rung"], "never", "{result}");
}

pub(crate) fn what_cannot_be_started_is_said() {
    let (_dir, file) = scenario(CALL);
    let arguments = ["run", &*file, "--client-command", "no-such-program-here x"];
    let output = stalemate(&arguments).output().expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.contains("`no-such-program-here` cannot be started"),
        "{err}"
    );
    assert_eq!(output.status.code(), Some(2), "{err}");
}

/// Ctrl-C goes to the whole group of the command, in which its programs are not.
pub(crate) fn nothing_is_left_after_an_interrupt() {
    let (dir, file) = scenario(CALL);
    let told = dir.path().join("pid");
    let command = driver(&format!("spin '{}'", told.display()));
    let mut running = stalemate(&["run", &file, "--client-command", &command])
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let pid = (0..600).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        fs::read_to_string(&told).ok().filter(|pid| !pid.is_empty())
    });
    let pid = pid.expect("it started");
    let is_there = || Path::new(&format!("/proc/{pid}")).exists();
    assert!(is_there());
    let group = format!("-{}", running.id());
    let killed = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(killed.expect("kill runs").success());
    running.wait().expect("it ends");
    let is_gone = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(50));
        !is_there()
    });
    assert!(is_gone, "{pid} is left");
}
