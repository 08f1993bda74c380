//! The lives of processes: crashes, power, machines, halts, and what strikes a process that is down already.

use stalemate::sim::Run;

use crate::support::{
    after_a_second, all, assert_lines, client, lines, one_server, run, scenario, times,
};

#[test]
fn a_crash_cuts_and_the_supervisor_starts_again_in_its_time() {
    for (supervisor, up) in [("", 6017), (", supervisor: 300ms", 1317)] {
        let scenario = scenario(&format!(
            "summary: A crash.\nservers: {{memory: {{dialect: supergateway-4.0.0, port: 3001{supervisor}}}}}\npath: [nginx]\n\
             clients: [connector/recovering]\nsteps:\n  - add: memory\n  - wait: 1s\n  - crash: memory\n  - wait: 10s\n"
        ));
        let run = run(&scenario, &client("connector/spec-404"));
        assert_lines(
            &run,
            &["fault", "healed", "up", "down", "closed", "cut"],
            &[
                "1017 fault crash of memory",
                "1017 down memory killed (SIGKILL)",
                "1017 cut c6 nginx>memory",
                "1018 cut c4 client>nginx",
                &format!("{up} up memory"),
                &format!("{} healed crash of memory", up + 1),
            ],
        );
    }
}

#[test]
fn a_crash_of_what_has_crashed_changes_nothing() {
    let once = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - crash: memory\n  - wait: 10s\n",
    );
    let twice = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - crash: memory\n  - wait: 3s\n  - crash: memory\n  - wait: 7s\n",
    );
    let processes = |run: &Run| lines(run, &["up", "down"]);
    assert_eq!(processes(&once), processes(&twice));
    assert_eq!(times(&twice, "healed crash of memory"), [6018, 6018]);
}

#[test]
fn a_crash_or_a_restart_of_what_is_down_for_a_time() {
    let down = "  - down: {target: memory, for: 1m}\n  - wait: 10s\n";
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        &format!("{down}  - crash: memory\n  - wait: 2m\n"),
    );
    assert_eq!(
        times(&run, "up memory"),
        [0, 61_023],
        "a crash does not start it sooner\n{}",
        all(&run)
    );
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        &format!(
            "{down}  - wait: 1m\n  - down: {{target: memory, for: 1m}}\n  - wait: 10s\n  - power-loss: {{target: memory, down: 2s}}\n  - wait: 2m\n"
        ),
    );
    assert_eq!(
        times(&run, "up memory"),
        [0, 61_023, 131_024],
        "nor does power\n{}",
        all(&run)
    );
}

#[test]
fn power_loss_leaves_peers_half_open() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - power-loss: {target: memory, down: 30s}\n  - wait: 1m\n",
    );
    // No FIN, no RST: nginx learns it from the stream's silence only, 60 s after the last comment.
    assert_lines(
        &run,
        &[
            "fault", "healed", "up", "down", "closed", "cut", "open", "client",
        ],
        &[
            "1017 fault power loss of memory",
            "1017 down memory power lost",
            "31017 up memory",
            "31018 healed power loss of memory",
            "60016 cut c6 nginx>memory",
            "60017 client gets end false",
            "60017 cut c4 client>nginx",
        ],
    );
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - power-loss: {target: nginx, down: 5s}\n  - call: {on: memory, tool: create_entities}\n  - wait: 1m\n",
    );
    // What the client wrote meanwhile arrives at a machine that knows nothing of the connection: RST.
    assert_lines(
        &run,
        &["fault", "up", "down", "cut c1", "call"],
        &[
            "1017 fault power loss of nginx",
            "1017 down nginx power lost",
            "1017 call 1 begins",
            "6017 up nginx",
            "6020 cut c1 client>nginx",
            "6020 call 1 failed connection lost",
        ],
    );
}

#[test]
fn what_strikes_a_machine_without_power_waits_for_the_power() {
    for strike in ["crash: memory", "power-loss: {target: memory, down: 4s}"] {
        let run = after_a_second(
            "supergateway-4.0.0",
            "connector/spec-404",
            &format!(
                "  - power-loss: {{target: memory, down: 10s}}\n  - wait: 2s\n  - {strike}\n  - wait: 1m\n"
            ),
        );
        assert_eq!(
            times(&run, "up memory"),
            [0, 11_017],
            "{strike}\n{}",
            all(&run)
        );
        assert!(
            run.record.rungs()[0].1.is_some(),
            "{strike}: the machine can be reached again"
        );
    }
    // Told to restart, it does so once there is power, and the script goes on then.
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - power-loss: {target: memory, down: 10s}\n  - restart: memory\n",
    );
    assert_eq!(times(&run, "up memory"), [0, 11_017], "\n{}", all(&run));
    assert_eq!(times(&run, "healed restart of memory"), [11_018]);
}

#[test]
fn power_lost_while_stopping() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - call: {on: memory, tool: slow, takes: 20s, background: slow}\n  - down: {target: memory, for: 1m}\n\
         \x20 - power-loss: {target: memory, down: 3s}\n  - wait: 5s\n",
    );
    assert_eq!(
        times(&run, "down memory power lost"),
        [1018],
        "\n{}",
        all(&run)
    );
    assert!(
        lines(&run, &["refused"]).is_empty(),
        "what was on its way when the power went is sent again, not refused\n{}",
        all(&run)
    );
    assert_eq!(times(&run, "up memory"), [0, 4018], "\n{}", all(&run));
}

#[test]
fn the_processes_of_a_machine_go_down_together() {
    let scenario = scenario(
        "summary: A machine.\nservers: {memory: {dialect: supergateway-3.4.3}, other: {dialect: supergateway-4.0.0}}\npath: [nginx]\n\
         machines: {box: [memory, nginx]}\nclients: [connector/recovering]\nsteps:\n  - add: memory\n  - add: other\n  - wait: 1s\n\
         \x20 - power-loss: {target: box, down: 3s}\n  - wait: 10s\n  - crash: box\n  - wait: 10s\n  - restart: box\n",
    );
    let run = run(&scenario, &client("connector/recovering"));
    let (memory, nginx) = (times(&run, "up memory"), times(&run, "up nginx"));
    assert_eq!(memory.len(), 4, "\n{}", all(&run));
    assert_eq!(memory[..3], nginx[..3]);
    let down = |process: &str, how: &str| times(&run, &format!("down {process} {how}"));
    for how in ["power lost", "killed (SIGKILL)"] {
        assert_eq!(down("memory", how).len(), 1);
        assert_eq!(down("memory", how), down("nginx", how));
    }
    assert!(down("other", "power lost").is_empty());
}

/// A process that a fate halted says nothing more, not in the same step either, until it is up again.
#[test]
fn what_has_halted_is_silent() {
    for (event, process) in [
        ("{event: effect}", "memory"),
        (
            "{event: request-received, at: memory, rpc: tools/call}",
            "memory",
        ),
        (
            "{event: response-sent, at: memory, rpc: tools/call}",
            "memory",
        ),
        ("{event: sse-sent, at: memory, rpc: tools/call}", "memory"),
        (
            "{event: request-sent, at: client, rpc: tools/call}",
            "nginx",
        ),
        (
            "{event: request-received, at: nginx, rpc: tools/call}",
            "nginx",
        ),
        ("{event: effect}", "nginx"),
        (
            "{event: response-received, at: nginx, rpc: tools/call}",
            "memory",
        ),
    ] {
        let inject = format!("  - {{when: {event}, then: {{halt: {process}}}}}\n");
        let scenario = one_server(
            "supergateway-4.0.0",
            "nginx",
            "  - add: memory\n  - wait: 1s\n  - call: {on: memory, tool: create_entities}\n  - wait: 10s\n",
            &inject,
        );
        let run = run(&scenario, &client("connector/spec-404"));
        assert!(run.findings.unfired.is_empty(), "{event}");
        let halt = format!("fault {process} dies here");
        let acts = |line: &str| {
            let what = line.split_once(' ').unwrap().1;
            ["", "session ", "effect "]
                .iter()
                .any(|w| what.starts_with(&format!("{w}{process} ")))
                || what.contains(&format!(" {process}>"))
        };
        let silent: Vec<String> = lines(&run, &[""])
            .into_iter()
            .skip_while(|line| !line.ends_with(&halt))
            .take_while(|line| !line.ends_with(&format!("up {process}")))
            .filter(|line| acts(line))
            .collect();
        assert_eq!(silent, [""; 0], "{event} halts {process}\n{}", all(&run));
        assert_eq!(
            times(&run, &format!("up {process}")).len(),
            2,
            "{event}\n{}",
            all(&run)
        );
        if process == "nginx" && event == "{event: effect}" {
            assert!(
                times(&run, "memory sends event").len() > 3,
                "the server goes on when the proxy dies\n{}",
                all(&run)
            );
        }
    }
}
