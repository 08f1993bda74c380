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
    let mut lines = matrix
        .lines()
        .skip_while(|l| !l.contains("connector/recovering"));
    let head = lines.next().expect("a head");
    let columns: Vec<usize> = [
        "connector/stale-cache",
        "connector/spec-404",
        "connector/recovering",
    ]
    .iter()
    .map(|client| head.find(client).expect("a column"))
    .chain(head.find(" rmcp").map(|at| at + 1))
    .collect();
    let cell = |row: &str, at: usize| {
        let cell = row.get(at..).unwrap_or_default();
        cell.split("  ")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let rows: BTreeMap<&str, Vec<String>> = lines
        .filter_map(|row| {
            let name = row.split_whitespace().next()?;
            Some((name, columns.iter().map(|at| cell(row, *at)).collect()))
        })
        .collect();
    let mut held = 0;
    for row in readme.lines().filter(|l| l.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let name = cells.next().expect("a name").trim_matches('`').to_owned();
        if let Some(wanted) = rows.get(name.as_str()) {
            assert_eq!(cells.collect::<Vec<_>>(), *wanted, "{name}");
            held += 1;
        }
    }
    assert!(held > 20, "{held} rows");
}
