//! What a cell of each installed client costs that is a program of its own. Wall-clock time, because most of it passes in the
//! program's process: what else the machine does is part of it.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use stalemate::programs::known;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner};
use stalemate::scenario::{Scenario, load_text};
use stalemate::sim::{Options, Passed, Spec, What, run_with};

/// Runs of each client, of which the median counts.
const RUNS: usize = 5;
/// Cells of each client that run side by side.
const CELLS: usize = 8;

const SCENARIO: &str = "\
summary: The session is lost, and the user connects anew.
servers:
  memory: {dialect: typescript-sdk-sessions, port: 3001}
path: [nginx]
clients: [rmcp]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes}
";

/// What one run took.
struct Took {
    /// Until the program could be told what to do.
    start: Duration,
    /// From then on.
    rest: Duration,
    /// How often it came to rest from then on.
    settles: usize,
}

fn once(scenario: &Scenario, client: &str, registry: &Registry) -> Took {
    let subject = registry.subject(scenario, client).expect("it is known");
    let (to, passed) = channel();
    // Each thing is stamped when it comes.
    let watcher = thread::spawn(move || {
        let stamped = passed
            .iter()
            .map(|passed: Passed| (Instant::now(), passed.what));
        stamped.collect::<Vec<_>>()
    });
    let options = Options {
        watch: Some(to),
        ..Options::default()
    };
    let spec = Spec {
        scenario,
        client,
        subject: &subject,
        seed: 1,
    };
    let began = Instant::now();
    run_with(spec, &options).expect("it ends");
    let ended = began.elapsed();
    drop(options);
    let passed = watcher.join().expect("no panic");
    // A program that is started later than the first one is part of the run.
    let first = passed.iter().position(|(_, w)| matches!(w, What::Told(..)));
    let first = first.expect("it is told something");
    let began_at = passed.iter().find(|(_, w)| matches!(w, What::Started(_)));
    let (started, _) = began_at.expect("it is started");
    let start = passed[first].0 - *started;
    let settles = passed[first..].iter();
    Took {
        start,
        rest: ended.saturating_sub(start),
        settles: settles.filter(|(_, w)| *w == What::Settled).count(),
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// Prints a row for each client that is installed.
pub fn print(registry: &Registry) {
    let file = std::path::Path::new("bench/it.yaml");
    let scenario = load_text("bench/it", file, SCENARIO, &registry.vocabulary());
    let scenario = Arc::new(scenario.unwrap_or_else(|d| panic!("{d}")));
    let runner = Runner::new(registry.clone());
    for client in known() {
        let name = client.name;
        if !client.is_installed() {
            println!("{name:>22} is not installed");
            continue;
        }
        let took: Vec<Took> = (0..RUNS).map(|_| once(&scenario, name, registry)).collect();
        let start = median(took.iter().map(|t| t.start).collect());
        let rest = median(took.iter().map(|t| t.rest).collect());
        let cell = Cell {
            scenario: Arc::clone(&scenario),
            client: name.to_owned(),
            seed: 1,
        };
        let cells = vec![cell; CELLS];
        let began = Instant::now();
        let ran = runner.for_all(&cells, |runner, cell| runner.run(cell).is_ok());
        let passed = began.elapsed().as_secs_f64();
        assert!(ran.into_iter().all(|ran| ran), "{name} does not run");
        println!(
            "{name:>22} {:>7.0} ms to start, {:>6.0} ms a run from then on, {:>6.0} settles a second, {:>5.1} cells a minute on \
             all cores",
            start * 1e3,
            rest * 1e3,
            took[0].settles as f64 / rest,
            CELLS as f64 * 60.0 / passed,
        );
    }
}
