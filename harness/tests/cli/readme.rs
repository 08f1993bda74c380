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

/// The rung of each scenario and client in the snapshot of a matrix.
fn rungs(matrix: &str) -> BTreeMap<(&str, &str), &str> {
    let mut rungs = BTreeMap::new();
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
    rungs
}

/// Each row of its matrix is as in the snapshot of the whole one.
#[test]
fn its_matrix_is_the_snapshots() {
    let (readme, matrix) = (file("README.md"), file("snapshots/matrix.snap"));
    let rungs = rungs(&matrix);
    let columns = [
        "connector/stale-cache",
        "connector/spec-404",
        "connector/recovering",
        "rmcp",
    ];
    let mut held = 0;
    let (readme, _) = readme.split_once("### Real clients").expect("a heading");
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

/// Its table of the real clients is the snapshot of theirs, with the versions that are installed.
#[test]
fn its_real_clients_are_the_snapshots() {
    let (readme, matrix) = (
        file("README.md"),
        file("snapshots/matrix-of-real-clients.snap"),
    );
    let rungs = rungs(&matrix);
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let mut rows = readme.lines();
    let mut rows = rows
        .by_ref()
        .skip_while(|l| !l.starts_with("| scenario | `"));
    let head = cells(rows.next().expect("a table of the real clients"));
    let mut rest = rows.skip(1);
    let mut held = 0;
    for row in rest.by_ref().take_while(|l| l.starts_with('|')) {
        let row = cells(row);
        for (client, cell) in head.iter().zip(&row).skip(1) {
            let rung = rungs.get(&(row[0].as_str(), client.as_str()));
            assert_eq!(cell, rung.unwrap_or(&""), "{} {client}", row[0]);
            held += usize::from(rung.is_some());
        }
    }
    assert_eq!(
        held,
        rungs.len(),
        "each cell of the snapshot stands in the table"
    );
    let versions: Vec<&str> = rest.take_while(|l| l.starts_with("* `")).collect();
    for client in &head[1..] {
        let begins = format!("* `{client}`: ");
        let line = versions.iter().find_map(|l| l.strip_prefix(&begins));
        let line = line.unwrap_or_else(|| panic!("{client}: no version below the table"));
        let (summary, version) = line.rsplit_once(", version ").expect("a version");
        let manifest = file(&format!("clients/{client}/client.yaml"));
        let says = |key: &str, value: &str| manifest.contains(&format!("{key}: {value}\n"));
        assert!(
            says("summary", summary) && says("version", version),
            "{client}: {line}"
        );
    }
}
