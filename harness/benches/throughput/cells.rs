//! The scenarios that are timed, and one run of them with its judging.

use std::fmt::Write;
use std::path::Path;

use stalemate::registry::{Registry, Subject};
use stalemate::runner::judge;
use stalemate::scenario::{Scenario, load_text};
use stalemate::sim::{Run, Spec, run};

use crate::measure::{Cost, Done, on_thread};

const CLIENT: &str = "connector/spec-404";

/// A loaded scenario with its client.
pub struct Job {
    scenario: Scenario,
    subject: Subject,
}

impl Job {
    fn new(text: &str, registry: &Registry) -> Self {
        let file = Path::new("bench/it.yaml");
        let scenario = load_text("bench/it", file, text, &registry.vocabulary());
        Self {
            scenario: scenario.unwrap_or_else(|d| panic!("{d}")),
            subject: registry.get(CLIENT).expect("it is registered").clone(),
        }
    }

    /// `calls` calls to one server behind nginx, writing and reading in turn.
    pub fn calls(calls: usize, registry: &Registry) -> Self {
        Self::servers(1, 1, calls, registry)
    }

    /// `servers` servers behind nginx, of which the first `used` are added and get `calls` calls in turn.
    pub fn servers(servers: usize, used: usize, calls: usize, registry: &Registry) -> Self {
        let mut text = "summary: Calls, one after the other.\nservers:\n".to_owned();
        for n in 0..servers {
            let port = 3001 + n;
            let server = format!("  memory{n}: {{dialect: supergateway-4.0.0, port: {port}}}");
            line(&mut text, &server);
        }
        line(&mut text, "path: [nginx]");
        line(&mut text, &format!("clients: [{CLIENT}]\nsteps:"));
        for n in 0..used {
            line(&mut text, &format!("  - add: memory{n}"));
        }
        // A file may not be as long as the longest of these runs, so it has the calls until they repeat themselves.
        let written = calls.min(2 * used);
        for n in 0..written {
            let (on, round) = (n % used, n / used);
            let tool = if round.is_multiple_of(2) {
                "create_entities"
            } else {
                "search_nodes"
            };
            let call = format!("  - call: {{on: memory{on}, tool: {tool}, expect: ok}}");
            line(&mut text, &call);
        }
        let mut job = Self::new(&text, registry);
        let steps = &mut job.scenario.steps;
        let round = steps.split_off(steps.len() - written);
        steps.extend(round.into_iter().cycle().take(calls));
        job
    }

    /// Nobody talks for that long; of the dialects, only gateway 4.0.0 sends a comment each 15 s.
    pub fn waiting(dialect: &str, wait: &str, registry: &Registry) -> Self {
        let text = format!(
            "summary: Nobody talks.\n\
             servers:\n  memory: {{dialect: {dialect}, port: 3001}}\n\
             path: []\n\
             clients: [{CLIENT}]\n\
             steps:\n  - add: memory\n  - wait: {wait}\n  - climb: memory\n"
        );
        Self::new(&text, registry)
    }

    /// One run, judged.
    pub fn once(&self) -> Cost {
        on_thread(|| {
            let run = self.run();
            let result = judge(&self.scenario, &run.record, &run.findings, None);
            assert!(result.rung.is_some(), "{:?}", result.problems);
            Done {
                exchanges: result.exchanges,
                virtual_ms: result.virtual_ms,
            }
        })
    }

    /// One run that nobody judges; how many exchanges it had, the judged one tells.
    pub fn unjudged(&self) -> Cost {
        on_thread(|| Done {
            exchanges: 0,
            virtual_ms: self.run().findings.virtual_ms,
        })
    }

    fn run(&self) -> Run {
        let spec = Spec {
            scenario: &self.scenario,
            client: CLIENT,
            subject: &self.subject,
            seed: 1,
        };
        let run = run(spec).expect("it ends");
        assert!(run.findings.failures.is_empty(), "{:?}", run.findings);
        run
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes everything");
}
