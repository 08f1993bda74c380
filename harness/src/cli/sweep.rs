//! `stalemate sweep`: every fault at every point, and what was found made small.

use std::sync::atomic::Ordering;
use std::time::Instant;

use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::cli::format::Format;
use crate::cli::load::{code_of, unknown_client};
use crate::cli::results::{Lines, ended, read, stop_on_interrupt};
use crate::cli::searching::SweepOptions;
use crate::cli::small::{Folder, line as small_line};
use crate::cli::{HARNESS_BUG, bad, out, wanted};
use crate::registry::Registry;
use crate::report;
use crate::runner::{Cell, Runner};
use crate::search::{Base, Before, Finding, Part, Sweep, SweptLine, SweptRun, Watch};

/// The version of the form of what `--format json` prints.
const VERSION: u32 = 1;

/// Shows how far it is, keeps what came of each run, and ends it when its time is over.
struct Watching<'o> {
    bar: ProgressBar,
    lines: Lines<'o>,
    id: String,
    until: Option<Instant>,
}

impl Watch for Watching<'_> {
    fn begins(&self, part: Part, runs: usize) {
        self.bar.reset();
        self.bar.set_length(runs as u64);
        self.bar.set_message(part.as_str());
    }

    fn ran(&self, ran: &SweptRun) {
        self.bar.inc(1);
        let (id, ran) = (self.id.clone(), ran.clone());
        self.lines.line(&SweptLine::Ran { id, ran });
    }

    fn stops(&self) -> bool {
        self.lines.stops() || self.until.is_some_and(|until| Instant::now() >= until)
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
    let runner = wanted::runner(&registry, options.many.jobs);
    let stop = match stop_on_interrupt() {
        Ok(stop) => stop,
        Err(code) => return code,
    };
    let before = options.many.done();
    let before = before.map_or_else(|| Ok(Before::default()), |path| read(path, Before::read));
    let before = match before {
        Ok(before) => before,
        Err(why) => return bad(&why),
    };
    let until = options.many.time.map(|time| Instant::now() + time);
    let mut folder = Folder::new(&options.many.out, &stop);
    let (mut code, mut all) = (0, Vec::new());
    for client in clients {
        let cell = Cell {
            scenario: scenario.clone(),
            client: client.clone(),
            seed: options.seed.unwrap_or(scenario.seeds[0]),
        };
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let base = match Base::of(&cell, &runner) {
            Ok(base) => base,
            Err(error) => {
                bad(&format!("{} with {client}: {error}", scenario.name));
                code = code.max(code_of(&error));
                continue;
            }
        };
        let id = base.id();
        let done = match before.of(&cell, &id) {
            Ok(done) => done,
            Err(why) => return bad(&why),
        };
        let lines = match Lines::open(options.many.results.as_deref(), &stop) {
            Ok(lines) => lines,
            Err(code) => return code,
        };
        lines.line(&SweptLine::head(&cell, &id));
        let watching = Watching {
            bar: out::bar(0, "{msg}: {pos}/{len} runs, {eta} left"),
            lines,
            id,
            until,
        };
        let swept = base.sweep(&runner, options.pairs, &done, &watching);
        watching.bar.finish_and_clear();
        code = code.max(watching.lines.code());
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
    ended(
        code.max(folder.code()),
        &stop,
        "what was done by then stands above",
    )
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
        if !options.many.no_shrink {
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
        "whole": swept.is_whole,
        "not-tried": not_tried,
        "pairs": swept.pairs.map(|p| json!({"all": p.all, "run": p.run, "firsts": p.firsts})),
        "findings": findings,
    })
}
