//! Results as lines: of any number of machines, in any order, cut off or resumed.

use std::io::Cursor;

use stalemate::registry::Registry;
use stalemate::runner::Runner;
use stalemate::search::{
    EXPLORED_VERSION, Exploration, Line, Merged, ResultsError, shard, try_seed,
};

use crate::{Kept, explored, plan};

const CLIENT: &str = "broken/no-delete";
const DIALECTS: &[&str] = &["spec"];

fn asked(plan: &Exploration, of: (u64, u64)) -> Line {
    Line::Asked {
        version: EXPLORED_VERSION,
        client: plan.client.clone(),
        dialects: plan.pool.dialects.clone(),
        from: plan.seeds.start,
        to: plan.seeds.end,
        of: Some(of),
    }
}

/// What a machine that is given those seeds writes.
fn machine(plan: &Exploration, of: (u64, u64), runner: &Runner) -> String {
    let kept = Kept::default();
    explored(plan, runner, &kept);
    let lines = kept.0.into_inner().expect("no panic");
    let lines = [asked(plan, of)].into_iter().chain(lines);
    lines
        .map(|line| serde_json::to_string(&line).expect("plain data") + "\n")
        .collect()
}

fn merged(files: &[&str]) -> Merged {
    let mut merged = Merged::default();
    for file in files {
        merged
            .add(Cursor::new(file))
            .unwrap_or_else(|e| panic!("{e}"));
    }
    merged
}

#[test]
fn shards_in_any_order_are_one_exploration() {
    let runner = Runner::new(Registry::builtin());
    let whole = plan(CLIENT, DIALECTS, 100..160);
    let of = (100, 160);
    let one = machine(&whole, of, &runner);
    let parts: Vec<String> = (1..=3)
        .map(|k| {
            let seeds = shard(&whole.seeds, k, 3);
            machine(&plan(CLIENT, DIALECTS, seeds), of, &runner)
        })
        .collect();
    let mut together = merged(&[&parts[2], &parts[0], &parts[1]]);
    let mut alone = merged(&[&one]);
    assert_eq!(together.clients[CLIENT].missing(), []);
    let failed = &alone.clients[CLIENT].failed;
    assert!(failed.len() > 2, "{} failed", failed.len());
    // How often it was asked for is all that differs.
    together
        .clients
        .get_mut(CLIENT)
        .expect("it is there")
        .asked
        .clear();
    alone
        .clients
        .get_mut(CLIENT)
        .expect("it is there")
        .asked
        .clear();
    assert_eq!(together, alone);
    let missing = merged(&[&parts[2], &parts[0]]);
    assert_eq!(missing.clients[CLIENT].missing(), vec![120..140]);
}

#[test]
fn a_line_that_was_cut_off_loses_nothing_else() {
    let runner = Runner::new(Registry::builtin());
    let text = machine(&plan(CLIENT, DIALECTS, 0..20), (0, 20), &runner);
    let whole = merged(&[&text]);
    let cut = &text[..text.len() - 10];
    let cut = merged(&[cut]);
    assert_eq!(cut.cut_off, 1);
    assert_eq!(cut.clients[CLIENT].failed, whole.clients[CLIENT].failed);
    assert_eq!(
        cut.clients[CLIENT].missing(),
        vec![0..20],
        "the block is not known to be done"
    );
    // In the middle it is no cut.
    let broken = text.replacen("\"line\"", "\"lime\"", 2);
    let error = Merged::default()
        .add(Cursor::new(broken))
        .expect_err("no result");
    assert!(matches!(error, ResultsError::Line { n: 1, .. }), "{error}");
}

#[test]
fn other_worlds_are_not_put_together() {
    let one = asked(&plan(CLIENT, DIALECTS, 0..20), (0, 20));
    let other = asked(&plan(CLIENT, &["supergateway-4.0.0"], 0..20), (0, 20));
    let [one, other] = [one, other].map(|l| serde_json::to_string(&l).expect("plain data"));
    let mut merged = merged(&[&one]);
    let error = merged.add(Cursor::new(other)).expect_err("other worlds");
    assert!(matches!(error, ResultsError::OtherWorlds(_)), "{error}");
}

#[test]
fn what_is_done_is_not_done_again() {
    let runner = Runner::new(Registry::builtin());
    let mut plan = plan(CLIENT, DIALECTS, 0..40);
    plan.done = vec![0..10, 20..35];
    let kept = Kept::default();
    let explored = explored(&plan, &runner, &kept);
    assert_eq!(explored.runs, 15);
    assert_eq!(explored.done, vec![0..40]);
    // A seed shows the same whenever it runs.
    for line in kept.0.into_inner().expect("no panic") {
        let Line::Failed(failed) = line else { continue };
        let (_, again) = try_seed(&plan, failed.seed, &runner).expect("the dialect is there");
        assert_eq!(again, Some(*failed));
    }
}
