//! What a search found, made small and written as scenario files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::bad;
use crate::runner::Runner;
use crate::search::{Finding, RUNS, ShrinkError, Small, shrink};

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
}

impl<'o> Folder<'o> {
    pub(super) fn new(path: &'o Path) -> Self {
        Self {
            path,
            taken: BTreeSet::new(),
        }
    }

    /// Makes a finding small and writes it. Files of earlier runs of the command are replaced.
    fn add(
        &mut self,
        finding: &Finding,
        origin: &str,
        runner: &Runner,
    ) -> Result<(PathBuf, Small), NoFile> {
        let cell = &finding.origin.cell;
        let small = shrink(cell, &finding.failure, runner, RUNS, &|| {}).map_err(NoFile::Shrink)?;
        let stem = small.example.stem();
        let numbered = (1..).map(|n: usize| match n {
            1 => stem.clone(),
            n => format!("{stem}-{n}"),
        });
        let free = numbered.into_iter().find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(stem);
        let file = self.path.join(format!("{name}.yaml"));
        let written = fs::create_dir_all(self.path)
            .and_then(|()| fs::write(&file, small.example.file(origin)));
        written.map_err(|error| NoFile::Write(file.clone(), error))?;
        self.taken.insert(name);
        Ok((file, small))
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
                bad(&format!("{}: {why}", finding.failure.invariant));
            })
            .ok()
    }
}

/// The line below a finding: its file, how large that is, and what it took.
pub(super) fn line(file: &Path, small: &Small) -> String {
    let scenario = &small.example.scenario;
    format!(
        "      {}: {} steps, {} injections, after {} runs",
        file.display(),
        scenario.steps.len(),
        scenario.inject.len(),
        small.runs
    )
}
