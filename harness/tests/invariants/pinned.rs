//! What every invariant says of some 800 worlds in which something is wrong: the worlds of `explore`, and each scenario
//! with clients that it does not list. Nobody has said of each verdict that it is right. What a change of a rule alters is
//! to be read before it is accepted: `stalemate trace FILE --client NAME`, or `stalemate explore --seeds N..N+1`.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;

use stalemate::journal::Rung;
use stalemate::registry::Registry;
use stalemate::runner::{Cell, CellResult, Judged, Runner, Said, judge_record, scenarios};
use stalemate::scenario::ServerKind;
use stalemate::search;
use stalemate::search::draw::Pool;
use stalemate::setup::Generator;
use stalemate::sim::{self, Spec};

/// How many drawn worlds each client sees.
const SEEDS: u64 = 6;

/// With how many clients each scenario runs.
const CLIENTS: usize = 4;

/// The clients that are models.
fn models(registry: &Registry) -> Vec<&str> {
    let is_model = |name: &str| registry.get(name).is_some_and(|s| s.model().is_some());
    let names = registry.iter().map(|(name, _)| name);
    names.filter(|name| is_model(name)).collect()
}

/// A number that belongs to a name: who is added beside it changes nothing.
fn number(name: &str) -> u64 {
    Generator::new(0, name).number()
}

fn drawn(registry: &Registry) -> Vec<Cell> {
    // As `stalemate explore` draws them.
    let pool = Pool::of(registry.real_sessions());
    let mut cells = Vec::new();
    for client in models(registry) {
        let from = number(client) % 1_000;
        for seed in from..from + SEEDS {
            let cell = search::cell(&pool.draw(seed), client, seed, registry);
            cells.push(cell.expect("the dialects are there"));
        }
    }
    cells
}

fn scripted(registry: &Registry) -> Vec<Cell> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let loaded = scenarios(&[directory], registry).expect("a directory");
    let mut cells = Vec::new();
    for (file, scenario) in loaded {
        let scenario = scenario.unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
        let mut servers = scenario.servers.iter();
        if servers.any(|s| matches!(s.kind, ServerKind::Real(_))) {
            continue;
        }
        let mut clients = models(registry);
        clients.retain(|client| !scenario.clients.iter().any(|c| c == client));
        clients.sort_by_key(|client| number(&format!("{} {client}", scenario.name)));
        for client in clients.into_iter().take(CLIENTS) {
            cells.push(Cell {
                scenario: scenario.clone(),
                client: client.to_owned(),
                seed: 1,
            });
        }
    }
    cells
}

/// A line: where, and for each verdict but "not exercised" whose it is, and when it was violated.
fn line(cell: &Cell, runner: &Runner) -> String {
    let subject = runner.registry().subject(&cell.scenario, &cell.client);
    let subject = subject.expect("a model").clone();
    let (scenario, client, seed) = (cell.scenario.clone(), cell.client.clone(), cell.seed);
    // On a thread of its own, because what belongs to a thread outlives a run.
    let run = thread::spawn(move || {
        let spec = Spec {
            scenario: &scenario,
            client: &client,
            subject: &subject,
            seed,
        };
        sim::run(spec)
    });
    let run = match run.join().expect("a run does not panic") {
        Ok(run) => run,
        Err(error) => return format!("{cell}: {error}"),
    };
    let CellResult {
        rung, invariants, ..
    } = judge_record(&run.record);
    let mut line = format!("{cell}: {}", rung.map_or("none", Rung::as_str));
    let held = invariants
        .iter()
        .filter(|j| j.verdict == Said::Held)
        .count();
    write!(line, ", {held} held").expect("a string");
    for Judged { id, party, at, .. } in invariants.iter().filter(|j| j.verdict == Said::Violated) {
        let at_ms = at.map_or(0, |at| run.record.entries[at].at_ms);
        write!(line, ", {id} of {party} at {at_ms} ms").expect("a string");
    }
    line
}

#[test]
fn the_verdicts_on_wrong_clients_are_what_they_were() {
    let registry = Registry::builtin();
    let runner = Runner::new(registry.clone());
    let worlds = [drawn(&registry), scripted(&registry)].concat();
    let lines = runner.for_all(&worlds, |runner, cell| line(cell, runner));
    insta::with_settings!({
        snapshot_path => "../../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("verdicts", lines.join("\n"));
    });
}
