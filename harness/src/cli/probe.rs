//! `stalemate probe`: a real server is asked, and what it says is shown, simulated and written down.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::bad;
use crate::cli::format::ProbeFormat;
use crate::cli::out;
use crate::cli::outside::ProbeOptions;
use crate::dialect;
use crate::live::address::Endpoint;
use crate::live::probe::{self, ClauseVerdict, Learned, ProbePlan};
use crate::registry::Registry;
use crate::report::{self, Needs};
use crate::runner::{Cell, Runner};
use crate::scenario::{ServerKind, load_text};

/// Exit code where a demand of the specification is broken.
const BROKEN: u8 = 1;

/// The clients whose needs are shown: one of each kind that there is in the world.
const CLIENTS: [&str; 4] = [
    "connector/stale-cache",
    "connector/spec-404",
    "connector/recovering",
    "rmcp",
];

/// What happens to the server in the simulation.
const RESTART: &str = "\
summary: The server is restarted while nobody talks to it.
servers:
  server: {dialect: DIALECT, port: 3001}
path: [nginx]
clients: [connector/recovering]
steps:
  - add: server
  - call: {on: server, tool: create_entities}
  - wait: 10s
  - restart: server
  - wait: 10s
  - call: {on: server, tool: create_entities}
";

/// Asks a server, and returns the exit code.
pub(super) fn probe(options: &ProbeOptions, registry: &Registry) -> u8 {
    let endpoint = match Endpoint::parse(&options.url) {
        Ok(endpoint) => endpoint,
        Err(refused) => return bad(&refused.to_string()),
    };
    let name = match options.write.as_deref().map(|file| name_of(file, registry)) {
        Some(Err(why)) => return bad(&why),
        Some(Ok(name)) => name,
        None => "probed".to_owned(),
    };
    let plan = ProbePlan {
        restart: options.restart.clone(),
        idle_ms: options.idle,
        slow_call: options.slow_call.clone(),
        headers: options.header.clone(),
        patience_ms: options.limit,
        ..ProbePlan::default()
    };
    if let Some(name) = &options.against {
        return against(options, &endpoint, &plan, name, registry);
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} asking {msg} ({elapsed})");
    bar.set_style(style.expect("a fixed template"));
    bar.set_message(options.url.clone());
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let probed = probe::probe(&endpoint, &plan, registry.dialects());
    bar.finish_and_clear();
    let probed = match probed {
        Ok(probed) => probed,
        Err(error) => return bad(&format!("{}: {error}", options.url)),
    };
    let summary = format!(
        "what was learned of a server at {} by asking it",
        endpoint.path
    );
    let learned = probed.nearest.as_ref().map(|nearest| {
        probe::learn(
            &name,
            &summary,
            &probed.interview,
            nearest,
            &plan,
            &endpoint.path,
        )
    });
    let needs = learned
        .as_ref()
        .map(|learned| needs(learned, registry))
        .unwrap_or_default();
    match options.format {
        ProbeFormat::Table => out::text(report::probe_table(
            &options.url,
            &probed,
            learned.as_ref(),
            &needs,
        )),
        ProbeFormat::Junit => out::text(report::probe_junit(&options.url, &probed)),
        ProbeFormat::Json => out::line(report::probe_json(
            &options.url,
            &probed,
            learned.as_ref(),
            &needs,
        )),
    }
    if let (Some(file), Some(learned)) = (&options.write, &learned) {
        let text = dialect::file_of(&learned.dialect, &learned.like);
        if let Err(error) = fs::write(file, text) {
            return bad(&format!("cannot write `{}`: {error}", file.display()));
        }
        anstream::eprintln!(
            "the dialect `{name}` is in {}: name it in a scenario that is run with --dialects {}",
            file.display(),
            file.parent()
                .filter(|p| !p.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
                .display()
        );
    }
    let must = |id: &str| crate::clause::get(id).is_some_and(|clause| clause.level.is_absolute());
    let broken = probed
        .judged
        .iter()
        .any(|j| j.verdict == ClauseVerdict::Broken && must(j.clause));
    if broken { BROKEN } else { 0 }
}

/// Plays random sequences to the server and to a model of that dialect.
fn against(
    options: &ProbeOptions,
    endpoint: &Endpoint,
    plan: &ProbePlan,
    name: &str,
    registry: &Registry,
) -> u8 {
    let Some(dialect) = registry.dialect_of(name) else {
        let known = registry.dialects().iter().filter(|d| d.is_listed());
        let known: Vec<&str> = known.map(|d| d.name.as_str()).collect();
        return bad(&format!(
            "there is no dialect `{name}`; there are {}",
            known.join(", ")
        ));
    };
    let played = match probe::sequences(endpoint, plan, dialect, options.seeds) {
        Ok(played) => played,
        Err(error) => return bad(&format!("{}: {error}", options.url)),
    };
    match options.format {
        ProbeFormat::Table => out::text(report::sequences_table(
            &options.url,
            name,
            options.seeds,
            &played,
        )),
        ProbeFormat::Junit => out::text(report::sequences_junit(&options.url, name, &played)),
        ProbeFormat::Json => out::line(report::sequences_json(
            &options.url,
            name,
            options.seeds,
            &played,
        )),
    }
    let differs = played.whole.same < played.whole.all || !played.broken_off.is_empty();
    if differs { BROKEN } else { 0 }
}

/// The name that a dialect in that file has: the file's, without its ending.
fn name_of(file: &Path, registry: &Registry) -> Result<String, String> {
    let shown = file.display();
    let is_yaml = file.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let name = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|_| is_yaml);
    let Some(name) = name else {
        return Err(format!(
            "`{shown}`: a dialect's file ends in .yaml, and its name is the dialect's"
        ));
    };
    if registry.dialect_of(name).is_some() {
        return Err(format!(
            "`{shown}`: `{name}` is the name of a dialect that is there already; give the file another one"
        ));
    }
    match file.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(directory) if !directory.is_dir() => Err(format!(
            "`{shown}`: there is no directory {}",
            directory.display()
        )),
        _ => Ok(name.to_owned()),
    }
}

/// What clients need after a restart of a server of that dialect, by simulation.
fn needs(learned: &Learned, registry: &Registry) -> Vec<Needs> {
    let text = RESTART.replace("DIALECT", &learned.like.name);
    let scenario = load_text(
        "probe/restart",
        Path::new("restart.yaml"),
        &text,
        &registry.vocabulary(),
    );
    let Ok(mut scenario) = scenario else {
        return Vec::new();
    };
    for server in &mut scenario.servers {
        server.kind = ServerKind::Like {
            dialect: Arc::clone(&learned.dialect),
            like: Arc::clone(&learned.like),
        };
    }
    scenario.clients = CLIENTS.map(str::to_owned).to_vec();
    let cells = Cell::of(&Arc::new(scenario));
    let runner = Runner::new(registry.clone());
    let ran = runner.for_all(&cells, |runner, cell| runner.run(cell));
    let needs = cells.iter().zip(ran);
    needs
        .map(|(cell, ran)| match ran {
            Ok(ran) => Needs::of(&ran.result),
            Err(error) => Needs::failed(&cell.client, error.to_string()),
        })
        .collect()
}
