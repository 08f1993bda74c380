//! `stalemate sweep`: every fault at every point, and what was found made small.

use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::cli::args::{Format, SweepOptions};
use crate::cli::load::{code_of, unknown_client};
use crate::cli::small::{Folder, line as small_line};
use crate::cli::{HARNESS_BUG, bad, out, wanted};
use crate::registry::Registry;
use crate::report;
use crate::runner::{Cell, Runner};
use crate::search::{self, Finding, Sweep, Watch};

/// The version of the form of what `--format json` prints.
const VERSION: u32 = 1;

/// Shows how far it is.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        Self(out::bar(0, "{msg}: {pos}/{len} runs, {eta} left"))
    }
}

impl Watch for Bar {
    fn begins(&self, part: &'static str, runs: usize) {
        self.0.reset();
        self.0.set_length(runs as u64);
        self.0.set_message(part);
    }

    fn ran(&self) {
        self.0.inc(1);
    }
}

/// Runs the command and returns its exit code.
pub(super) fn sweep(options: &SweepOptions, registry: &Registry) -> u8 {
    let registry = wanted::with_clients(registry.clone(), &options.client, &options.client_command);
    let registry = match registry {
        Ok(registry) => registry,
        Err(code) => return code,
    };
    let scenario = match wanted::scenario(&options.path, &registry) {
        Ok(scenario) => scenario,
        Err(code) => return code,
    };
    let named: Vec<&String> = options
        .client
        .iter()
        .chain(&options.client_command)
        .collect();
    let clients = if named.is_empty() {
        let listed = scenario.clients.iter();
        let there = |c: &&String| registry.left_out(&scenario, c).is_none();
        listed.filter(there).collect()
    } else {
        named
    };
    for client in &clients {
        if registry.subject(&scenario, client).is_none() {
            return bad(&unknown_client(client, &registry));
        }
    }
    let runner = wanted::runner(&registry, options.jobs);
    let mut folder = Folder::new(&options.out);
    let (mut code, mut all) = (0, Vec::new());
    for client in clients {
        let cell = Cell {
            scenario: scenario.clone(),
            client: client.clone(),
            seed: options.seed.unwrap_or(scenario.seeds[0]),
        };
        let bar = Bar::new();
        let swept = search::sweep(&cell, &runner, options.pairs, &bar);
        bar.0.finish_and_clear();
        let swept = match swept {
            Ok(swept) => swept,
            Err(error) => {
                bad(&format!("{} with {client}: {error}", scenario.name));
                code = code.max(code_of(&error));
                continue;
            }
        };
        code = code.max(code_for(&swept));
        if options.format == Format::Table {
            out::text(report::sweep(&swept));
        }
        let found = found(&swept, options, &runner, &mut folder);
        if options.format == Format::Json {
            all.push(as_json(&swept, found));
        }
    }
    if options.format == Format::Json {
        let all = json!({"version": VERSION, "sweeps": all});
        out::line(format_args!("{all:#}"));
    }
    code
}

/// 0 where nothing was found but what the scenario lists, 101 where a run came to no end.
fn code_for(swept: &Sweep) -> u8 {
    let findings = swept.findings.sorted();
    if findings.iter().any(|f| f.failure.is_of_run()) {
        HARNESS_BUG
    } else {
        u8::from(swept.findings.has_unlisted())
    }
}

/// Says what was found, each with its file.
fn found(
    swept: &Sweep,
    options: &SweepOptions,
    runner: &Runner,
    folder: &mut Folder<'_>,
) -> Vec<Value> {
    let findings = swept.findings.sorted();
    let says = options.format == Format::Table;
    if says && findings.is_empty() {
        out::line("found: nothing is violated\n");
    } else if says {
        out::line("found:");
    }
    let mut values = Vec::new();
    for finding in findings {
        if says {
            out::line(line(finding));
        }
        let mut value = json!({
            "party": finding.failure.party,
            "invariant": finding.failure.invariant,
            "why": finding.why,
            "listed": finding.listed,
            "runs": finding.count,
            "faults": finding.origin.faults,
        });
        if !options.no_shrink {
            let origin = format!("a sweep of {}", swept.cell.scenario.name);
            if let Some((file, small)) = folder.add_or_say(finding, &origin, runner) {
                let scenario = &small.example.scenario;
                value["file"] = json!(file.display().to_string());
                value["steps"] = json!(scenario.steps.len());
                value["injections"] = json!(scenario.inject.len());
                if says {
                    out::line(small_line(&file, &small));
                }
            }
        }
        values.push(value);
    }
    if says && !values.is_empty() {
        out::line("");
    }
    values
}

fn line(finding: &Finding) -> String {
    let Finding {
        failure,
        why,
        count,
        listed,
        ..
    } = finding;
    let listed = if *listed {
        ", as the scenario lists"
    } else {
        ""
    };
    format!(
        "  {} by {}, in {count} runs{listed}: {why}",
        failure.invariant, failure.party
    )
}

fn as_json(swept: &Sweep, findings: Vec<Value>) -> Value {
    let not_tried: Value = swept
        .not_tried()
        .into_iter()
        .map(|(why, count)| (why.as_str().to_owned(), json!(count)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "scenario": swept.cell.scenario.name,
        "client": swept.cell.client,
        "seed": swept.cell.seed,
        "points": swept.rows.len(),
        "fates": swept.columns.len(),
        "runs": swept.runs,
        "not-tried": not_tried,
        "pairs": swept.pairs.map(|p| json!({"all": p.all, "run": p.run, "firsts": p.firsts})),
        "findings": findings,
    })
}
