//! Every cell of the committed scenarios as a test of its own name; the trace of each scenario's leading client and the
//! matrix as snapshots; and the same cells in another process with nothing in common but the program and the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};

use insta::{assert_snapshot, with_settings};
use libtest_mimic::{Arguments, Failed, Trial};
use stalemate::check::{Hears, trials_told};
use stalemate::failure_mode;
use stalemate::journal::Record;
use stalemate::registry::Registry;
use stalemate::report::{self, Detail, View};
use stalemate::runner::{Cell, CellResult, Runner, judge, scenarios, serve_if_child};
use stalemate::scenario::Scenario;

#[path = "cli/surroundings.rs"]
mod surroundings;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Set in a process that is to tell every cell's hash, and nothing else.
const TELLS_HASHES: &str = "STALEMATE_TELLS_HASHES";

/// The cells of a scenario, the leading client's first.
struct Shown {
    name: String,
    cells: Vec<Cell>,
}

/// What the cells' own tests came to so far, by scenario, client and seed.
type Told = Arc<Mutex<BTreeMap<(String, String, u64), CellResult>>>;

impl Shown {
    /// The cells whose clients are somebody else's programs, which need not be installed, or the others.
    fn of(scenario: &Arc<Scenario>, registry: &Registry, programs: bool) -> Self {
        let is_program = |cell: &Cell| {
            let subject = registry.get(&cell.client);
            subject.is_some_and(|s| s.factory().program().is_some())
        };
        let cells = Cell::of(scenario).into_iter();
        Self {
            name: scenario.name.clone(),
            cells: cells.filter(|cell| is_program(cell) == programs).collect(),
        }
    }
}

/// What came of every cell: as its own test found it, or run once here where that test was not run.
fn results(scenarios: &[Shown], told: &Told, runner: &Runner) -> Result<Vec<CellResult>, Failed> {
    let told = told.lock().expect("no panic").clone();
    let cells = scenarios.iter().flat_map(|scenario| &scenario.cells);
    cells
        .map(|cell| {
            let key = (cell.scenario.name.clone(), cell.client.clone(), cell.seed);
            match told.get(&key) {
                Some(result) => Ok(result.clone()),
                None => Ok(ran(cell, runner)?.0),
            }
        })
        .collect()
}

fn ran(cell: &Cell, runner: &Runner) -> Result<(CellResult, Record), Failed> {
    let run = runner.run_once(cell)?;
    let result = judge(&cell.scenario, &run.record, &run.findings, None);
    Ok((result, run.record))
}

fn main() -> ExitCode {
    let registry = Registry::builtin();
    serve_if_child(&registry);
    let runner = Runner::new(registry);
    let dir = Path::new(ROOT).join("scenarios");
    // The tables take what the cells' own tests came to.
    let told = Told::default();
    let hears: Hears = {
        let told = Arc::clone(&told);
        Arc::new(move |result| {
            let key = (result.scenario.clone(), result.client.clone(), result.seed);
            told.lock().expect("no panic").insert(key, result.clone());
        })
    };
    let mut tests = trials_told(&dir, &runner, &hears);
    let all: Vec<Arc<Scenario>> = scenarios(&[dir], runner.registry())
        .expect("the directory can be searched")
        .into_iter()
        .filter_map(|(_, s)| s.ok())
        .collect();
    let shown = |programs| {
        let scenarios = all.iter();
        scenarios
            .map(|s| Shown::of(s, runner.registry(), programs))
            .collect()
    };
    let (loaded, real): (Arc<[Shown]>, Arc<[Shown]>) = (shown(false), shown(true));
    if std::env::var_os(TELLS_HASHES).is_some() {
        return tell_hashes(&loaded, &runner);
    }
    for (at, scenario) in loaded.iter().enumerate() {
        let (loaded, runner) = (Arc::clone(&loaded), runner.clone());
        let name = format!("snapshot of {}", scenario.name);
        tests.push(Trial::test(name, move || {
            trace_is_as_committed(&loaded[at], &runner)
        }));
    }
    let shown: BTreeSet<String> = loaded
        .iter()
        .flat_map(|s| s.cells.first())
        .flat_map(|cell| cell.scenario.shows.iter().cloned())
        .collect();
    tests.push(Trial::test("each failure mode is shown", move || {
        each_mode_is_shown(&shown)
    }));
    let names: Vec<String> = loaded.iter().map(|s| format!("{}.snap", s.name)).collect();
    let are_there = all.iter().all(|scenario| {
        let mut clients = scenario.clients.iter();
        clients.all(|client| runner.registry().left_out(scenario, client).is_none())
    });
    if !are_there {
        eprintln!("left out: the matrix of the real clients: not all of them are installed");
    }
    type Table = fn(&[CellResult]) -> Result<String, Failed>;
    let tables: [(&str, &str, &Arc<[Shown]>, Table); 3] = [
        (
            "the matrix of the real clients",
            "matrix-of-real-clients",
            &real,
            matrix,
        ),
        ("what is covered", "coverage", &loaded, coverage),
        ("the matrix", "matrix", &loaded, matrix),
    ];
    for (what, file, scenarios, table) in tables {
        let (scenarios, runner, told) = (Arc::clone(scenarios), runner.clone(), Arc::clone(&told));
        let is_left_out = file == "matrix-of-real-clients" && !are_there;
        let test = Trial::test(format!("snapshot of {what}"), move || {
            committed("", file, &table(&results(&scenarios, &told, &runner)?)?)
        });
        tests.push(test.with_ignored_flag(is_left_out));
    }
    tests.push(Trial::test(
        "one journal a cell, whatever is around it",
        move || hashes_are_the_same_elsewhere(&loaded, &told, &runner),
    ));
    tests.push(Trial::test("no snapshot without its scenario", move || {
        no_orphans(&names)
    }));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Tells the hash of every cell's record, a line each, in the opposite order.
fn tell_hashes(scenarios: &[Shown], runner: &Runner) -> ExitCode {
    let cells = scenarios.iter().flat_map(|scenario| &scenario.cells);
    let cells: Vec<&Cell> = cells.rev().collect();
    let hashes = runner.for_all(&cells, |runner, cell| ran(cell, runner));
    let mut lines = String::new();
    for (cell, hash) in cells.iter().zip(hashes) {
        match hash {
            Ok((result, _)) => lines += &format!("{cell} {} {}\n", cell.seed, result.journal_hash),
            Err(failed) => {
                eprintln!("{cell}: {}", failed.message().unwrap_or_default());
                return ExitCode::FAILURE;
            }
        }
    }
    print!("{lines}");
    ExitCode::SUCCESS
}

/// That two runs within one process agree is part of every cell's own test. Here the other process has another environment,
/// directory and time, other workers, and another order.
fn hashes_are_the_same_elsewhere(
    scenarios: &[Shown],
    told: &Told,
    runner: &Runner,
) -> Result<(), Failed> {
    let elsewhere = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    surroundings::strange(&mut command, elsewhere.path());
    command
        .env(TELLS_HASHES, "1")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output()?;
    if !output.status.success() {
        return Err(Failed::from(format!(
            "the other process: {}",
            output.status
        )));
    }
    let there = String::from_utf8(output.stdout)?;
    let here = results(scenarios, told, runner)?;
    let cells = scenarios.iter().flat_map(|scenario| &scenario.cells);
    let here: Vec<String> = cells
        .zip(&here)
        .map(|(cell, result)| format!("{cell} {} {}", cell.seed, result.journal_hash))
        .collect();
    let different: Vec<String> = here
        .iter()
        .zip(there.lines().rev())
        .filter(|(here, there)| here != there)
        .map(|(here, there)| format!("here {here}, elsewhere {there}"))
        .collect();
    if !different.is_empty() || here.len() != there.lines().count() {
        let (here, there) = (here.len(), there.lines().count());
        let different = different.join("\n");
        return Err(Failed::from(format!(
            "{here} cells and {there}\n{different}"
        )));
    }
    // Models and real code alike: a world without the latter would prove less.
    for who in ["rmcp", "connector/recovering"] {
        if !here.iter().any(|line| line.split(' ').nth(1) == Some(who)) {
            return Err(Failed::from(format!("no cell with {who}")));
        }
    }
    Ok(())
}

fn committed(area: &str, name: &str, text: &str) -> Result<(), Failed> {
    let path: PathBuf = Path::new(ROOT).join("snapshots").join(area);
    std::panic::catch_unwind(|| {
        with_settings!({snapshot_path => path, prepend_module_to_snapshot => false, omit_expression => true}, {
            assert_snapshot!(name, text);
        });
    })
    .map_err(|_| Failed::from("the snapshot is new or differs: `cargo insta review`, or INSTA_UPDATE=always, accepts it"))
}

fn trace_is_as_committed(scenario: &Shown, runner: &Runner) -> Result<(), Failed> {
    let (result, record) = ran(&scenario.cells[0], runner)?;
    let (area, name) = scenario
        .name
        .rsplit_once('/')
        .unwrap_or(("", &scenario.name));
    committed(
        area,
        name,
        &report::trace(&result, &record, View::whole(Detail::Short)),
    )
}

fn matrix(results: &[CellResult]) -> Result<String, Failed> {
    Ok(report::matrix(results))
}

/// Every invariant is put to the test by some scenario, and each clause is judged, a permission, or a gap with its reason.
fn coverage(results: &[CellResult]) -> Result<String, Failed> {
    let idle = report::never_tested(results);
    if !idle.is_empty() {
        let idle = idle.join(", ");
        return Err(Failed::from(format!("no scenario puts {idle} to the test")));
    }
    let table = report::coverage(results);
    let wrong = ["nobody has said why", "not in the list", "said never to be"];
    if wrong.iter().any(|wrong| table.contains(wrong)) {
        return Err(Failed::from(format!(
            "a clause without an invariant or a reason, or an arm without one, or with a wrong one:\n{table}"
        )));
    }
    Ok(table)
}

/// Some scenario shows each way in which recovery fails; that it is caught there, the loader and the cells' tests see to.
fn each_mode_is_shown(shown: &BTreeSet<String>) -> Result<(), Failed> {
    let missing: Vec<&str> = failure_mode::ALL
        .iter()
        .map(|mode| mode.id)
        .filter(|id| !shown.contains(*id))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(Failed::from(format!("no scenario shows {missing}")))
}

fn no_orphans(names: &[String]) -> Result<(), Failed> {
    let root = Path::new(ROOT).join("snapshots");
    for area in std::fs::read_dir(&root)?
        .flatten()
        .filter(|e| e.path().is_dir())
    {
        let area_name = area.file_name().to_string_lossy().into_owned();
        if area_name == "diagnostics" {
            continue;
        }
        for file in std::fs::read_dir(area.path())?.flatten() {
            let name = format!("{area_name}/{}", file.file_name().to_string_lossy());
            if !names.contains(&name) && name.ends_with(".snap") {
                return Err(Failed::from(format!(
                    "snapshots/{name} has no scenario: delete it"
                )));
            }
        }
    }
    Ok(())
}
