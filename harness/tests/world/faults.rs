//! Faults that are not tied to one message, with their times. A link takes 1 ms; the connector is there at 17 ms, and
//! every fault strikes one second later.

use stalemate::journal::Event;

use crate::clock::assert_jumps_change_nothing;
use crate::support::{after_a_second, all, assert_lines, client, lines, one_server, times};

#[test]
fn a_restart_closes_streams_well_and_comes_back_in_its_time() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - restart: memory\n",
    );
    assert_lines(
        &run,
        &["fault", "healed", "up", "down", "closed", "cut"],
        &[
            "1017 fault restart of memory",
            "1018 closed c6 nginx>memory",
            "1019 closed c4 client>nginx",
            "1023 down memory stopped (SIGTERM)",
            "2023 up memory",
            "2024 healed restart of memory",
        ],
    );
}

#[test]
fn a_drain_lets_the_call_in_flight_finish_and_refuses_others() {
    let steps = "  - call: {on: memory, tool: slow, takes: 5s, background: slow}\n  - wait: 1s\n\
                 \x20 - call: {on: memory, tool: create_entities, background: late}\n";
    // The script waits for the drain to end, so the late call is one that the client makes again by itself: none does.
    let drained = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        &steps.replace(
            "  - call: {on: memory, tool: create",
            "  - drain: memory\n  - call: {on: memory, tool: create",
        ),
    );
    assert_lines(
        &drained,
        &["fault", "healed", "up", "down", "call 1", "effect"],
        &[
            "1019 effect memory slow",
            "2017 fault drain of memory",
            "6021 call 1 ok",
            "6033 down memory stopped (SIGTERM)",
            "7033 up memory",
            "7034 healed drain of memory",
        ],
    );
}

#[test]
fn a_hop_drains_too() {
    let steps = "  - call: {on: memory, tool: slow, takes: 5s, background: slow}\n  - wait: 1s\n  - drain: {target: nginx, limit: 1m}\n";
    let run = after_a_second("supergateway-4.0.0", "connector/spec-404", steps);
    assert_eq!(times(&run, "call 1 ok"), [6021], "\n{}", all(&run));
    assert!(times(&run, "down nginx stopped (SIGTERM)")[0] > 6021);
    let cut_short = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        &steps.replace("1m", "2s"),
    );
    assert_eq!(
        times(&cut_short, "down nginx stopped (SIGTERM)"),
        [4018],
        "\n{}",
        all(&cut_short)
    );
    assert_eq!(times(&cut_short, "call 1 ok"), [0_u64; 0]);
}

#[test]
fn what_is_down_refuses_until_it_is_up() {
    let steps = "  - down: {target: nginx, for: 10m}\n  - wait: 1s\n  - call: {on: memory, tool: create_entities}\n\
                 \x20 - wait: 10m\n  - call: {on: memory, tool: create_entities}\n";
    let run = after_a_second("supergateway-4.0.0", "connector/spec-404", steps);
    assert_eq!(times(&run, "down nginx stopped (SIGTERM)"), [1018]);
    assert_eq!(times(&run, "up nginx"), [0, 601_018], "\n{}", all(&run));
    let refused = lines(&run, &["refused"]);
    assert!(!refused.is_empty());
    for line in &refused {
        let at: u64 = line.split(' ').next().unwrap().parse().unwrap();
        assert!((1018..=601_018).contains(&at), "{line}");
    }
    assert_eq!(times(&run, "call 2 ok").len(), 1, "\n{}", all(&run));

    let steps = "  - down: memory\n  - wait: 5m\n  - call: {on: memory, tool: create_entities}\n  - up: memory\n  - wait: 1s\n";
    let run = after_a_second("supergateway-4.0.0", "connector/spec-404", steps);
    assert_lines(
        &run,
        &["fault", "healed", "up", "down", "call", "refused", "effect"],
        &[
            "1017 fault down of memory",
            "1023 down memory stopped (SIGTERM)",
            "301017 call 1 begins",
            "301019 refused c7 nginx>memory",
            "301020 call 1 failed 502 Bad Gateway",
            "301021 up memory",
            "301022 healed down of memory",
        ],
    );
}

#[test]
fn a_partition_holds_and_loses_nothing() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - partition: {between: [client, nginx], for: 5s}\n  - call: {on: memory, tool: create_entities, parallel: 3}\n",
    );
    assert_eq!(times(&run, "healed partition of client and nginx"), [6017]);
    assert_eq!(
        times(&run, "effect memory create_entities").len(),
        3 + 2,
        "\n{}",
        all(&run)
    );
    for call in 1..=3 {
        let ok = times(&run, &format!("call {call} ok"));
        assert!(
            ok.len() == 1 && (6017..6030).contains(&ok[0]),
            "call {call}: {ok:?}"
        );
    }
}

#[test]
fn a_link_that_two_faults_hold_is_free_when_both_are_over() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - partition: {between: [client, nginx], for: 5s}\n  - partition: {between: [client, nginx], for: 20s}\n\
         \x20 - call: {on: memory, tool: create_entities}\n",
    );
    assert_eq!(times(&run, "call 1 ok"), [21_022], "\n{}", all(&run));
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - partition: {between: [nginx, memory], for: 20s}\n  - power-loss: {target: memory, down: 2s}\n\
         \x20 - call: {on: memory, tool: create_entities}\n",
    );
    assert!(
        times(&run, "call 1 failed 404 Not Found: Session not found")[0] >= 21_017,
        "\n{}",
        all(&run)
    );
}

#[test]
fn a_stall_freezes_and_goes_on() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - stall: {target: memory, for: 5s}\n  - call: {on: memory, tool: create_entities}\n",
    );
    assert_lines(
        &run,
        &["fault", "healed", "call", "memory", "nginx gets 200"],
        &[
            "1017 fault memory stalled",
            "1017 call 1 begins",
            "6017 healed memory stalled",
            "6017 memory gets POST tools/call",
            "6017 memory sends 200",
            "6017 memory sends event",
            "6017 memory sends end true",
            "6018 nginx gets 200",
            "6019 call 1 ok",
        ],
    );
    // Two stalls last until the later end; one of a process that ends meanwhile, until then.
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - stall: {target: memory, for: 5s}\n  - wait: 2s\n  - stall: {target: memory, for: 5s}\n  - wait: 10s\n\
         \x20 - stall: {target: memory, for: 1m}\n  - restart: memory\n  - call: {on: memory, tool: create_entities}\n  - wait: 2m\n",
    );
    let healed = times(&run, "healed memory stalled");
    assert_eq!(healed[0], 8018, "\n{}", all(&run));
    assert!(healed.len() == 2 && healed[1] < 13_100, "{healed:?}");
}

/// Its timers are over meanwhile, but what it closes of that is closed when it goes on: a machine that sleeps sends no FIN.
#[test]
fn who_is_stalled_closes_nothing() {
    for who in ["sdk/typescript-1", "sdk/python-2", "connector/recovering"] {
        let run = after_a_second(
            "supergateway-4.0.0",
            who,
            "  - stall: {target: client, for: 1h}\n  - wait: 2h\n",
        );
        let (began, healed) = (
            times(&run, "fault client stalled")[0],
            times(&run, "healed client stalled")[0],
        );
        let entries = run.record.entries.iter();
        let ended = entries.filter(|entry| match &entry.event {
            Event::ConnEnded { from, .. } => &**from == "client",
            _ => false,
        });
        let early: Vec<u64> = ended
            .map(|entry| entry.at_ms)
            .filter(|at| (began + 2..healed).contains(at))
            .collect();
        assert!(early.is_empty(), "{who}: {early:?}\n{}", all(&run));
    }
}

#[test]
fn a_cut_and_an_expiry_take_a_moment() {
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - cut: memory\n  - wait: 1s\n",
    );
    assert_lines(
        &run,
        &["fault", "healed", "cut", "closed", "down"],
        &[
            "1017 fault every connection of memory cut",
            "1018 cut c6 nginx>memory",
            "1019 cut c4 client>nginx",
        ],
    );
    let run = after_a_second(
        "supergateway-4.0.0",
        "connector/spec-404",
        "  - expire: memory\n  - call: {on: memory, tool: create_entities}\n",
    );
    assert_lines(
        &run,
        &["fault", "lost", "call", "down"],
        &[
            "1017 fault every session of memory expires",
            "1017 lost memory ExpiredByScenario",
            "1017 call 1 begins",
            "1022 call 1 failed 404 Not Found: Session not found",
        ],
    );
}

#[test]
fn a_fault_that_lasts_is_over_when_calm_begins() {
    for fault in [
        "down: memory",
        "down: nginx",
        "down: {target: [memory, nginx], for: 10h}",
        "power-loss: {target: memory, down: 10h}",
        "power-loss: {target: [nginx, memory], down: 10h}",
        "partition: {between: [client, nginx]}",
        "partition: {between: [nginx, memory], for: 10h}",
        "stall: {target: memory, for: 10h}",
        "stall: {target: client, for: 10h}",
        "crash: [memory, nginx]",
    ] {
        let run = after_a_second(
            "supergateway-4.0.0",
            "connector/recovering",
            &format!(
                "  - {fault}\n  - climb: memory\n  - call: {{on: memory, tool: create_entities, expect: ok}}\n"
            ),
        );
        assert!(
            run.findings.virtual_ms < 10 * 60_000,
            "{fault}: {} ms",
            run.findings.virtual_ms
        );
        assert_eq!(run.findings.failures, [], "{fault}\n{}", all(&run));
        let rung = run.record.rungs()[0].1.map(|r| r.as_str());
        assert!(
            rung.is_some(),
            "{fault}: the server side works in calm\n{}",
            all(&run)
        );
    }
}

/// Everything above at once, with and without jumps.
#[test]
fn jumps_change_nothing_under_faults() {
    let scenario = one_server(
        "supergateway-4.0.0",
        "nginx",
        "  - add: memory\n  - call: {on: memory, tool: slow, takes: 3s, background: slow}\n  - partition: {between: [nginx, memory], for: 2s}\n\
         \x20 - wait: 500ms\n  - stall: {target: nginx, for: 700ms}\n  - wait: 4s\n  - power-loss: {target: memory, down: 1s}\n  - wait: 2s\n\
         \x20 - down: {target: nginx, for: 1s}\n  - call: {on: memory, tool: create_entities}\n  - wait: 2s\n  - crash: memory\n  - wait: 2s\n",
        "",
    );
    for name in ["connector/recovering", "connector/stale-cache"] {
        let run = assert_jumps_change_nothing(name, &scenario, &client(name));
        assert_eq!(times(&run, "healed power loss of memory").len(), 1);
    }
}
