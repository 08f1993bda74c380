//! Each client with one fault planted is found out by the seed that `harness/README.md` names, and by none before it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use stalemate::registry::Registry;
use stalemate::runner::Runner;
use stalemate::search::try_seed;

use crate::plan;

/// Up to how many seeds before the first are looked at.
const BEFORE: u64 = 64;

/// A row of the table: the client, what names its fault, and the first seed that shows it.
struct Row {
    client: String,
    invariant: String,
    seed: u64,
}

fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let rows = page.lines().filter(|line| line.starts_with("| `broken/"));
    rows.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let mut cell = || {
            let cell = cells
                .next()
                .unwrap_or_else(|| panic!("three cells: {line}"));
            cell.trim_matches('`').to_owned()
        };
        Row {
            client: cell(),
            invariant: cell(),
            seed: cell().parse().unwrap_or_else(|_| panic!("a seed: {line}")),
        }
    })
    .collect()
}

#[test]
fn each_planted_fault_is_found_by_the_seed_that_the_page_names() {
    let registry = Registry::builtin();
    let dialects = registry.real_sessions();
    let rows = rows();
    let listed: BTreeSet<&str> = rows.iter().map(|row| &*row.client).collect();
    let names = registry.iter().map(|(name, _)| name);
    let planted: BTreeSet<&str> = names.filter(|name| name.starts_with("broken/")).collect();
    assert_eq!(listed, planted);

    let dialects: Vec<&str> = dialects.iter().map(String::as_str).collect();
    let runner = Runner::new(registry.clone());
    let wrong: Vec<String> = runner
        .for_all(&rows, |runner, row| {
            let plan = plan(&row.client, &dialects, 0..20_000);
            let shows = |seed: &u64| {
                let (_, failed) = try_seed(&plan, *seed, runner).expect("the dialects are there");
                failed.is_some_and(|failed| {
                    let mut told = failed.violations.iter();
                    told.any(|told| told.failure.invariant == row.invariant)
                })
            };
            let first = (row.seed.saturating_sub(BEFORE)..row.seed + 1).find(shows);
            let is_so = first == Some(row.seed);
            (!is_so).then(|| format!("{} breaks {}: {first:?}", row.client, row.invariant))
        })
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}
