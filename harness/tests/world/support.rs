//! What these tests share: scenarios from a text, runs on fresh threads, and questions to a journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use stalemate::check::{cells, scenarios};
use stalemate::journal::{Entry, json_lines};
use stalemate::registry::{Registry, Subject};
use stalemate::scenario::{Scenario, ServerKind, load_text};
use stalemate::vocabulary;
use stalemate::world::{self, Options, Run};

/// The scenario that a text is.
pub(crate) fn scenario(text: &str) -> Arc<Scenario> {
    let vocabulary = vocabulary::of(&registry());
    match load_text("test/world", Path::new("world.yaml"), text, &vocabulary) {
        Ok(scenario) => Arc::new(scenario),
        Err(errors) => panic!("{errors}"),
    }
}

/// The built-in clients.
pub(crate) fn registry() -> Registry {
    Registry::builtin()
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
    thread::spawn(move || world::run_with(&scenario, &subject, 1, options))
        .join()
        .expect("a run does not panic")
}

/// One run on a thread of its own, which must come to its end.
pub(crate) fn run(scenario: &Arc<Scenario>, subject: &Subject) -> Run {
    try_run(scenario, subject, Options::default()).expect("the run comes to its end")
}

/// The committed cells in which everything is a model: name, scenario and client.
pub(crate) fn model_cells() -> Vec<(String, Arc<Scenario>, Subject)> {
    let registry = registry();
    let dir: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut found = Vec::new();
    for (_, loaded) in scenarios(&dir, &registry) {
        let scenario = loaded.expect("the committed scenarios are right");
        let real = |s: &&stalemate::scenario::Server| matches!(s.kind, ServerKind::Real(_));
        if scenario.servers.iter().any(|s| real(&s)) {
            continue;
        }
        for (name, subject, _) in cells(&scenario, &registry) {
            if !subject.factory().is_real() {
                let name = format!("{} {name}", scenario.name);
                found.push((name, Arc::clone(&scenario), subject));
            }
        }
    }
    assert!(found.len() > 10, "there are committed scenarios");
    found
}

/// Fails at the first line in which two journals differ.
pub(crate) fn assert_same(what: &str, one: &[Entry], two: &[Entry]) {
    let (one, two) = (json_lines(one), json_lines(two));
    if one == two {
        return;
    }
    let (mut a, mut b) = (one.lines(), two.lines());
    for line in 1.. {
        let (a, b) = (a.next(), b.next());
        assert_eq!(a, b, "{what}: line {line} of the journal");
    }
}
