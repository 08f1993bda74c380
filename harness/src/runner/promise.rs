//! Promising what was seen: a scenario that is kept for as long as it comes out as it did.

use crate::journal::{Event, Record};
use crate::runner::{CellResult, Said, is_clients};
use crate::scenario::{Expectation, Scenario};

/// Adds to a scenario what one of its cells came to: the client's rung and violations, and those of servers and hops. What
/// was promised of that client before is replaced.
pub fn promise(scenario: &mut Scenario, result: &CellResult, record: &Record) {
    let violated = || {
        let all = result.invariants.iter();
        all.filter(|j| j.verdict == Said::Violated)
    };
    let own = violated().filter(|j| is_clients(&j.party));
    let mut entries = record.entries.iter();
    let promise = Expectation {
        rung: result.rung,
        no_progress: entries.any(|e| matches!(e.event, Event::NoProgress { .. })),
        violates: own.map(|j| j.id.clone()).collect(),
        why: None,
    };
    scenario.expect.insert(result.client.clone(), promise);
    for judged in violated().filter(|j| !is_clients(&j.party)) {
        let of_party = scenario.violates.entry(judged.party.clone()).or_default();
        of_party
            .entry(judged.id.clone())
            .or_insert_with(|| judged.why.clone());
    }
}
