//! What is promised of the parties of a drawn scenario.

use std::collections::BTreeMap;

use stalemate::invariant::Party;
use stalemate::journal::Rung;
use stalemate::scenario::{Expectation, Vocabulary};

use super::{Cast, Tape};

/// The invariants of some kinds of party.
fn invariants(vocabulary: &Vocabulary, parties: &[Party]) -> Vec<String> {
    let all = vocabulary.invariants.iter();
    let of = all.filter(|(_, party)| parties.contains(party));
    of.map(|(id, _)| id.clone()).collect()
}

pub(super) fn promise(tape: &mut Tape, vocabulary: &Vocabulary) -> Expectation {
    let rung = tape.maybe(|tape| *tape.one(&Rung::ALL));
    Expectation {
        rung,
        no_progress: rung.is_none() && tape.is(),
        violates: tape.some(&invariants(
            vocabulary,
            &[Party::Client, Party::Application],
        )),
        why: tape.maybe(Tape::text),
    }
}

pub(super) fn violates(
    tape: &mut Tape,
    cast: &Cast,
    vocabulary: &Vocabulary,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let of = |names: &[String], party| {
        let ids = invariants(vocabulary, &[party]);
        let each = names.iter().map(|name| (name.clone(), ids.clone()));
        each.collect::<Vec<_>>()
    };
    let mut parties = of(&cast.servers, Party::Server);
    parties.extend(of(&cast.hops, Party::Hop));
    let parties = tape.some(&parties).into_iter();
    parties
        .map(|(party, ids)| {
            let ids = tape.some(&ids).into_iter();
            (party, ids.map(|id| (id, tape.text())).collect())
        })
        .collect()
}

/// Some of the failure modes that these promises show.
pub(super) fn shows(
    tape: &mut Tape,
    expect: &BTreeMap<String, Expectation>,
    violates: &BTreeMap<String, BTreeMap<String, String>>,
    vocabulary: &Vocabulary,
) -> Vec<String> {
    let is_listed = |id: &String| {
        expect.values().any(|promise| promise.violates.contains(id))
            || violates.values().any(|ids| ids.contains_key(id))
    };
    let shown = vocabulary
        .modes
        .iter()
        .filter(|(_, ids)| ids.iter().any(is_listed));
    let shown: Vec<String> = shown.map(|(mode, _)| mode.clone()).collect();
    tape.some(&shown)
}
