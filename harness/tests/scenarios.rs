//! Every cell of the committed scenarios as a test of its own name; the trace of each scenario's leading client and the
//! matrix as snapshots.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use insta::{assert_snapshot, with_settings};
use libtest_mimic::{Arguments, Failed, Trial};
use stalemate::cell::{self, CellResult};
use stalemate::check::{cells, scenarios, trials};
use stalemate::exec;
use stalemate::registry::Registry;
use stalemate::report::{self, Detail};
use stalemate::scenario::Scenario;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> ExitCode {
    let registry = Registry::builtin();
    exec::serve_if_child(&registry);
    let dir = Path::new(ROOT).join("scenarios");
    let mut tests = trials(&dir, &registry);
    let loaded: Vec<Arc<Scenario>> = scenarios(&dir, &registry)
        .into_iter()
        .filter_map(|(_, s)| s.ok())
        .collect();
    for scenario in &loaded {
        let (scenario, registry) = (Arc::clone(scenario), registry.clone());
        let name = format!("snapshot of {}", scenario.name);
        tests.push(Trial::test(name, move || {
            trace_is_as_committed(&scenario, &registry)
        }));
    }
    let names: Vec<String> = loaded.iter().map(|s| format!("{}.snap", s.name)).collect();
    tests.push(Trial::test("snapshot of the matrix", move || {
        matrix_is_as_committed(&loaded, &registry)
    }));
    tests.push(Trial::test("no snapshot without its scenario", move || {
        no_orphans(&names)
    }));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn committed(area: &str, name: &str, text: &str) -> Result<(), Failed> {
    let path: PathBuf = Path::new(ROOT).join("snapshots").join(area);
    std::panic::catch_unwind(|| {
        with_settings!({snapshot_path => path, prepend_module_to_snapshot => false, omit_expression => true}, {
            assert_snapshot!(name, text);
        });
    })
    .map_err(|_| Failed::from("the snapshot differs: `cargo insta review`, or INSTA_UPDATE=always, accepts the change"))
}

fn trace_is_as_committed(scenario: &Arc<Scenario>, registry: &Registry) -> Result<(), Failed> {
    let (client, subject, seed) = cells(scenario, registry).remove(0);
    let (result, record, _) = exec::run_cell(scenario, &client, &subject, seed)?;
    let (area, name) = scenario
        .name
        .rsplit_once('/')
        .unwrap_or(("", &scenario.name));
    committed(area, name, &report::trace(&result, &record, Detail::Short))
}

fn matrix_is_as_committed(scenarios: &[Arc<Scenario>], registry: &Registry) -> Result<(), Failed> {
    let mut results: Vec<CellResult> = Vec::new();
    for scenario in scenarios {
        for (client, subject, seed) in cells(scenario, registry) {
            let run = exec::run_once(scenario, &client, &subject, seed)?;
            results.push(cell::judge(scenario, &run.record, &run.findings, None));
        }
    }
    committed("", "matrix", &report::matrix(&results))
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
