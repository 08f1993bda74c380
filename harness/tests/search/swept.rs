//! Sweeps of a small run: what they cover, and that a right client comes through.

use std::collections::BTreeSet;

use stalemate::fault::FateKind;
use stalemate::registry::Registry;
use stalemate::runner::Runner;
use stalemate::search::{Came, Sweep, kinds, sweep};

use crate::{Quiet, cell};

/// One client, one server, no hop, one call: small enough for every fault.
const SMALL: &str = "\
summary: One call.
servers: {memory: {dialect: spec}}
clients: [connector/recovering, connector/stale-cache, broken/resends-what-may-have-run]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - wait: 5s
";

fn swept(client: &str, pairs: Option<usize>) -> Sweep {
    let runner = Runner::new(Registry::builtin());
    sweep(&cell(SMALL, client, &runner), &runner, pairs, &Quiet).expect("the run ends")
}

/// Of the client's side and of nobody: what the right client must not show.
fn against_the_client(swept: &Sweep) -> BTreeSet<(String, String)> {
    let findings = swept.findings.sorted().into_iter();
    let own = findings.filter(|f| f.failure.is_clients() || f.failure.is_of_nobody());
    own.map(|f| (f.failure.invariant.clone(), f.why.clone()))
        .collect()
}

#[test]
fn a_right_client_survives_every_fault_at_every_point() {
    let swept = swept("connector/recovering", None);
    assert_eq!(against_the_client(&swept), BTreeSet::new());
    assert_eq!(kinds(&swept.columns), FateKind::ALL, "every kind is tried");
    let came: Vec<&Came> = swept.rows.iter().flat_map(|row| &row.came).collect();
    let ran = came.iter().filter(|c| matches!(c, Came::Ran(..))).count();
    // The size of the space that was searched: a change of it is a change of the client, the server or the fates.
    let size = (swept.rows.len(), swept.columns.len(), ran);
    assert_eq!(size, (29, 24, 385));
    assert_eq!(ran + 1, swept.runs);
}

#[test]
fn pairs_are_spread_and_counted() {
    let swept = swept("connector/recovering", Some(150));
    let pairs = swept.pairs.expect("they were asked for");
    assert_eq!(pairs.run, 150);
    assert!(pairs.all > 10_000, "{pairs:?}");
    assert!(pairs.firsts > 50, "{pairs:?}");
    assert_eq!(against_the_client(&swept), BTreeSet::new());
}

#[test]
fn what_is_there_is_found() {
    for (client, wanted) in [
        ("connector/stale-cache", "cli-recovers"),
        ("broken/resends-what-may-have-run", "cli-at-most-once"),
    ] {
        let found = against_the_client(&swept(client, None));
        assert!(
            found.iter().any(|(id, _)| id == wanted),
            "{client}: {found:?}"
        );
    }
}
