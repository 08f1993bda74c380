//! Measuring: the processor time of one run on a thread of its own, and what a run's work costs without its frame.

use std::env;
use std::process::Command;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use cpu_time::ThreadTime;

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor time of the run's thread.
    pub time: Duration,
    /// Requests of the client.
    pub exchanges: usize,
    /// How long it lasted in its own time, in milliseconds.
    pub virtual_ms: u64,
}

/// What the work of a run told of itself.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Requests of the client.
    pub exchanges: usize,
    /// How long it lasted in its own time, in milliseconds.
    pub virtual_ms: u64,
}

/// Does `work` on a fresh thread. Processor time, not the time on the wall: other programs of the machine are no part of
/// it. It is read outside the run, because a thread inside a simulated world is shown that world's clocks.
pub fn on_thread(work: impl FnOnce() -> Done + Send) -> Cost {
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let began = ThreadTime::now();
            let done = work();
            Cost {
                time: began.elapsed(),
                exchanges: done.exchanges,
                virtual_ms: done.virtual_ms,
            }
        });
        worker.join().expect("a run does not panic")
    })
}

/// Runs this program again, with those arguments, and gives the numbers that it prints: peak memory is a process's.
pub fn in_child<N: FromStr>(arguments: &[&str]) -> Vec<N> {
    let program = env::current_exe().expect("this program");
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let numbers = text.split_whitespace().map(|n| n.parse().ok());
    numbers.collect::<Option<_>>().expect("numbers")
}

/// Does all of these in turn, `rounds` times after one that warms up, and gives the median of each: what disturbs the
/// machine for a while then disturbs all of them alike.
pub fn in_turn(rounds: usize, works: &[&dyn Fn() -> Cost]) -> Vec<Cost> {
    let mut costs = vec![Vec::new(); works.len()];
    for round in 0..=rounds {
        for (work, costs) in works.iter().zip(&mut costs) {
            let cost = work();
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    costs.into_iter().map(median).collect()
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.time);
    costs[costs.len() / 2]
}

/// What the exchanges cost that `with` has and `without` has not.
#[derive(Clone, Copy, Debug)]
pub struct Marginal {
    /// Microseconds of processor time an exchange.
    pub us: f64,
    /// Milliseconds of the run's own time an exchange.
    pub virtual_ms: f64,
}

/// The cost of one more exchange: building the world, connecting and climbing are in both, so they fall out.
pub fn marginal(with: Cost, without: Cost) -> Marginal {
    let exchanges = (with.exchanges - without.exchanges) as f64;
    let time = with.time.as_secs_f64() - without.time.as_secs_f64();
    Marginal {
        us: time * 1e6 / exchanges,
        virtual_ms: (with.virtual_ms as f64 - without.virtual_ms as f64) / exchanges,
    }
}
