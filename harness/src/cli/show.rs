//! `stalemate trace`, `list`, `explain` and `schema`: the commands that show something.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use stalemate_clients::Program;

use crate::cli::args::{
    ExplainOptions, Format, ListOptions, SchemaOf, SchemaOptions, TraceFormat, TraceOptions,
};
use crate::cli::load::load_all;
use crate::cli::out;
use crate::cli::wanted;
use crate::cli::{BAD_INPUT, bad};
use crate::input;
use crate::journal::Record;
use crate::programs;
use crate::registry::{Registry, Subject};
use crate::report::{self, ClientTopic, Detail, KeyTopic, View};
use crate::runner::{CellResult, RESULTS_VERSION, RIGHT, Ran, Results, judge_record};
use crate::scenario::{self, Key, KeyKind};

/// Runs one cell, or reads a saved record, and draws it. The exit code is the cell's.
pub(super) fn trace(options: &TraceOptions, registry: &Registry) -> u8 {
    if is_record(&options.path) {
        return saved(options);
    }
    let (registry, cell) = match wanted::one(&options.path, &options.which, registry) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let Ran {
        result,
        record,
        findings,
    } = match wanted::ran(registry, &cell) {
        Ok(ran) => ran,
        Err(code) => return code,
    };
    if let Err(code) = draw(options, &result, &record, &findings.access_log) {
        return code;
    }
    result.outcome.exit_code()
}

/// Prints a cell's record, its trace or its diagram.
///
/// # Errors
/// The exit code, after what is wrong has been said.
fn draw(
    options: &TraceOptions,
    result: &CellResult,
    record: &Record,
    access_log: &[(Arc<str>, String)],
) -> Result<(), u8> {
    let view = View {
        detail: match options.full {
            true => Detail::Full,
            false => Detail::Short,
        },
        folded: !options.full,
        at: options.at.as_deref(),
    };
    if let Some(at) = view.at {
        let violated = || result.invariants.iter().filter(|j| j.at.is_some());
        if !violated().any(|j| j.id == at) {
            let ids: BTreeSet<&str> = violated().map(|j| j.id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            let there = match ids.as_slice() {
                [] => "nothing is".to_owned(),
                ids => format!("what is: {}", ids.join(", ")),
            };
            return Err(bad(&format!("`{at}` is not violated here; {there}")));
        }
    }
    let mut log: String = access_log
        .iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    if !log.is_empty() {
        log.insert_str(0, "access log\n");
    }
    let document = match options.format {
        TraceFormat::Json => record.to_json_lines(),
        TraceFormat::Svg => report::svg(result, record, view),
        TraceFormat::Mermaid => report::mermaid(result, record, view),
        TraceFormat::Table => {
            let mut text = report::trace(result, record, view);
            text += &format!("journal   {}\n", result.journal_hash);
            if options.access_log {
                text += &format!("\n{log}");
            }
            out::paged(report::painted(&text), !options.no_pager);
            return Ok(());
        }
    };
    out::text(document);
    if options.access_log {
        // What is meant for a program stays clean.
        eprint!("{log}");
    }
    Ok(())
}

/// Judges and draws a record that was saved by `trace --format json`. Nothing is promised of it.
fn saved(options: &TraceOptions) -> u8 {
    let file = options.path.display();
    for (is_given, option, why) in [
        (
            options.which.named().is_some(),
            "--client",
            "it has its client in it",
        ),
        (
            options.which.seed.is_some(),
            "--seed",
            "it has its seed in it",
        ),
        (
            options.access_log,
            "--access-log",
            "it has no access log in it",
        ),
    ] {
        if is_given {
            return bad(&format!(
                "`{file}` is a saved record: {why}; leave out {option}"
            ));
        }
    }
    let record = match read(&options.path) {
        Ok(record) => record,
        Err(why) => return bad(&why),
    };
    let result = judge_record(&record);
    if let Err(code) = draw(options, &result, &record, &[]) {
        return code;
    }
    result.outcome.exit_code()
}

/// Whether a file is a saved record, by its name.
pub(super) fn is_record(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "jsonl")
}

/// Reads a saved record.
///
/// # Errors
/// What is wrong with it, and how one is made.
pub(super) fn read(path: &Path) -> Result<Record, String> {
    let record = match input::open(path) {
        Ok(text) => Record::read(BufReader::new(text)).map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    record.map_err(|why| {
        let remedy = "`stalemate trace SCENARIO --format json` writes one";
        format!(
            "`{}` cannot be read as a record: {why}; {remedy}",
            path.display()
        )
    })
}

/// Lists what there is.
pub(super) fn list(options: &ListOptions, registry: &Registry) -> u8 {
    let project = PathBuf::from("scenarios");
    let paths = match &options.paths[..] {
        // Clients and dialects are asked for outside a project too.
        [] if project.is_dir() => vec![project],
        paths => paths.to_vec(),
    };
    let loaded = if paths.is_empty() {
        Ok((Vec::new(), false))
    } else {
        load_all(&paths, registry)
    };
    let (scenarios, any_bad) = match loaded {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let dialects = registry.dialects().iter().filter(|d| d.is_listed());
    let dialects: Vec<&str> = dialects.map(|d| d.name.as_str()).collect();
    match options.format {
        Format::Json => {
            let scenarios: Vec<_> = scenarios
                .iter()
                .map(|s| json!({"name": s.name, "file": s.file, "summary": s.summary, "clients": s.clients, "seeds": s.seeds}))
                .collect();
            let clients: Vec<_> = registry
                .iter()
                .map(|(name, summary)| {
                    let program = program(registry, name);
                    let installed = program.map(|program| program.missing().is_none());
                    json!({"name": name, "summary": summary, "installed": installed})
                })
                .collect();
            let all = json!({
                "version": RESULTS_VERSION,
                "scenarios": scenarios, "clients": clients, "dialects": dialects, "real_servers": registry.real_servers(),
            });
            out::line(format_args!(
                "{}",
                serde_json::to_string_pretty(&all).expect("plain data")
            ));
        }
        Format::Table => {
            let none = if paths.is_empty() {
                "\n  none: there is no directory `scenarios` here, and no other was named"
            } else {
                ""
            };
            out::line(format_args!("Scenarios{none}"));
            for scenario in &scenarios {
                out::line(format_args!(
                    "  {}\n      {}\n      {}",
                    scenario.name,
                    scenario.summary,
                    scenario.clients.join(", ")
                ));
            }
            out::line(format_args!("\nClients"));
            for (name, summary) in registry.iter() {
                let note = match program(registry, name) {
                    Some(program) => program.missing().map_or_else(
                        || "; installed".to_owned(),
                        |remedy| format!("; not installed: {remedy}"),
                    ),
                    None => String::new(),
                };
                out::line(format_args!("  {name:<36} {summary}{note}"));
            }
            let place = programs::directory();
            out::line(format_args!(
                "  (installed ones are in {})",
                place.display()
            ));
            out::line(format_args!(
                "\nDialects of the model server: {}",
                dialects.join(", ")
            ));
            out::line(format_args!(
                "Real servers: {}",
                registry.real_servers().join(", ")
            ));
        }
    }
    if any_bad { BAD_INPUT } else { 0 }
}

/// The program behind a client's name, if it is one.
fn program<'r>(registry: &'r Registry, name: &str) -> Option<&'r Program> {
    registry.get(name)?.factory().program()
}

fn key_topic(key: Key) -> KeyTopic {
    KeyTopic {
        kind: match key.kind {
            KeyKind::Step => "step of a scenario",
            KeyKind::Hop => "hop of a scenario",
            KeyKind::Key => "key of a scenario",
        },
        name: key.name,
        says: key.says,
        within: key.within,
        keys: key.keys,
    }
}

/// Explains a topic, or lists them all.
pub(super) fn explain(options: &ExplainOptions, registry: &Registry) -> u8 {
    let model = |name| registry.get(name).and_then(Subject::model);
    let right = model(RIGHT);
    let clients: Vec<ClientTopic> = registry
        .iter()
        .map(|(name, summary)| ClientTopic {
            name: name.to_owned(),
            summary: summary.to_owned(),
            differs: match (model(name), &right) {
                (Some(model), Some(right)) => scenario::knobs_of(&model, right),
                _ => Vec::new(),
            },
        })
        .collect();
    let keys: Vec<KeyTopic> = scenario::keys().into_iter().map(key_topic).collect();
    let topics = report::topics(&clients, &keys, registry.dialects());
    let listed = |wanted: Option<&str>| {
        let mut last = "";
        for (kind, name, line) in &topics {
            if wanted.is_some_and(|wanted| wanted != *kind) {
                continue;
            }
            if kind != &last {
                out::line(format_args!(
                    "{}{kind}",
                    if last.is_empty() { "" } else { "\n" }
                ));
                last = kind;
            }
            out::line(format_args!("  {name:<36} {line}"));
        }
    };
    let Some(topic) = &options.topic else {
        listed(None);
        return 0;
    };
    if topics.iter().any(|(kind, ..)| kind == topic) {
        listed(Some(topic));
        if !keys.iter().any(|key| key.name == *topic) {
            return 0;
        }
        out::line("");
    }
    match report::explain(topic, &clients, &keys, registry.dialects()) {
        Ok(text) => {
            out::text(format_args!("{text}"));
            0
        }
        Err(nearest) if nearest.is_empty() => bad(&format!(
            "nothing is called `{topic}`: `stalemate explain` lists the topics"
        )),
        Err(nearest) => bad(&format!(
            "nothing is called `{topic}`; near to it: {}",
            nearest.join(", ")
        )),
    }
}

/// Prints a schema.
pub(super) fn schema(options: &SchemaOptions) -> u8 {
    let schema = match options.of {
        SchemaOf::Scenario => scenario::schema(),
        SchemaOf::Results => Results::schema().to_value(),
    };
    out::line(serde_json::to_string_pretty(&schema).expect("plain data"));
    0
}
