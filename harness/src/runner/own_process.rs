//! A run in a process of its own: this same program, told which cell to run over its standard input, the scenario's text
//! included. Real SDKs draw from what a process shares, and each of their runs has a process that nobody used before.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stalemate_clients::Program;
use wait_timeout::ChildExt;

use crate::journal::Record;
use crate::process::recorder::Parting;
use crate::registry::Registry;
use crate::runner::{Cell, Limits, RunError, on_thread};
use crate::scenario::{self, Scenario, load_text};
use crate::sim::{self, Run, RunNotes};

/// The environment variable by which a child process learns that it is one. Its value is different in every child, so
/// that what depends on the environment shows itself as a difference.
const CHILD: &str = "STALEMATE_CELL";

static CHILDREN: AtomicU64 = AtomicU64::new(0);

/// What a child is told, as the first line; behind it stands the scenario as a text.
#[derive(Serialize, Deserialize)]
struct Ask {
    name: String,
    file: PathBuf,
    client: String,
    seed: u64,
    /// The lines of the steps and of the injections in the file that the scenario came from.
    lines: (Vec<u64>, Vec<u64>),
    /// The directories whose dialects the scenario can name.
    dialects: Vec<PathBuf>,
    /// The client, where it is a program of its own.
    program: Option<Program>,
    /// The hash of the run that this one is compared with.
    like: Option<String>,
}

/// What a child answers, as the first line; behind it stands the record, unless it is the one that was expected.
#[derive(Serialize, Deserialize)]
struct Answer {
    findings: RunNotes,
    same: bool,
}

/// Runs a cell in a child process, for at most that long.
pub(super) fn run(
    cell: &Cell,
    dialects: &[PathBuf],
    program: Option<&Program>,
    first: Option<&Arc<Record>>,
    limit: Duration,
) -> Result<Run, RunError> {
    let scenario = &*cell.scenario;
    let ask = Ask {
        name: scenario.name.clone(),
        file: scenario.file.clone(),
        client: cell.client.clone(),
        seed: cell.seed,
        lines: (
            scenario.steps.iter().map(|s| s.line).collect(),
            scenario.inject.iter().map(|i| i.line).collect(),
        ),
        dialects: dialects.to_owned(),
        program: program.cloned(),
        like: first.map(|record| record.hash()),
    };
    let ask = serde_json::to_string(&ask).expect("plain data");
    let (out, err) = talk(format!("{ask}\n{}", scenario::write(scenario)), limit)?;
    let said = String::from_utf8_lossy(&err).trim().to_owned();
    let wrong = |why: String| RunError::Answer {
        why,
        said: said.clone(),
    };
    let (head, rest) = out
        .iter()
        .position(|b| *b == b'\n')
        .map_or((&out[..], &[][..]), |at| (&out[..at], &out[at + 1..]));
    let answer: Result<Answer, RunError> =
        serde_json::from_slice(head).map_err(|e| wrong(e.to_string()))?;
    let answer = answer?;
    let record = match first.filter(|_| answer.same) {
        Some(first) => Record {
            cast: Arc::clone(&first.cast),
            entries: Vec::new(),
        },
        None => Record::read(rest).map_err(|e| wrong(e.to_string()))?,
    };
    let difference = match first.filter(|_| !answer.same) {
        Some(first) => Parting::between(first, &record),
        None => None,
    };
    Ok(Run {
        record,
        difference,
        findings: answer.findings,
    })
}

/// Starts a child, tells it something, and returns what it said on both its outputs once it has ended well.
fn talk(told: String, limit: Duration) -> Result<(Vec<u8>, Vec<u8>), RunError> {
    let machine =
        |what: &str, error: io::Error| RunError::Machine(format!("failed to {what}: {error}"));
    let program = std::env::current_exe().map_err(|e| machine("find this program", e))?;
    let salt = CHILDREN.fetch_add(1, Ordering::Relaxed);
    let mut command = Command::new(program);
    // A terminal's Ctrl-C goes to its whole process group. A run that it cut off would look like one that failed.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .env(CHILD, salt.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| machine("start a process", e))?;
    let mut stdin = child.stdin.take().expect("piped");
    // A child that ends before it has read everything says why on its other outputs.
    let telling = thread::spawn(move || drop(stdin.write_all(told.as_bytes())));
    let out = reading(child.stdout.take().expect("piped"));
    let err = reading(child.stderr.take().expect("piped"));
    let status = wait(&mut child, limit)?;
    let _ = telling.join();
    let read = |reader: thread::JoinHandle<io::Result<Vec<u8>>>| {
        let read = reader.join().expect("reading does not panic");
        read.map_err(|e| machine("read from a process", e))
    };
    let (out, err) = (read(out)?, read(err)?);
    if status.success() {
        return Ok((out, err));
    }
    Err(RunError::Child {
        status: status.to_string(),
        said: String::from_utf8_lossy(&err).trim().to_owned(),
    })
}

fn reading(mut from: impl Read + Send + 'static) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut read = Vec::new();
        from.read_to_end(&mut read).map(|_| read)
    })
}

/// Waits for a child, and ends it when its time is over.
fn wait(child: &mut Child, limit: Duration) -> Result<std::process::ExitStatus, RunError> {
    let waited = child.wait_timeout(limit);
    if let Ok(Some(status)) = waited {
        return Ok(status);
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(match waited {
        Err(error) => RunError::Machine(format!("failed to wait for a process: {error}")),
        Ok(_) => RunError::Stuck(limit.as_secs()),
    })
}

/// If this process was started to run one cell, runs it, answers, and exits. Call it first thing in `main`.
pub fn serve_if_child(registry: &Registry) {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    sim::os::end_with_parent();
    let mut told = String::new();
    let answer = io::stdin()
        .read_to_string(&mut told)
        .map_err(|error| RunError::Machine(format!("failed to read what to run: {error}")))
        .and_then(|_| serve(&told, registry));
    let (head, record) = match answer {
        Ok((answer, record)) => (Ok(answer), record),
        Err(error) => (Err(error), None),
    };
    let mut text = serde_json::to_vec(&head).expect("plain data");
    text.push(b'\n');
    if let Some(record) = record {
        text.extend(record.to_json_lines().into_bytes());
    }
    let mut out = io::stdout();
    let written = out.write_all(&text).and_then(|()| out.flush());
    std::process::exit(i32::from(written.is_err()));
}

fn serve(told: &str, registry: &Registry) -> Result<(Answer, Option<Record>), RunError> {
    let for_nobody =
        |why: String| RunError::Machine(format!("{CHILD} is not for people to set: {why}"));
    let (ask, text) = told.split_once('\n').unwrap_or((told, ""));
    let ask: Ask = serde_json::from_str(ask).map_err(|e| for_nobody(e.to_string()))?;
    let mut registry = registry.clone();
    for directory in &ask.dialects {
        registry = registry
            .dialects_in(directory)
            .map_err(|diagnostics| for_nobody(diagnostics.to_string()))?;
    }
    if let Some(program) = ask.program {
        registry = registry.program(&ask.client, "", program);
    }
    let scenario = load_text(&ask.name, &ask.file, text, &registry.vocabulary())
        .map_err(|diagnostics| for_nobody(diagnostics.to_string()))?;
    let cell = Cell {
        scenario: Arc::new(with_lines(scenario, &ask.lines)),
        client: ask.client,
        seed: ask.seed,
    };
    let subject = registry.subject(&cell.scenario, &cell.client);
    let subject = subject.ok_or_else(|| RunError::NoClient(cell.client.clone()))?;
    let run = on_thread(&cell, &subject, None, Limits::default().run)?;
    let same = ask.like.is_some_and(|like| like == run.record.hash());
    let answer = Answer {
        findings: run.findings,
        same,
    };
    Ok((answer, (!same).then_some(run.record)))
}

/// The scenario with the lines that its steps and injections have where it came from.
fn with_lines(mut scenario: Scenario, lines: &(Vec<u64>, Vec<u64>)) -> Scenario {
    let steps = scenario.steps.iter_mut().zip(&lines.0);
    steps.for_each(|(step, line)| step.line = *line);
    let injections = scenario.inject.iter_mut().zip(&lines.1);
    injections.for_each(|(injection, line)| injection.line = *line);
    scenario
}
