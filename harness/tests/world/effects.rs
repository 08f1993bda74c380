//! What the trigger `effect` means: the effect has been committed and stays, and the server has not gone on yet. Model
//! servers and the real one agree.

use stalemate::journal::{CallId, Event, Fate, Message};
use stalemate::sim::Run;

use crate::support::{all, client, run, scenario, times};

const SERVERS: [&str; 3] = [
    "{dialect: supergateway-4.0.0, port: 3001}",
    "{dialect: spec, port: 3001}",
    "{real: rmcp}",
];

/// A slow call of 5 s a second after the connector was added, and what its effect meets.
fn met(server: &str, fate: &str) -> Run {
    let scenario = scenario(&format!(
        "summary: A test.\nservers:\n  memory: {server}\nclients: [connector/recovering]\nsteps:\n  - add: memory\n  \
         - wait: 1s\n  - call: {{on: memory, tool: slow, takes: 5s}}\n  - wait: 90s\n\
         inject:\n  - {{when: {{event: effect, at: memory}}, then: {fate}}}\n"
    ));
    let run = run(&scenario, &client("connector/recovering"));
    assert!(run.findings.unfired.is_empty(), "{server}\n{}", all(&run));
    run
}

/// Where the first effect stands, with its time.
fn effect(run: &Run) -> (usize, u64) {
    let entries = run.record.entries.iter().enumerate();
    let mut effects = entries.filter(|(_, e)| {
        matches!(
            &e.event,
            Event::EffectCommitted {
                call: Some(CallId(1)),
                ..
            }
        )
    });
    let (at, entry) = effects.next().expect("the effect is in the record");
    assert_eq!(effects.count(), 0, "once\n{}", all(run));
    (at, entry.at_ms)
}

/// The answers to the first call's first request that leave the server, by their places.
fn answers(run: &Run) -> Vec<usize> {
    let entries = run.record.entries.iter().enumerate();
    let at_memory = entries.filter_map(|(place, entry)| match &entry.event {
        Event::Http {
            at,
            exchange,
            message,
            ..
        } if &**at == "memory" => Some((place, *exchange, message)),
        _ => None,
    });
    let mut asked = None;
    let mut answers = Vec::new();
    for (place, exchange, message) in at_memory {
        let rpc = match message {
            Message::Request(request) => {
                if request.call == Some(CallId(1)) {
                    asked.get_or_insert(exchange);
                }
                continue;
            }
            Message::Response(response) => &response.rpc,
            Message::Sse(event) => &event.rpc,
            Message::End { .. } => continue,
        };
        if asked == Some(exchange) && rpc.iter().any(|rpc| rpc.method.is_none()) {
            answers.push(place);
        }
    }
    answers
}

#[test]
fn a_halt_at_an_effect_leaves_the_effect_and_no_answer() {
    for server in SERVERS {
        let run = met(server, "{halt: memory}");
        let (at, at_ms) = effect(&run);
        assert_eq!(
            run.record.entries[at].fate,
            Fate::Halt("memory".into()),
            "{server}"
        );
        assert_eq!(answers(&run), [0_usize; 0], "{server}\n{}", all(&run));
        let down = times(&run, "down memory halted by the plan");
        // The process is taken away after the step.
        assert_eq!(down, [at_ms + 1], "{server}\n{}", all(&run));
        assert!(times(&run, "call 1 ok").is_empty(), "{server}");
    }
}

#[test]
fn a_park_at_an_effect_leaves_the_effect_and_no_answer() {
    for server in SERVERS {
        let run = met(server, "{park: now}");
        effect(&run);
        assert_eq!(answers(&run), [0_usize; 0], "{server}\n{}", all(&run));
        assert_eq!(times(&run, "up memory").len(), 1, "{server}");
        assert!(times(&run, "call 1 ok").is_empty(), "{server}");
    }
}

/// The tool's time runs from its beginning, whatever a fate takes of it.
#[test]
fn a_delay_at_an_effect_holds_back_the_answer_alone() {
    for server in SERVERS {
        for (delay, answered) in [("2s", 5_000), ("7s", 7_000)] {
            let run = met(server, &format!("{{delay: {delay}}}"));
            let (at, at_ms) = effect(&run);
            let [answer] = answers(&run)[..] else {
                panic!("{server}, {delay}: one answer\n{}", all(&run));
            };
            assert!(answer > at);
            let took = run.record.entries[answer].at_ms - at_ms;
            // A server may take a step of time for itself.
            assert!(
                (answered..=answered + 2).contains(&took),
                "{server}, {delay}: {took} ms\n{}",
                all(&run)
            );
        }
    }
}
