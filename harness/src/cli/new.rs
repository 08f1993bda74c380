//! `stalemate new`: a scenario that runs, written for somebody who changes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::author::{NewFault, NewOptions};
use crate::cli::load::{code_of, unknown_client};
use crate::cli::told::program;
use crate::cli::{bad, out, wanted, wrong};
use crate::registry::Registry;
use crate::runner::{Cell, Runner, promise};
use crate::scenario::{self, Scenario};

impl NewFault {
    /// The summary, and the step.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Restart => (
                "The server is restarted while nobody talks to it.",
                "restart: memory",
            ),
            Self::Crash => (
                "The server's process dies while nobody talks to it.",
                "crash: memory",
            ),
            Self::Drain => (
                "The server is drained, stopped and started again.",
                "drain: {target: memory, limit: 30s}",
            ),
            Self::Expire => (
                "The server forgets the session and goes on running.",
                "expire: memory",
            ),
            Self::Partition => (
                "The network is broken for 40 s.",
                "partition: {between: [client, nginx], for: 40s}",
            ),
            Self::Cut => ("Every connection of the server is cut.", "cut: memory"),
        }
    }
}

/// Writes the file and returns the exit code.
pub(super) fn new(options: &NewOptions, registry: &Registry) -> u8 {
    match write(options, registry) {
        Ok((file, rungs)) => {
            let (file, program) = (file.display(), program());
            let dialects = wanted::dialect_options(&options.dialects);
            out::line(format_args!(
                "{file} is written. Its clients need:\n{rungs}"
            ));
            let first = &options.client[0];
            out::line(format_args!(
                "next: `{program} trace {file} --client {first}{dialects}` shows what happens\n      `{program} run {file} \
                 --watch{dialects}` runs it whenever you save it"
            ));
            0
        }
        Err(code) => code,
    }
}

fn write(options: &NewOptions, registry: &Registry) -> Result<(PathBuf, String), u8> {
    let file = file(options).map_err(|why| bad(&why))?;
    if file.exists() {
        return Err(bad(&format!(
            "{} exists already; choose another name, or delete it first",
            file.display()
        )));
    }
    if let Some(unknown) = options.client.iter().find(|c| registry.get(c).is_none()) {
        return Err(bad(&unknown_client(unknown, registry)));
    }
    let text = template(options, &file);
    let mut scenario = load(&options.name, &file, &text, registry)?;
    let runner = Runner::new(registry.clone());
    let cells = Cell::of(&Arc::new(scenario.clone()));
    let mut rungs = String::new();
    for (cell, ran) in cells.iter().zip(runner.for_all(&cells, Runner::run)) {
        let ran = ran.map_err(|error| {
            bad(&format!("{} with {}: {error}", options.name, cell.client));
            code_of(&error)
        })?;
        let result = &ran.result;
        let rung = result.rung.map_or("no progress", |rung| rung.as_str());
        rungs += &format!("  {:<28} {rung}\n", cell.client);
        promise(&mut scenario, result);
    }
    let text = format!("{text}{}", scenario::promises(&scenario));
    // What is written must be what was meant.
    load(&options.name, &file, &text, registry)?;
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| bad(&format!("failed to write {}: {error}", file.display())))?;
    Ok((file, rungs))
}

fn file(options: &NewOptions) -> Result<PathBuf, String> {
    let name = options.name.strip_suffix(".yaml").unwrap_or(&options.name);
    let is_good = |part: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part != ".." && part.chars().all(letters)
    };
    if !name.split('/').all(is_good) {
        return Err(format!(
            "`{name}` is not a scenario name: a name is letters, digits, `-` and `_`, with `/` between folder and file, \
             e.g. restart/mine"
        ));
    }
    Ok(options.dir.join(format!("{name}.yaml")))
}

fn load(name: &str, file: &Path, text: &str, registry: &Registry) -> Result<Scenario, u8> {
    scenario::load_text(name, file, text, &registry.vocabulary()).map_err(|d| wrong(&d))
}

fn template(options: &NewOptions, file: &Path) -> String {
    let (summary, fault) = options.fault.words();
    let up = "../".repeat(options.name.matches('/').count());
    // Editors need it; a project of one's own makes it with `stalemate schema`.
    let schema = options.dir.join("schema.json").exists();
    let schema = match schema {
        true => format!("# yaml-language-server: $schema={up}schema.json\n"),
        false => String::new(),
    };
    let clients = options.client.join(", ");
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    format!(
        "{schema}# {stem}: change the steps to what you want to know, run it, and keep the promises true.
summary: {summary}
servers:
  memory: {{dialect: {server}, port: 3001}}
path: [nginx]                    # hops between client and server, outermost first
clients: [{clients}]
steps:                           # one verb a step; after the last one every server is climbed for
  - add: memory                  # the user adds the connector
  - call: {{on: memory, tool: create_entities, expect: ok}}
  - {fault}
  - call: {{on: memory, tool: search_nodes}}
",
        server = options.server,
    )
}
