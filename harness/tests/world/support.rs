//! What these tests share: scenarios from a text, runs on fresh threads, and questions to a journal.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::thread;

use stalemate::journal::{CallOutcome, ConnEnd, Entry, Event, Fate, Message, Phase, Side};
use stalemate::registry::{Registry, Subject};
use stalemate::runner::{Cell, scenarios};
use stalemate::scenario::{Scenario, ServerKind, load_text};
use stalemate::sim::{self, Options, Run, Spec};

/// The scenario that a text is.
pub(crate) fn scenario(text: &str) -> Arc<Scenario> {
    let vocabulary = registry().vocabulary();
    match load_text("test/world", Path::new("world.yaml"), text, &vocabulary) {
        Ok(scenario) => Arc::new(scenario),
        Err(errors) => panic!("{errors}"),
    }
}

/// The built-in clients.
pub(crate) fn registry() -> Registry {
    // Its dialects are read from files, which can take longer than a run.
    static BUILTIN: LazyLock<Registry> = LazyLock::new(Registry::builtin);
    BUILTIN.clone()
}

/// The built-in client of that name.
pub(crate) fn client(name: &str) -> Subject {
    registry().get(name).expect("a built-in client").clone()
}

/// One run on a thread of its own.
pub(crate) fn try_run(
    scenario: &Arc<Scenario>,
    subject: &Subject,
    options: Options,
) -> Result<Run, String> {
    let (scenario, subject) = (Arc::clone(scenario), subject.clone());
    let run = move || {
        let spec = Spec {
            scenario: &scenario,
            client: "the client",
            subject: &subject,
            seed: 1,
        };
        sim::run_with(spec, &options)
    };
    let run = thread::spawn(run).join().expect("a run does not panic");
    run.map_err(|error| error.to_string())
}

/// One run on a thread of its own, which must come to its end.
pub(crate) fn run(scenario: &Arc<Scenario>, subject: &Subject) -> Run {
    try_run(scenario, subject, Options::default()).expect("the run comes to its end")
}

/// A cell: name, scenario and client.
pub(crate) type ModelCell = (String, Arc<Scenario>, Subject);

/// Of each committed scenario one cell in which everything is a model, its clients taking turns from scenario to scenario.
pub(crate) fn model_cells() -> Vec<ModelCell> {
    let all = all_model_cells();
    let of_scenario = all.chunk_by(|a, b| a.1.name == b.1.name);
    of_scenario
        .enumerate()
        .map(|(n, cells)| cells[n % cells.len()].clone())
        .collect()
}

/// The committed cells in which everything is a model.
pub(crate) fn all_model_cells() -> Vec<ModelCell> {
    let registry = registry();
    let dir: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut found = Vec::new();
    for (_, loaded) in scenarios(&[dir], &registry).expect("a directory") {
        let scenario = loaded.expect("the committed scenarios are right");
        let real = |s: &stalemate::scenario::Server| matches!(s.kind, ServerKind::Real(_));
        if scenario.servers.iter().any(real) {
            continue;
        }
        for cell in Cell::of(&scenario) {
            // Not those that a scenario describes itself.
            let Some(subject) = registry.get(&cell.client).cloned() else {
                continue;
            };
            if !subject.factory().needs_own_process() {
                let name = format!("{} {}", scenario.name, cell.client);
                found.push((name, Arc::clone(&scenario), subject));
            }
        }
    }
    assert!(found.len() > 10, "there are committed scenarios");
    found
}

/// Fails at the first line in which two journals differ.
pub(crate) fn assert_same(what: &str, one: &[Entry], two: &[Entry]) {
    for at in 0..one.len().max(two.len()) {
        assert_eq!(
            one.get(at),
            two.get(at),
            "{what}: entry {at} of the journal"
        );
    }
}

/// A scenario with one server `memory` of that dialect, behind those hops.
pub(crate) fn one_server(dialect: &str, path: &str, steps: &str, inject: &str) -> Arc<Scenario> {
    let inject = if inject.is_empty() {
        String::new()
    } else {
        format!("inject:\n{inject}")
    };
    scenario(&format!(
        "summary: A test.\nservers:\n  memory: {{dialect: {dialect}, port: 3001}}\npath: [{path}]\n\
         clients: [connector/recovering]\nsteps:\n{steps}{inject}"
    ))
}

/// One journal entry as `time who what`, short enough to be written into a test.
pub(crate) fn brief(entry: &Entry) -> String {
    let what = match &entry.event {
        Event::FaultBegan { fault, .. } => format!("fault {fault}"),
        Event::FaultHealed { fault, .. } => format!("healed {fault}"),
        Event::ProcessUp { process } => format!("up {process}"),
        Event::ProcessDown { process, cause } => format!("down {process} {cause}"),
        Event::ConnOpened { conn, from, to, .. } => format!("open c{} {from}>{to}", conn.0),
        Event::ConnEnded {
            conn,
            from,
            to,
            how,
            ..
        } => {
            let how = match how {
                ConnEnd::Refused => "refused",
                ConnEnd::Cut => "cut",
                ConnEnd::Closed => "closed",
            };
            format!("{how} c{} {from}>{to}", conn.0)
        }
        Event::SessionOpened { server, .. } => format!("session {server}"),
        Event::SessionEnded { server, cause, .. } => format!("lost {server} {cause:?}"),
        Event::EffectCommitted { server, tool, .. } => format!("effect {server} {tool}"),
        Event::CallBegan { call, .. } => format!("call {} begins", call.0),
        Event::CallEnded { call, outcome } => match outcome {
            CallOutcome::Ok => format!("call {} ok", call.0),
            CallOutcome::Error(text) => format!("call {} failed {text}", call.0),
            CallOutcome::Hollow(text) => format!("call {} got no result: {text}", call.0),
            CallOutcome::GivenUp(_) => format!("call {} given up", call.0),
            CallOutcome::TimedOut(_) => format!("call {} timed out", call.0),
            other => format!("call {} came to {other:?}", call.0),
        },
        Event::Http {
            at, side, message, ..
        } => {
            let side = match side {
                Side::Sent => "sends",
                Side::Received => "gets",
            };
            let what = match message {
                Message::Request(r) => {
                    let rpc = r.rpc.first().and_then(|rpc| rpc.method.clone());
                    format!("{} {}", r.method.as_str(), rpc.unwrap_or_default())
                }
                Message::Response(r) => r.status.to_string(),
                Message::Sse(s) if s.comment => "comment".to_owned(),
                Message::Sse(s) if s.rpc.is_empty() => "priming".to_owned(),
                Message::Sse(_) => "event".to_owned(),
                Message::End { clean, .. } => format!("end {clean}"),
            };
            format!("{at} {side} {}", what.trim_end())
        }
        other => serde_json::to_value(other).expect("plain data")["event"].to_string(),
    };
    format!("{} {what}", entry.at_ms)
}

/// What the plan made of an entry, as a line like those of [`brief`].
fn struck(entry: &Entry) -> Option<String> {
    let what = match &entry.fate {
        Fate::Go => return None,
        Fate::Delay(ms) => format!("delayed by {ms} ms"),
        Fate::Park => "withheld from here on".to_owned(),
        Fate::Cut(at) => format!("connection cut at {at:?}"),
        Fate::Drop => "lost".to_owned(),
        Fate::Duplicate => "sent twice".to_owned(),
        Fate::Replace(by) => format!("replaced by a {}", by.status),
        Fate::Halt(process) => format!("{process} dies here"),
    };
    Some(format!("{} fault {what}", entry.at_ms))
}

/// The brief lines of those entries whose text after the time begins with one of the words.
pub(crate) fn lines(run: &Run, words: &[&str]) -> Vec<String> {
    run.record
        .entries
        .iter()
        .flat_map(|entry| [Some(brief(entry)), struck(entry)])
        .flatten()
        .filter(|line| {
            let (_, what) = line.split_once(' ').expect("a time and more");
            words.iter().any(|word| what.starts_with(word))
        })
        .collect()
}

/// The times at which entries with that very text stand.
pub(crate) fn times(run: &Run, what: &str) -> Vec<u64> {
    run.record
        .entries
        .iter()
        .filter(|e| {
            brief(e)
                .split_once(' ')
                .is_some_and(|(_, text)| text == what)
        })
        .map(|e| e.at_ms)
        .collect()
}

/// What a run did up to the first climb, to be shown when an assertion fails.
pub(crate) fn all(run: &Run) -> String {
    let climb = |e: &&Entry| !matches!(e.event, Event::Phase(Phase::Calm { .. }));
    let before = run.record.entries.iter().take_while(climb);
    before.map(|e| brief(e) + "\n").collect()
}

/// A run of these steps after `add: memory` and a second, through nginx.
pub(crate) fn after_a_second(dialect: &str, name: &str, steps: &str) -> Run {
    let steps = format!("  - add: memory\n  - wait: 1s\n{steps}");
    run(&one_server(dialect, "nginx", &steps, ""), &client(name))
}

/// The lines from the fault on, up to the climb.
pub(crate) fn of_the_fault(run: &Run, words: &[&str]) -> Vec<String> {
    let climb = times(run, "\"phase\"").get(1).copied().unwrap_or(u64::MAX);
    lines(run, words)
        .into_iter()
        .filter(|line| {
            let at: u64 = line
                .split(' ')
                .next()
                .and_then(|t| t.parse().ok())
                .expect("a time");
            at >= 1017 && at < climb
        })
        .collect()
}

pub(crate) fn assert_lines(run: &Run, words: &[&str], expected: &[&str]) {
    assert_eq!(of_the_fault(run, words), expected, "\n{}", all(run));
}
