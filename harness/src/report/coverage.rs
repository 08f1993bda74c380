//! What a set of runs covered: clause by clause, which invariants judge it, how often they were put to the test, and why a
//! clause is judged by none.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stalemate_wire::marks::Arm;

use crate::arms;
use crate::clause::{self, Clause, Level, gap};
use crate::invariant;
use crate::runner::{CellResult, Said};

/// The revision of the session era that is covered; clauses of others stand aside.
const REVISION: &str = "2025-11-25";

/// How often an invariant was put to the test.
struct Tested {
    id: &'static str,
    scenarios: usize,
    held: usize,
    violated: usize,
}

/// The clauses of the newest revision with sessions, a line each; then the sums.
#[must_use]
pub fn coverage(results: &[CellResult]) -> String {
    let clauses: Vec<&Clause> = clause::ALL
        .iter()
        .filter(|clause| clause.revisions.contains(&REVISION))
        .collect();
    let mut out = String::new();
    let (mut judged, mut permissions) = (0, 0);
    for clause in &clauses {
        let tested = tested(clause.id, results);
        let _ = write!(
            out,
            "{:<8} {:<10} {:<17}  ",
            clause.id,
            clause.level,
            clause.actor.as_str()
        );
        let told = if !tested.is_empty() {
            judged += 1;
            let each = tested.iter().map(|t| match t.scenarios {
                0 => format!("{}: never put to the test", t.id),
                n => format!(
                    "{}: {n} scenarios, {} held, {} violated",
                    t.id, t.held, t.violated
                ),
            });
            each.collect::<Vec<_>>().join("; ")
        } else if clause.level == Level::May {
            permissions += 1;
            "a permission, which nothing violates".to_owned()
        } else {
            let why = gap(clause.id).unwrap_or("nobody has said why");
            format!("not judged: {why}")
        };
        let _ = writeln!(out, "{told}");
    }
    let _ = writeln!(
        out,
        "\n{} clauses of {REVISION}: {judged} judged, {permissions} permissions, {} not judged",
        clauses.len(),
        clauses.len() - judged - permissions
    );
    let policies: Vec<Tested> = invariant::ALL
        .iter()
        .filter(|i| i.clauses == ["policy"])
        .map(|i| one(i.id, results))
        .collect();
    let _ = writeln!(out, "\nbeyond the specification, by policy:");
    for tested in policies {
        let _ = writeln!(
            out,
            "{}: {} scenarios, {} held, {} violated",
            tested.id, tested.scenarios, tested.held, tested.violated
        );
    }
    arms_taken(results, &mut out);
    out
}

/// Which of the arms that are marked in the code were never taken in these runs.
fn arms_taken(results: &[CellResult], out: &mut String) {
    let arms = results.iter().flat_map(|result| &result.arms);
    let taken: BTreeSet<&(String, String)> = arms.collect();
    let all = arms::all();
    let is_taken = |arm: &Arm| taken.iter().any(|(of, name)| (&**of, &**name) == *arm);
    let count = all.iter().filter(|arm| is_taken(arm)).count();
    let _ = writeln!(
        out,
        "\narms of decisions of servers, hops and model clients: {count} of {} taken",
        all.len()
    );
    for arm in all.iter().filter(|arm| !is_taken(arm)) {
        let why = arms::why_never(*arm).unwrap_or("nobody has said why");
        let _ = writeln!(out, "never taken: {}, {}: {why}", arm.0, arm.1);
    }
    for arm in all
        .iter()
        .filter(|arm| is_taken(arm) && arms::why_never(**arm).is_some())
    {
        let _ = writeln!(out, "taken, and said never to be: {}, {}", arm.0, arm.1);
    }
    let is_known = |(of, name): &(String, String)| all.iter().any(|arm| *arm == (&**of, &**name));
    for (of, arm) in taken.iter().filter(|arm| !is_known(arm)) {
        let _ = writeln!(out, "not in the list: {of}, {arm}");
    }
}

/// The invariants that no run here put to the test.
#[must_use]
pub fn never_tested(results: &[CellResult]) -> Vec<&'static str> {
    let all = invariant::ALL.iter().map(|i| one(i.id, results));
    all.filter(|t| t.scenarios == 0).map(|t| t.id).collect()
}

fn tested(clause: &str, results: &[CellResult]) -> Vec<Tested> {
    let resting = invariant::ALL
        .iter()
        .filter(|i| i.clauses.contains(&clause));
    resting.map(|i| one(i.id, results)).collect()
}

fn one(id: &'static str, results: &[CellResult]) -> Tested {
    let (mut scenarios, mut held, mut violated) = (BTreeSet::new(), 0, 0);
    for result in results {
        for judged in result.invariants.iter().filter(|j| j.id == id) {
            match judged.verdict {
                Said::Held => held += 1,
                Said::Violated => violated += 1,
                Said::NotExercised | Said::NotDecidable => continue,
            }
            scenarios.insert(&result.scenario);
        }
    }
    Tested {
        id,
        scenarios: scenarios.len(),
        held,
        violated,
    }
}
