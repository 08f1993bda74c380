//! Idle time is free and exact.

use std::sync::Arc;

use stalemate::registry::Subject;
use stalemate::scenario::Scenario;
use stalemate::world::{Options, Run};

use crate::support::{assert_same, model_cells, run, try_run};

/// The virtual time of a run that is stepped through in every test run, in milliseconds. Each costs some 70 us.
const STEPPED_MS: u64 = 32_000;

/// What a jump skips is nothing: the journal is the same as that of a run which goes through every millisecond.
fn a_jump_changes_nothing_in(lasting: impl Fn(u64) -> bool) {
    let mut compared = 0;
    for (name, scenario, subject) in model_cells() {
        let with = run(&scenario, &subject);
        if lasting(with.virtual_ms) {
            assert_jumps_change_nothing(&name, &scenario, &subject);
            compared += 1;
        }
    }
    assert!(compared > 3, "{compared} cells were compared");
}

/// Compares a run with the same run that goes through every millisecond, and returns it.
pub(crate) fn assert_jumps_change_nothing(
    name: &str,
    scenario: &Arc<Scenario>,
    subject: &Subject,
) -> Run {
    let with = run(scenario, subject);
    let without = try_run(scenario, subject, Options { jump: false }).expect("it ends");
    assert_same(name, &with.entries, &without.entries);
    assert_eq!(with.virtual_ms, without.virtual_ms, "{name}");
    assert_eq!(with.access_log, without.access_log, "{name}");
    with
}

#[test]
fn a_jump_changes_nothing() {
    a_jump_changes_nothing_in(|virtual_ms| virtual_ms <= STEPPED_MS);
}

/// The rest of the committed cells.
#[test]
#[ignore = "takes minutes"]
fn a_jump_changes_nothing_in_long_runs() {
    a_jump_changes_nothing_in(|virtual_ms| virtual_ms > STEPPED_MS);
}
