//! What to report to whom, once somebody has played a scenario through with their own application: each violation with the
//! clause that it breaks and what shows it, by who can mend it.

use std::collections::BTreeMap;

use crate::clause;
use crate::invariant;
use crate::journal::{Record, Rung};
use crate::report::names::span;
use crate::report::rows::{Detail, Line, Of, rows};
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
    lines
}

/// What could not be judged because nobody outside of the client sees it, in a line; none if there is nothing.
#[must_use]
pub fn undecided(result: &CellResult) -> Option<String> {
    let all = result.invariants.iter();
    let all = all.filter(|judged| judged.verdict == Said::NotDecidable);
    let ids: Vec<&str> = all.map(|judged| judged.id.as_str()).collect();
    if ids.is_empty() {
        return None;
    }
    Some(format!("Not to be told from outside: {}", ids.join(", ")))
}

/// The lines of that report; none if nothing was violated. `products` says what a server is a model of.
#[must_use]
pub fn to_whom(
    result: &CellResult,
    record: &Record,
    products: &BTreeMap<String, String>,
) -> Vec<String> {
    let violated = result.invariants.iter();
    let violated = violated.filter(|judged| judged.verdict == Said::Violated);
    let mut readers: BTreeMap<Reader<'_>, Vec<&Judged>> = BTreeMap::new();
    for judged in violated {
        let reader = Reader::of(&judged.party, products);
        readers.entry(reader).or_default().push(judged);
    }
    let (rows, _) = rows(result, record, Detail::Full);
    let mut lines = Vec::new();
    for (reader, judged) in readers {
        lines.push(String::new());
        lines.push(format!("To {}:", reader.words(&judged)));
        let mut ids: Vec<&str> = judged.iter().map(|j| j.id.as_str()).collect();
        ids.dedup();
        for id in ids {
            let same = judged.iter().filter(|j| j.id == id);
            lines.extend(one(id, &same.copied().collect::<Vec<_>>(), &rows));
        }
    }
    lines
}

/// Who can mend what is violated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reader<'a> {
    Client,
    Application,
    /// Whoever makes what some servers are models of.
    Product(&'a str),
    /// Whoever runs a hop.
    Operator(&'a str),
}

impl<'a> Reader<'a> {
    fn of(party: &'a str, products: &'a BTreeMap<String, String>) -> Self {
        match (party, products.get(party)) {
            ("client", _) => Self::Client,
            ("application", _) => Self::Application,
            (_, Some(product)) => Self::Product(product),
            (party, None) => Self::Operator(party),
        }
    }

    fn words(self, judged: &[&Judged]) -> String {
        match self {
            Self::Client => "whoever makes the client".to_owned(),
            Self::Application => "whoever makes the application around it".to_owned(),
            Self::Operator(party) => format!("whoever runs {party}"),
            Self::Product(product) => {
                let mut parties: Vec<&str> = judged.iter().map(|j| j.party.as_str()).collect();
                parties.sort_unstable();
                parties.dedup();
                let (are, models) = match parties.len() {
                    1 => ("is", "a model"),
                    _ => ("are", "models"),
                };
                let parties = parties.join(" and ");
                format!("whoever makes {product} (here {parties} {are} {models} of it)")
            }
        }
    }
}

fn one(id: &str, judged: &[&Judged], rows: &[Line]) -> Vec<String> {
    let mut lines = vec![format!("  {id}")];
    for judged in judged {
        let whose = match judged.party.as_str() {
            "client" | "application" => String::new(),
            party => format!("{party} "),
        };
        lines.push(format!("    {whose}{}", judged.why));
        let is_it = |row: &&Line| Some(row.entry) == judged.at && row.of == Of::Event;
        if let Some(row) = rows.iter().find(is_it) {
            let when = span(row.at_ms);
            lines.push(format!(
                "    evidence, {when} into the record: {}",
                row.text
            ));
        }
    }
    let Some(invariant) = invariant::get(id) else {
        return lines;
    };
    lines.push(format!("    demanded: {}", invariant.demands));
    for id in invariant.clauses {
        lines.push(match clause::get(id) {
            Some(clause) => format!(
                "    {id}, {}: {} [{}]",
                clause.level, clause.says, clause.source
            ),
            None => "    in part by this project's own policy, where the specification is silent"
                .to_owned(),
        });
    }
    lines
}
