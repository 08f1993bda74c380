//! The matrix of scenarios by clients as Markdown, for a page that people read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::report::table::{rung, worst};
use crate::runner::{CellResult, Outcome};

/// A row a scenario and a column a client, the rung in each cell, of several seeds the worst; where the promises were not kept,
/// the outcome too. Below it what each client is, with its version.
#[must_use]
pub fn markdown(results: &[CellResult], clients: &BTreeMap<String, String>) -> String {
    let cells = worst(results);
    let scenarios: BTreeSet<&str> = cells.keys().map(|(scenario, _)| *scenario).collect();
    let mut columns: Vec<&str> = Vec::new();
    for result in results {
        if !columns.contains(&result.client.as_str()) {
            columns.push(&result.client);
        }
    }
    let mut out = String::new();
    let heads = columns.iter().map(|client| format!(" {} |", code(client)));
    let _ = writeln!(out, "| scenario |{}", heads.collect::<String>());
    let _ = writeln!(out, "|---|{}", "---|".repeat(columns.len()));
    for scenario in scenarios {
        let _ = write!(out, "| {} |", code(scenario));
        for client in &columns {
            match cells.get(&(scenario, *client)) {
                Some(result) if result.outcome == Outcome::Kept => {
                    let _ = write!(out, " {} |", rung(result));
                }
                Some(result) => {
                    let _ = write!(out, " {} (**{}**) |", rung(result), result.outcome.as_str());
                }
                None => out.push_str("  |"),
            }
        }
        out.push('\n');
    }
    out.push('\n');
    for client in columns {
        if let Some(what) = clients.get(client) {
            let _ = writeln!(out, "* {}: {what}", code(client));
        }
    }
    out
}

/// A name as code. A command may have anything in it; what a table would take for its own is marked.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Rung;

    fn result(
        scenario: &str,
        client: &str,
        seed: u64,
        rung: Option<Rung>,
        outcome: Outcome,
    ) -> CellResult {
        CellResult {
            scenario: scenario.to_owned(),
            client: client.to_owned(),
            seed,
            rung,
            outcome,
            invariants: Vec::new(),
            journal_hash: String::new(),
            virtual_ms: 0,
            exchanges: 0,
            rungs: BTreeMap::from([("memory".to_owned(), rung)]),
            problems: Vec::new(),
            arms: BTreeSet::new(),
        }
    }

    #[test]
    fn a_matrix_has_the_worst_of_all_seeds_and_what_was_not_kept() {
        let (some, none) = (Some(Rung::Transparent), None);
        let results = [
            result("b/one", "z", 1, some, Outcome::Kept),
            result("b/one", "z", 2, Some(Rung::Retry), Outcome::Broken),
            result("b/one", "a|b`", 1, none, Outcome::Kept),
            result("a/two", "z", 1, Some(Rung::ReAdd), Outcome::Kept),
        ];
        let clients = BTreeMap::from([("z".to_owned(), "a client, version 1.2".to_owned())]);
        let shown = "\
| scenario | `z` | `` a\\|b` `` |
|---|---|---|
| `a/two` | re-add |  |
| `b/one` | retry (**broken**) | no progress |

* `z`: a client, version 1.2
";
        assert_eq!(markdown(&results, &clients), shown);
    }
}
