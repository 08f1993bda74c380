//! What to report to whom, once somebody has played a scenario through with their own application: each violation with the
//! clause that it breaks and what shows it, by who can mend it.

use std::collections::BTreeMap;

use crate::clause;
use crate::invariant;
use crate::journal::{Record, Rung};
use crate::report::names::span;
use crate::runner::{CellResult, Judged, Said};

/// How a run came out, in lines: what helped, and what of its scenario's promises did not come true.
#[must_use]
pub fn summary(result: &CellResult) -> Vec<String> {
    let rungs = result.rungs.iter().map(|(server, rung)| {
        let rung = rung.map_or("nothing, for any client", Rung::as_str);
        format!("{server}: {rung}")
    });
    let rungs: Vec<String> = rungs.collect();
    let mut lines = vec![match rungs.as_slice() {
        [] => "What helped: nobody got so far as to try".to_owned(),
        _ => format!("What helped: {}", rungs.join(", ")),
    }];
    lines.push(format!("Outcome: {}", result.outcome.as_str()));
    lines.extend(result.problems.iter().map(|why| format!("  {why}")));
    let undecided = result.invariants.iter();
    let undecided = undecided.filter(|judged| judged.verdict == Said::NotDecidable);
    let undecided: Vec<&str> = undecided.map(|judged| judged.id.as_str()).collect();
    if !undecided.is_empty() {
        lines.push(format!(
            "Not to be told from outside: {}",
            undecided.join(", ")
        ));
    }
    lines
}

/// The lines of that report; none if nothing was violated. `products` says what a server or hop is a model of.
#[must_use]
pub fn to_whom(
    result: &CellResult,
    record: &Record,
    products: &BTreeMap<String, String>,
) -> Vec<String> {
    let violated = result.invariants.iter();
    let violated = violated.filter(|judged| judged.verdict == Said::Violated);
    let mut by_party: BTreeMap<(usize, &str), Vec<&Judged>> = BTreeMap::new();
    for judged in violated {
        let place = match judged.party.as_str() {
            "client" => 0,
            "application" => 1,
            _ => 2,
        };
        let party = (place, judged.party.as_str());
        by_party.entry(party).or_default().push(judged);
    }
    let mut lines = Vec::new();
    for ((_, party), judged) in by_party {
        lines.push(format!("To {}:", reader(party, products)));
        for judged in judged {
            lines.extend(one(judged, record));
        }
    }
    lines
}

fn reader(party: &str, products: &BTreeMap<String, String>) -> String {
    match (party, products.get(party)) {
        ("client", _) => "whoever makes the client".to_owned(),
        ("application", _) => "whoever makes the application around it".to_owned(),
        (party, Some(product)) => {
            format!("whoever makes {product}, if your {party} is one (here it is a model of that)")
        }
        (party, None) => format!("whoever runs {party}"),
    }
}

fn one(judged: &Judged, record: &Record) -> Vec<String> {
    let invariant = invariant::get(&judged.id);
    let clauses = invariant.map_or(&[][..], |i| i.clauses);
    let at = judged.at.and_then(|at| record.entries.get(at));
    let when = at.map_or(String::new(), |entry| {
        format!(", {} into the record", span(entry.at_ms))
    });
    let demanded = invariant.map_or("", |i| i.demands);
    let mut lines = vec![
        format!("  {}: {}{when}", judged.id, judged.why),
        format!("    demanded is that {demanded}"),
    ];
    for id in clauses {
        lines.push(match clause::get(id) {
            Some(clause) => format!(
                "    {id} ({}): {} [{}]",
                clause.level, clause.says, clause.source
            ),
            None => "    by this project: the specification is silent on it".to_owned(),
        });
    }
    lines
}
