//! What a search found, made small and written as scenario files.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::bad;
use crate::runner::{RunError, Runner};
use crate::search::{Failure, Finding, RUNS, ShrinkError, Small, shrink};

/// How many runs are spent on making one small that never ends.
const STUCK_RUNS: usize = 10;

/// Why there is no file.
enum NoFile {
    /// It could not be made small.
    Shrink(ShrinkError),
    /// It could not be written there.
    Write(PathBuf, io::Error),
}

impl std::fmt::Display for NoFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shrink(error) => error.fmt(f),
            Self::Write(file, error) => write!(f, "failed to write {}: {error}", file.display()),
        }
    }
}

/// Where findings go, and the names that are taken there by this run of the command.
pub(super) struct Folder<'o> {
    path: &'o Path,
    taken: BTreeSet<String>,
    /// Set once the user has interrupted: then findings are written as they are.
    interrupted: &'o AtomicBool,
    code: u8,
}

impl<'o> Folder<'o> {
    pub(super) fn new(path: &'o Path, interrupted: &'o AtomicBool) -> Self {
        Self {
            path,
            taken: BTreeSet::new(),
            interrupted,
            code: 0,
        }
    }

    /// The exit code for what could not be written; 0 if all was.
    pub(super) fn code(&self) -> u8 {
        self.code
    }

    /// Makes a finding small and writes it. Files of earlier runs of the command are replaced, each by a whole one.
    fn add(
        &mut self,
        finding: &Finding,
        origin: &str,
        runner: &Runner,
    ) -> Result<(PathBuf, Small), NoFile> {
        let cell = &finding.origin.cell;
        let goes_on = || !self.interrupted.load(Ordering::Relaxed);
        // Each run of a cell that never ends takes its whole limit of time.
        let is_stuck = finding.failure == Failure::of_run(&RunError::Stuck(0));
        let runs = match goes_on() {
            true if is_stuck => STUCK_RUNS,
            true => RUNS,
            false => 1,
        };
        let small =
            shrink(cell, &finding.failure, runner, runs, &goes_on).map_err(NoFile::Shrink)?;
        let stem = small.example.stem();
        let numbered = (1..).map(|n: usize| match n {
            1 => stem.clone(),
            n => format!("{stem}-{n}"),
        });
        let free = numbered.into_iter().find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(stem);
        let file = self.path.join(format!("{name}.yaml"));
        let written = self.write(&file, &small.example.file(origin));
        written.map_err(|error| NoFile::Write(file.clone(), error))?;
        self.taken.insert(name);
        Ok((file, small))
    }

    fn write(&self, file: &Path, text: &str) -> io::Result<()> {
        fs::create_dir_all(self.path)?;
        let mut whole = tempfile::NamedTempFile::new_in(self.path)?;
        whole.write_all(text.as_bytes())?;
        // As any file that is made: the ones that are made to be thrown away are for their owner alone.
        #[cfg(unix)]
        whole
            .as_file()
            .set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        whole.persist(file)?;
        Ok(())
    }

    /// As [`add`](Self::add); why there is no file is said.
    pub(super) fn add_or_say(
        &mut self,
        finding: &Finding,
        origin: &str,
        runner: &Runner,
    ) -> Option<(PathBuf, Small)> {
        let added = self.add(finding, origin, runner);
        added
            .inspect_err(|why| {
                let code = bad(&format!("{}: {why}", finding.failure.invariant));
                if let NoFile::Write(..) = why {
                    self.code = code;
                }
            })
            .ok()
    }
}

/// The line below a finding: its file, how large that is, and what it took.
pub(super) fn line(file: &Path, small: &Small) -> String {
    let scenario = &small.example.scenario;
    format!(
        "      {}: {} steps, {} injections, after {} runs{}",
        file.display(),
        scenario.steps.len(),
        scenario.inject.len(),
        small.runs,
        if small.is_cut_short {
            "; more might make it smaller"
        } else {
            ""
        }
    )
}
