//! Promising what was seen: a scenario that is kept for as long as it comes out as it did.

use crate::runner::{CellResult, Said, is_clients};
use crate::scenario::{Expectation, Scenario};

/// Adds to a scenario what one of its cells came to: the client's rung and violations, and those of servers and hops. What
/// was promised of that client before is replaced; its reason stays where it comes to the same.
pub fn promise(scenario: &mut Scenario, result: &CellResult) {
    let violated = || {
        let all = result.invariants.iter();
        all.filter(|j| j.verdict == Said::Violated)
    };
    let own = violated().filter(|j| is_clients(&j.party));
    let mut promise = Expectation {
        rung: result.rung,
        no_progress: result.rungs.iter().any(|(_, rung)| rung.is_none()),
        violates: own.map(|j| j.id.clone()).collect(),
        why: None,
    };
    if let Some(before) = scenario.expect.get(&result.client) {
        let is_same = before.rung == promise.rung && before.violates == promise.violates;
        promise.why = before.why.clone().filter(|_| is_same);
    }
    scenario.expect.insert(result.client.clone(), promise);
    for judged in violated().filter(|j| !is_clients(&j.party)) {
        let of_party = scenario.violates.entry(judged.party.clone()).or_default();
        of_party
            .entry(judged.id.clone())
            .or_insert_with(|| judged.why.clone());
    }
}

/// A scenario with the promises that all of its results keep. What is listed for its servers and hops and none of them
/// violated is taken away.
#[must_use]
pub fn promised(scenario: &Scenario, results: &[&CellResult]) -> Scenario {
    let mut promised = scenario.clone();
    let is_violated = |party: &str, id: &str| {
        let mut all = results.iter().flat_map(|r| &r.invariants);
        all.any(|j| j.party == party && j.id == id && j.verdict == Said::Violated)
    };
    for (party, ids) in &mut promised.violates {
        ids.retain(|id, _| is_violated(party, id));
    }
    promised.violates.retain(|_, ids| !ids.is_empty());
    results
        .iter()
        .for_each(|result| promise(&mut promised, result));
    promised
}
