//! The README shows what runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{ROOT, stalemate};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).expect("it is there")
}

/// Its trace is the command's, but for what is left out.
#[test]
fn its_trace_is_as_printed() {
    let readme = file("README.md");
    let (_, rest) = readme.split_once("```trace\n").expect("a trace");
    let (shown, _) = rest.split_once("```").expect("its end");
    let args = "trace scenarios/incident-48557/ten-steps.yaml --client connector/stale-cache";
    assert!(readme.contains(args));
    let done = stalemate(&args.split(' ').collect::<Vec<_>>());
    let mut printed = done.out.lines();
    for line in shown.lines().filter(|l| !l.is_empty() && l.trim() != "⋮") {
        assert!(
            printed.any(|p| p == line),
            "not printed, or not here: {line}"
        );
    }
}

/// Each row of its matrix is as in the snapshot of the whole one.
#[test]
fn its_matrix_is_the_snapshots() {
    let (readme, matrix) = (file("README.md"), file("snapshots/matrix.snap"));
    let mut rungs: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut scenario = "";
    for line in matrix.lines() {
        match line.strip_prefix("  ") {
            None => scenario = line,
            Some(line) => {
                let (rung, clients) = line.split_once("  ").expect("a rung and its clients");
                let clients = clients.trim_start().split(", ");
                rungs.extend(clients.map(|client| ((scenario, client), rung)));
            }
        }
    }
    let columns = [
        "connector/stale-cache",
        "connector/spec-404",
        "connector/recovering",
        "rmcp",
    ];
    let mut held = 0;
    for row in readme.lines().filter(|l| l.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let name = cells.next().expect("a name").trim_matches('`').to_owned();
        if rungs.keys().any(|(scenario, _)| *scenario == name) {
            let rung = |client| rungs.get(&(name.as_str(), client)).copied();
            let wanted = columns.map(|client| rung(client).unwrap_or_default());
            assert_eq!(cells.collect::<Vec<_>>(), wanted, "{name}");
            held += 1;
        }
    }
    assert!(held > 20, "{held} rows");
}
