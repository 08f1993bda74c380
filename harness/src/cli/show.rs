//! `stalemate trace`, `list`, `explain` and `schema`: the commands that show something.

use std::slice;

use serde_json::json;

use crate::cli::args::{ExplainOptions, Format, ListOptions, TraceOptions};
use crate::cli::run::{load_all, unknown_client};
use crate::cli::{BAD_INPUT, HARNESS_BUG, bad};
use crate::exec;
use crate::registry::Registry;
use crate::report::{self, Detail};
use crate::scenario;

/// Runs one cell and draws it. The exit code is the cell's.
pub(super) fn trace(options: &TraceOptions, registry: &Registry) -> u8 {
    let scenarios = match load_all(slice::from_ref(&options.path), registry) {
        Ok((scenarios, false)) => scenarios,
        Ok((_, true)) => return BAD_INPUT,
        Err(code) => return code,
    };
    let [scenario] = scenarios.as_slice() else {
        return bad(&format!(
            "`{}` holds several scenarios; name one file",
            options.path.display()
        ));
    };
    let client = options.client.as_ref().unwrap_or(&scenario.clients[0]);
    let Some(subject) = registry.get(client) else {
        return bad(&unknown_client(client, registry));
    };
    let seed = options.seed.unwrap_or(scenario.seeds[0]);
    let (result, record, findings) = match exec::run_cell(scenario, client, subject, seed) {
        Ok(finished) => finished,
        Err(error) => {
            bad(&format!("{} with {client}: {error}", scenario.name));
            return HARNESS_BUG;
        }
    };
    match options.format {
        Format::Json => print!("{}", record.to_json_lines()),
        Format::Table => {
            let detail = if options.full {
                Detail::Full
            } else {
                Detail::Short
            };
            print!("{}", report::trace(&result, &record, detail));
            println!("journal   {}", result.journal_hash);
        }
    }
    if options.access_log {
        println!("\naccess log");
        findings
            .access_log
            .iter()
            .for_each(|(_, line)| println!("{line}"));
    }
    result.outcome.exit_code()
}

/// Lists what there is.
pub(super) fn list(options: &ListOptions, registry: &Registry) -> u8 {
    let (scenarios, any_bad) = match load_all(&options.paths, registry) {
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
                .map(|(name, summary)| json!({"name": name, "summary": summary}))
                .collect();
            let all = json!({
                "scenarios": scenarios, "clients": clients, "dialects": dialects, "real_servers": registry.real_servers(),
            });
            println!(
                "{}",
                serde_json::to_string_pretty(&all).expect("plain data")
            );
        }
        Format::Table => {
            println!("Scenarios");
            for scenario in &scenarios {
                println!(
                    "  {}\n      {}\n      {}",
                    scenario.name,
                    scenario.summary,
                    scenario.clients.join(", ")
                );
            }
            println!("\nClients");
            registry
                .iter()
                .for_each(|(name, summary)| println!("  {name:<36} {summary}"));
            println!("\nDialects of the model server: {}", dialects.join(", "));
            println!("Real servers: {}", registry.real_servers().join(", "));
        }
    }
    if any_bad { BAD_INPUT } else { 0 }
}

/// Explains a topic, or lists them all.
pub(super) fn explain(options: &ExplainOptions, registry: &Registry) -> u8 {
    let clients: Vec<(String, String)> = registry
        .iter()
        .map(|(name, summary)| (name.to_owned(), summary.to_owned()))
        .collect();
    let Some(topic) = &options.topic else {
        let mut last = "";
        for (kind, name, line) in report::topics(&clients, registry.dialects()) {
            if kind != last {
                println!("{}{kind}", if last.is_empty() { "" } else { "\n" });
                last = kind;
            }
            println!("  {name:<36} {line}");
        }
        return 0;
    };
    match report::explain(topic, &clients, registry.dialects()) {
        Ok(text) => {
            print!("{text}");
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

/// Prints the schema of scenario files.
pub(super) fn schema() -> u8 {
    println!(
        "{}",
        serde_json::to_string_pretty(&scenario::schema()).expect("plain data")
    );
    0
}
