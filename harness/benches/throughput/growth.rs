//! How cost and memory grow with the length of a run. Peak memory is a process's, so each length has a process of its own:
//! this program again, with the length as an argument.

use std::env;
use std::fs;
use std::time::Duration;

use stalemate::registry::Registry;

use crate::cells::Job;
use crate::measure::{self, Cost, in_turn, marginal};

/// The argument before the length.
const CHILD: &str = "--one-long-run";

/// If this is a process for one length: runs it, prints what came of it, and says so.
pub fn was_child(registry: &Registry) -> bool {
    let mut arguments = env::args().skip_while(|argument| argument != CHILD);
    let Some(calls) = arguments.nth(1) else {
        return false;
    };
    let calls = calls.parse().expect("a number of calls");
    let (none, job) = (Job::calls(0, registry), Job::calls(calls, registry));
    // The steps of a long scenario weigh something themselves, and are no part of the run.
    let loaded = peak_kib();
    let without = in_turn(5, &[&|| none.once()])[0];
    let with = job.once();
    println!(
        "{} {} {} {} {loaded} {}",
        with.time.as_nanos(),
        with.exchanges,
        without.time.as_nanos(),
        without.exchanges,
        peak_kib(),
    );
    true
}

/// The most memory that this process ever held, in KiB.
pub fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let number = peak.and_then(|l| l.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

struct Child {
    us: f64,
    loaded_mib: f64,
    peak_mib: f64,
}

fn in_child(calls: usize) -> Child {
    let numbers: Vec<u64> = measure::in_child(&[CHILD, &calls.to_string()]);
    let cost = |at: usize| Cost {
        time: Duration::from_nanos(numbers[at]),
        exchanges: usize::try_from(numbers[at + 1]).expect("it fits"),
        virtual_ms: 0,
    };
    let mib = |at: usize| numbers[at] as f64 / 1024.0;
    Child {
        us: marginal(cost(0), cost(2)).us,
        loaded_mib: mib(4),
        peak_mib: mib(5),
    }
}

/// Prints cost an exchange and peak memory at each length.
pub fn print(registry: &Registry) {
    let jobs = [0, 10, 100, 1000].map(|calls| Job::calls(calls, registry));
    let works = [0, 1, 2, 3].map(|n: usize| {
        let jobs = &jobs;
        move || jobs[n].once()
    });
    let works: Vec<&dyn Fn() -> Cost> = works.iter().map(|w| w as &dyn Fn() -> Cost).collect();
    let costs = in_turn(15, &works);
    let mut first = None;
    for (calls, warm) in [
        (10, Some(costs[1])),
        (100, Some(costs[2])),
        (1000, Some(costs[3])),
        (10_000, None),
    ] {
        let child = in_child(calls);
        let us = warm.map_or(child.us, |with| marginal(with, costs[0]).us);
        let first = *first.get_or_insert(us);
        println!(
            "{calls:>8} calls {us:>8.1} us an exchange, {:>5.2} times as at 10; peak memory {:>6.1} MiB, {:.1} MiB of it \
             before the first run",
            us / first,
            child.peak_mib,
            child.loaded_mib,
        );
    }
}
