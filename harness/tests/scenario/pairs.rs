//! The models of real clients and those clients themselves: whatever scenario lists both promises the same of them. That the
//! promises are true, the cells' own tests see to.

use std::collections::BTreeSet;
use std::path::Path;

use stalemate::registry::Registry;
use stalemate::scenario::{Scenario, find, load};

/// What stands for a program, the program, and in how many scenarios both must stand at the least.
const PAIRS: [(&str, &str, usize); 5] = [
    ("sdk/typescript-1", "typescript-sdk-1", 10),
    ("sdk/typescript-2", "typescript-sdk-2", 10),
    // Not in `requests/all-kinds`: a refused notification closes the way of all requests behind it, which no knob stands for.
    ("sdk/python-1", "python-sdk-1", 9),
    ("sdk/python-2", "python-sdk-2", 10),
    // An adapter and not a model, of an earlier version than the program.
    ("rmcp", "rust-sdk", 15),
];

/// What is promised of a client; `None` if it is not listed.
fn promised<'s>(
    scenario: &'s Scenario,
    client: &str,
) -> Option<(Option<u8>, bool, BTreeSet<&'s str>)> {
    if !scenario.clients.iter().any(|c| c == client) {
        return None;
    }
    let promise = scenario.expect.get(client)?;
    let violates = promise.violates.iter().map(String::as_str).collect();
    Some((
        promise.rung.map(|rung| rung as u8),
        promise.no_progress,
        violates,
    ))
}

#[test]
fn a_model_does_what_its_program_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = find(&[root]).expect("a directory");
    let vocabulary = Registry::builtin().vocabulary();
    let load = |file: &std::path::PathBuf| load(file, &vocabulary).expect("right");
    let scenarios: Vec<Scenario> = files.iter().map(load).collect();
    for (model, program, least) in PAIRS {
        let mut count = 0;
        for scenario in &scenarios {
            let (Some(of_model), Some(of_program)) =
                (promised(scenario, model), promised(scenario, program))
            else {
                continue;
            };
            assert_eq!(
                of_model, of_program,
                "{}: {model} and {program}",
                scenario.name
            );
            count += 1;
        }
        assert!(
            count >= least,
            "{model} and {program} stand in {count} scenarios together"
        );
    }
}
