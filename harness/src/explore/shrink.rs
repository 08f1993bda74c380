//! Making a failing schedule small: operations are taken away, then made milder, for as long as it still fails in the
//! same way. proptest shrinks while it searches; this is the last pass, which leaves nothing superfluous.

use crate::explore::schedule::{FateOp, Op, PathKind, Schedule};

/// The smallest schedule that can be reached from this one and still fails.
pub fn minimize(schedule: &Schedule, mut fails: impl FnMut(&Schedule) -> bool) -> Schedule {
    let mut best = schedule.clone();
    while let Some(better) = smaller(&best)
        .into_iter()
        .find(|candidate| fails(candidate))
    {
        best = better;
    }
    best
}

/// The schedules that are one step smaller: first one operation less, then a shorter way, then one operation milder.
#[must_use]
pub fn smaller(schedule: &Schedule) -> Vec<Schedule> {
    let with = |ops: Vec<Op>| Schedule {
        ops,
        ..schedule.clone()
    };
    let mut candidates = Vec::new();
    for n in 0..schedule.ops.len() {
        let mut ops = schedule.ops.clone();
        ops.remove(n);
        candidates.push(with(ops));
    }
    let shorter: &[PathKind] = match schedule.path {
        PathKind::Edge | PathKind::Gateway => &[PathKind::Direct, PathKind::Nginx],
        PathKind::Nginx | PathKind::Sticky => &[PathKind::Direct],
        PathKind::Direct | PathKind::RoundRobin => &[],
    };
    candidates.extend(shorter.iter().map(|path| Schedule {
        path: *path,
        ..schedule.clone()
    }));
    for (n, op) in schedule.ops.iter().enumerate() {
        for milder in milder(*op) {
            let mut ops = schedule.ops.clone();
            ops[n] = milder;
            candidates.push(with(ops));
        }
    }
    candidates
}

/// Milder forms of an operation: rounder and smaller numbers, and simpler faults of the same kind.
fn milder(op: Op) -> Vec<Op> {
    let smaller = |ms: u64, floor: u64| {
        [floor, 1_000, 10_000, 60_000]
            .into_iter()
            .filter(move |n| *n < ms)
    };
    match op {
        Op::Wait(ms) => smaller(ms, 1).map(Op::Wait).collect(),
        Op::SlowCall(ms) => smaller(ms, 1_000).map(Op::SlowCall).collect(),
        Op::Parallel(n) if n > 2 => vec![Op::Call, Op::Parallel(2)],
        Op::Parallel(_) => vec![Op::Call],
        Op::Restart(ms) => smaller(ms, 1_000).map(Op::Restart).collect(),
        Op::Drain | Op::Crash => vec![Op::Restart(1_000)],
        Op::Down(ms) => [Op::Restart(1_000)]
            .into_iter()
            .chain(smaller(ms, 1_000).map(Op::Down))
            .collect(),
        Op::Stall(ms) => smaller(ms, 1_000).map(Op::Stall).collect(),
        Op::Partition(ms) => smaller(ms, 1_000).map(Op::Partition).collect(),
        Op::PowerLoss(ms) => [Op::Restart(1_000)]
            .into_iter()
            .chain(smaller(ms, 1_000).map(Op::PowerLoss))
            .collect(),
        Op::Inject(nth, fate) => {
            let mut milder = Vec::new();
            if nth > 1 {
                milder.push(Op::Inject(1, fate));
            }
            if let FateOp::Delay(ms) = fate {
                milder.extend(smaller(ms, 1_000).map(|ms| Op::Inject(nth, FateOp::Delay(ms))));
            }
            milder
        }
        Op::Refuse(nth, status) if nth > 1 => vec![Op::Refuse(1, status)],
        _ => Vec::new(),
    }
}
