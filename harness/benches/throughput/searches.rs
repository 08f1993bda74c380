//! How many runs a search makes a second, what a second worker adds to that, and what memory it takes. Each search is a process
//! of its own: this program again, with what is asked of it as arguments.

use std::env;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cpu_time::ProcessTime;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner};
use stalemate::scenario::load_text;
use stalemate::search::draw::Pool;
use stalemate::search::{Exploration, Failed, Part, Sink, SweptRun, Watch, explore, sweep};

use crate::growth::peak_kib;
use crate::measure;

/// The argument before what is searched, how much of it, and with how many workers.
const CHILD: &str = "--one-search";
const CLIENT: &str = "connector/recovering";
/// Seeds by which one worker is compared with two.
const SEEDS: u64 = 2_000;
/// How often that is done; the median counts, because it is time on the wall.
const ROUNDS: usize = 3;

const SWEPT: &str = "\
summary: A restart while a call runs.
servers: {memory: {dialect: supergateway-4.0.0, port: 3001}}
path: [nginx]
clients: [connector/recovering]
steps:
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, background: running}
  - wait: 5s
  - restart: memory
  - await: running
";

/// Nobody is told.
struct Nobody;

impl Watch for Nobody {
    fn begins(&self, _: Part, _: usize) {}
    fn ran(&self, _: &SweptRun) {}
}

impl Sink for Nobody {
    fn failed(&self, _: &Failed) {}
    fn done(&self, _: &str, _: Range<u64>) {}
    fn ran(&self) {}
}

/// If this is a process for one search: makes it, prints what came of it, and says so.
pub fn was_child(registry: &Registry) -> bool {
    let mut arguments = env::args().skip_while(|argument| argument != CHILD).skip(1);
    let Some(what) = arguments.next() else {
        return false;
    };
    let mut number = || -> u64 {
        let number = arguments.next().and_then(|a| a.parse().ok());
        number.expect("a number")
    };
    let (seeds, workers) = (number(), number());
    let runner = Runner::new(registry.clone());
    let runner = runner.jobs(usize::try_from(workers).expect("few"));
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    let runs = match what.as_str() {
        "sweep" => swept(&runner),
        _ => explored(seeds, &runner),
    };
    println!(
        "{runs} {} {} {}",
        cpu.elapsed().as_nanos(),
        wall.elapsed().as_nanos(),
        peak_kib()
    );
    true
}

fn explored(seeds: u64, runner: &Runner) -> u64 {
    let plan = Exploration {
        client: CLIENT.to_owned(),
        pool: Pool::of(runner.registry().real_sessions()),
        seeds: 0..seeds,
        done: Vec::new(),
        limit: None,
        others: false,
        options: String::new(),
    };
    explore(&plan, runner, &Nobody).expect("the dialects are there");
    seeds
}

fn swept(runner: &Runner) -> u64 {
    let file = Path::new("bench/it.yaml");
    let scenario = load_text("bench/it", file, SWEPT, &runner.registry().vocabulary());
    let cell = Cell {
        scenario: Arc::new(scenario.unwrap_or_else(|d| panic!("{d}"))),
        client: CLIENT.to_owned(),
        seed: 1,
    };
    let swept = sweep(&cell, runner, None, &Nobody).expect("it ends");
    u64::try_from(swept.runs).expect("it fits")
}

/// What a search took.
struct Took {
    runs: f64,
    cpu_s: f64,
    wall_s: f64,
    peak_mib: f64,
}

fn in_child(what: &str, seeds: u64, workers: u64) -> Took {
    let numbers: Vec<f64> =
        measure::in_child(&[CHILD, what, &seeds.to_string(), &workers.to_string()]);
    Took {
        runs: numbers[0],
        cpu_s: numbers[1] / 1e9,
        wall_s: numbers[2] / 1e9,
        peak_mib: numbers[3] / 1024.0,
    }
}

fn tell(what: &str, took: &Took) {
    println!(
        "{what:>10} {:>7} runs, {:>6.1} a second of processor time, {:.1} s of it; peak memory {:.1} MiB",
        took.runs,
        took.runs / took.cpu_s,
        took.cpu_s,
        took.peak_mib,
    );
}

/// Prints the runs a second, what a second worker adds, and the memory of a long search of that many seeds.
pub fn print(long: u64) {
    tell("sweep", &in_child("sweep", 0, 1));
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let one = in_child("explore", SEEDS, 1);
            let two = in_child("explore", SEEDS, 2);
            one.wall_s / two.wall_s
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    tell("explore", &in_child("explore", SEEDS, 1));
    tell("explore", &in_child("explore", long, 2));
    println!(
        "two workers are {:.2} times as fast as one ({SEEDS} seeds, time on the wall), goal 1.9",
        ratios[ROUNDS / 2]
    );
}
