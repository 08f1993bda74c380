//! The arguments of the commands that search: `sweep`, `explore` and `merge`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::format::Format;
use crate::cli::values;

pub(super) const SWEEP_HELP: &str = "\
A first run without faults finds the points at which a fault can happen: every message at every process, every \
effect, every session and every action of the user. Then each kind of fault is run at each point, one at a time, \
and with --pairs a second one after it. Each violation is listed once, with the simplest run that shows it. That \
run is shrunk, and written as a scenario that `stalemate run` takes.

With --results what comes of each run is written at once; --resume continues from there, as long as the scenario, \
the client and the dialects are the same. Ctrl-C ends it after the runs in progress, and prints what was found by \
then; a second Ctrl-C ends it at once.

Exit codes: 0 nothing but what the scenario lists was violated; 1 something else was; 2 bad usage, a bad scenario, \
or the results could not be written; 101 a run could not be finished; 130 interrupted.";

pub(super) const EXPLORE_HELP: &str = "\
Each seed generates a world: a server's dialect, the hops in front of it, the kinds of faults that are possible, \
and the faults themselves. Faults come first, then a calm phase in which the client must recover. Each violation \
on the client's side is listed once, with the simplest seed that shows it. That run is shrunk, and written as a \
scenario that `stalemate run` takes. The same seed is always the same world, as long as the dialects do not \
change.

With --results each failure is written at once, and each block of 256 seeds when it is done; --resume continues \
from there. Ctrl-C ends it after the runs in progress; a second Ctrl-C ends it at once.

  stalemate explore --client rmcp --seeds 0..2000
  stalemate explore --client connector/recovering --time 10m --results results.jsonl --resume

Exit codes: 0 nothing was violated; 1 something was; 2 bad usage, or the results could not be written; 101 a run \
could not be finished; 130 interrupted.";

pub(super) const MERGE_HELP: &str = "\
Takes the files that `explore --results` wrote, in any order. Lists each failure once, and the seeds that are \
missing.

Exit codes: 0 nothing failed; 1 something failed; 2 a file has no results in it; 5 seeds are missing.";

/// How a search makes its many runs, and what it keeps.
#[derive(Debug, ClapArgs)]
pub(super) struct ManyRuns {
    /// Start no more runs after this time, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(super) time: Option<Duration>,
    /// A file to which results are added as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(super) results: Option<PathBuf>,
    /// Skip what is done in the results file
    #[arg(long, requires = "results")]
    pub(super) resume: bool,
    /// The directory for the scenarios that are found
    #[arg(long, value_name = "DIR", default_value = "findings")]
    pub(super) out: PathBuf,
    /// Do not shrink what is found, and write no scenarios
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// How many runs there are at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
}

impl ManyRuns {
    /// The results to go on from. Without a file nothing is done yet: the same command begins and goes on.
    pub(super) fn done(&self) -> Option<&Path> {
        let file = self.results.as_deref().filter(|_| self.resume)?;
        // What cannot be looked up is said when it is opened.
        file.try_exists().unwrap_or(true).then_some(file)
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct SweepOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    /// Run only this client, as for `run`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// Run only this client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// The seed [default: the scenario's first]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Also run pairs of faults, at most N of them [default N: 2000]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "2000")]
    pub(super) pairs: Option<usize>,
    #[command(flatten)]
    pub(super) many: ManyRuns,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(
    override_usage = "stalemate explore --client <NAME> [OPTIONS]\n       stalemate explore --client-command <COMMAND> [OPTIONS]"
)]
pub(super) struct ExploreOptions {
    /// The client, as for `run`; may be given several times
    #[arg(long, value_name = "NAME", required_unless_present = "client_command")]
    pub(super) client: Vec<String>,
    /// The client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// The range of seeds, without its end
    #[arg(long, value_name = "A..B", default_value = "0..1000", value_parser = values::range)]
    pub(super) seeds: Range<u64>,
    /// Start the range of seeds at a number derived from this text, so that each commit gets seeds of its own, and the
    /// same ones when it is tried again
    #[arg(long, value_name = "HASH")]
    pub(super) commit: Option<String>,
    /// Run only this part of the seeds, e.g. 2/8
    #[arg(long, value_name = "K/N", value_parser = values::part)]
    pub(super) shard: Option<(u64, u64)>,
    /// Use only servers of this dialect; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) dialect: Vec<String>,
    /// Also report what servers and hops violate
    #[arg(long)]
    pub(super) servers: bool,
    #[command(flatten)]
    pub(super) many: ManyRuns,
    /// A directory of dialect files; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct MergeOptions {
    /// Files that `explore --results` wrote
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
}
