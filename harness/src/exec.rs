//! Running cells: models on a fresh thread each, real SDKs in a child process each, because those draw from what a
//! process shares. Every run has a limit in wall-clock time. Judging is `cell`'s business.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cell::{self, CellResult};
use crate::journal::Record;
use crate::process::recorder::Difference;
use crate::registry::{Registry, Subject};
use crate::scenario::{Scenario, ServerKind, load};
use crate::sim::{self, Findings, Options, Run, Spec};

/// The environment variable by which a child process learns which cell it is to run.
const CHILD: &str = "STALEMATE_CELL";
/// Different in every child, so that what depends on the environment shows itself as a difference.
const SALT: &str = "STALEMATE_SALT";
/// The longest that one run may take; above the world's own limit, which ends a run that still steps.
const LIMIT: Duration = Duration::from_secs(180);

static CHILDREN: AtomicU64 = AtomicU64::new(0);

/// What a child is told.
#[derive(Serialize, Deserialize)]
struct Ask {
    file: PathBuf,
    name: String,
    client: String,
    seed: u64,
}

/// Runs a cell once.
///
/// # Errors
/// A sentence for a person: a bug in the harness, or a client that never comes to rest.
pub fn run_once(
    scenario: &Arc<Scenario>,
    client: &str,
    subject: &Subject,
    seed: u64,
) -> Result<Run, String> {
    run(scenario, client, subject, seed, None)
}

fn run(
    scenario: &Arc<Scenario>,
    client: &str,
    subject: &Subject,
    seed: u64,
    against: Option<&Arc<Record>>,
) -> Result<Run, String> {
    let real_server = scenario
        .servers
        .iter()
        .any(|s| matches!(s.kind, ServerKind::Real(_)));
    if real_server || subject.factory().needs_own_process() {
        let mut run = in_child(scenario, client, seed)?;
        run.difference = against.and_then(|first| difference(first, &run.record));
        return Ok(run);
    }
    let (scenario, subject, client) = (Arc::clone(scenario), subject.clone(), client.to_owned());
    let options = Options {
        against: against.cloned(),
        ..Options::default()
    };
    on_thread(move || {
        let spec = Spec {
            scenario: &scenario,
            client: &client,
            subject: &subject,
            seed,
        };
        sim::run_with(spec, &options)
    })
}

fn difference(first: &Record, second: &Record) -> Option<Difference> {
    let most = first.entries.len().max(second.entries.len());
    let at = (0..most).find(|n| first.entries.get(*n) != second.entries.get(*n))?;
    Some(Difference {
        at,
        first: first.entries.get(at).cloned(),
        second: second.entries.get(at).cloned(),
    })
}

/// Runs a cell twice and judges it.
///
/// # Errors
/// As [`run_once`].
pub fn run_cell(
    scenario: &Arc<Scenario>,
    client: &str,
    subject: &Subject,
    seed: u64,
) -> Result<(CellResult, Arc<Record>, Findings), String> {
    let Run {
        record, findings, ..
    } = run_once(scenario, client, subject, seed)?;
    let record = Arc::new(record);
    let again = run(scenario, client, subject, seed, Some(&record))?;
    let result = cell::judge(scenario, &record, &findings, again.difference.as_ref());
    Ok((result, record, findings))
}

/// A fresh thread, because hash seeds and other thread-locals outlive a run.
fn on_thread(run: impl FnOnce() -> Result<Run, String> + Send + 'static) -> Result<Run, String> {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::Builder::new()
        .name("world".to_owned())
        .spawn(move || {
            let _ = sender.send(run());
        })
        .map_err(|error| format!("failed to start a thread: {error}"))?;
    match receiver.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(format!(
            "the run did not end within {} s: something in it never yields",
            LIMIT.as_secs()
        )),
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => Err(format!("the run panicked: {}", sim::panic_text(&*panic))),
            Ok(()) => Err("the run ended without a result".to_owned()),
        },
    }
}

fn in_child(scenario: &Scenario, client: &str, seed: u64) -> Result<Run, String> {
    let ask = Ask {
        file: scenario.file.clone(),
        name: scenario.name.clone(),
        client: client.to_owned(),
        seed,
    };
    let program =
        std::env::current_exe().map_err(|error| format!("failed to find this program: {error}"))?;
    let mut child = Command::new(program)
        .env(CHILD, serde_json::to_string(&ask).expect("plain data"))
        .env(SALT, CHILDREN.fetch_add(1, Ordering::Relaxed).to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("failed to start a child process: {error}"))?;
    let (mut out, mut err) = (
        child.stdout.take().expect("piped"),
        child.stderr.take().expect("piped"),
    );
    let out = thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).map(|_| text)
    });
    let err = thread::spawn(move || {
        let mut text = String::new();
        let _ = err.read_to_string(&mut text);
        text
    });
    let began = Instant::now();
    let status = loop {
        match child
            .try_wait()
            .map_err(|error| format!("failed to wait for the child process: {error}"))?
        {
            Some(status) => break status,
            None if began.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "the run did not end within {} s and was killed",
                    LIMIT.as_secs()
                ));
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    let text = out
        .join()
        .expect("reading does not panic")
        .map_err(|error| format!("failed to read the child: {error}"))?;
    let err = err.join().expect("reading does not panic");
    if !status.success() {
        return Err(format!(
            "the child process failed ({status}): {}",
            err.trim()
        ));
    }
    let wrong = |error: &dyn std::fmt::Display| {
        format!(
            "the child process did not answer as it should: {error}; {}",
            err.trim()
        )
    };
    let mut lines = text.splitn(2, |b| *b == b'\n');
    let (first, rest) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let findings = serde_json::from_slice::<Result<Findings, String>>(first)
        .map_err(|error| wrong(&error))??;
    let record = Record::read(rest).map_err(|error| wrong(&error))?;
    Ok(Run {
        record,
        difference: None,
        findings,
    })
}

/// If this process was started to run one cell, runs it, prints the run, and exits. Call it first thing in `main`.
pub fn serve_if_child(registry: &Registry) {
    let Ok(ask) = std::env::var(CHILD) else {
        return;
    };
    let run = serde_json::from_str::<Ask>(&ask)
        .map_err(|error| format!("{CHILD} is not for people to set: {error}"))
        .and_then(|ask| {
            let mut scenario = load(&ask.file, &registry.vocabulary())
                .map_err(|diagnostics| diagnostics.to_string())?;
            scenario.name = ask.name;
            let subject = registry.get(&ask.client).ok_or("no such client")?.clone();
            on_thread(move || {
                sim::run(Spec {
                    scenario: &scenario,
                    client: &ask.client,
                    subject: &subject,
                    seed: ask.seed,
                })
            })
        });
    let (findings, record) = match run {
        Ok(run) => (Ok(run.findings), Some(run.record)),
        Err(error) => (Err(error), None),
    };
    let mut text = serde_json::to_vec(&findings).expect("findings are plain data");
    text.push(b'\n');
    if let Some(record) = record {
        text.extend(record.to_json_lines().into_bytes());
    }
    let written = std::io::stdout()
        .write_all(&text)
        .and_then(|()| std::io::stdout().flush());
    std::process::exit(i32::from(written.is_err()));
}
