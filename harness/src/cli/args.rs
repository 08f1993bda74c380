//! The arguments. Their help texts teach the command; nothing is decided here.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::cli::author::{
    CompletionsOptions, DIFF_HELP, DiffOptions, ManOptions, NEW_HELP, NewOptions,
};
pub(super) use crate::cli::format::{Format, TraceFormat};
use crate::cli::outside::{DIAGNOSE_HELP, DiagnoseOptions, PROBE_HELP, ProbeOptions};
use crate::cli::serving::{SERVE_HELP, ServeOptions};
use crate::cli::values;

const EXIT_CODES: &str = "\
Exit codes: 0 all promises kept; 1 a promise broken; 2 bad usage or bad scenario; 3 no progress;
4 not deterministic; 5 vacuous; 101 a bug in the harness. Where several apply: 101, 4, 2, 1, 3, 5.";

const INSTALL_HELP: &str = "\
They are installed from their lock files by npm, pip or cargo, into the user's cache, or where the environment variable
STALEMATE_CLIENTS_DIR says; `list` shows where. Node, Python and Rust themselves must be there.";

const SWEEP_HELP: &str = "\
One run without faults gives the points: every message at every process, every effect, every session, every action of the
user. Then each fate runs at each point, one at a time; with --pairs a second one after it. What is violated stands in the
list once, with the simplest run that shows it, made small and written as a scenario that `run` takes.

Exit codes: 0 nothing but what the scenario lists; 1 something else was violated; 2 bad usage or bad scenario;
101 a bug in the harness.";

const EXPLORE_HELP: &str = "\
A seed draws a world: a server's dialect, the way to it, what can happen at all, and what does. Faults come first, then calm,
in which the client must get on. What its side violates stands in the list once, with the simplest seed that shows it, made
small and written as a scenario that `run` takes. The same seed is the same world for ever, as long as the dialects are.

With --results each failure is written at once and each block of seeds when it is done; --resume goes on from there.
An interrupt ends it after the runs that are under way; a second one ends it at once.

Exit codes: 0 nothing is violated; 1 something is; 2 bad usage, or results that cannot be written; 101 a bug in the harness;
130 interrupted.";

const MERGE_HELP: &str = "\
Takes the files that `explore --results` wrote, in any order. Says what failed, each once, and which seeds are missing.

Exit codes: 0 nothing failed; 1 something did; 2 a file that is none; 5 seeds are missing.";

const SHRINK_HELP: &str = "\
A scenario fails when something is violated that it does not list; where it lists everything, what it lists is kept.
Smaller means fewer steps, faults, hops and servers, simpler fates, shorter times, a plainer dialect. The failure stays the
same: the same invariant, violated by the same party for the same cause. The result promises what it shows.

Exit codes: 0 made small; 2 bad usage or bad scenario; 3 nothing is violated.";

/// When an MCP session dies, what must the user do before it works again?
///
/// Runs scenarios of dying sessions against MCP clients in a simulated network, and judges what every party did.
#[derive(Debug, Parser)]
#[command(name = "stalemate", version, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios and print a verdict table
    #[command(after_help = EXIT_CODES)]
    Run(RunOptions),
    /// Show what happened in one scenario, event by event
    Trace(TraceOptions),
    /// Show where two records part, or two clients in one scenario
    #[command(after_help = DIFF_HELP)]
    Diff(DiffOptions),
    /// Write a new scenario that runs
    #[command(after_help = NEW_HELP)]
    New(NewOptions),
    /// Run a scenario with every fault at every point, and make small what is found
    #[command(after_help = SWEEP_HELP)]
    Sweep(SweepOptions),
    /// Run random worlds by their seeds, and make small what is found
    #[command(after_help = EXPLORE_HELP)]
    Explore(ExploreOptions),
    /// Put the results of several explorations together
    #[command(after_help = MERGE_HELP)]
    Merge(MergeOptions),
    /// Make a failing scenario as small as it goes
    #[command(after_help = SHRINK_HELP)]
    Shrink(ShrinkOptions),
    /// Install clients of other languages
    #[command(after_help = INSTALL_HELP)]
    Install(InstallOptions),
    /// List scenarios, clients and servers
    List(ListOptions),
    /// Explain an invariant, a clause, a dialect, a failure mode, a rung, a client, or a word of scenario files
    Explain(ExplainOptions),
    /// Print the JSON Schema of scenario files, for editors, or of results
    Schema(SchemaOptions),
    /// Ask a real server on this machine what it does when sessions die
    #[command(after_help = PROBE_HELP)]
    Probe(ProbeOptions),
    /// Play a scenario with an application that nobody can script
    #[command(after_help = SERVE_HELP)]
    Serve(ServeOptions),
    /// Find out from a log which layer is wrong: server, client, load balancing or proxy
    #[command(after_help = DIAGNOSE_HELP)]
    Diagnose(DiagnoseOptions),
    /// Print the completions for a shell
    Completions(CompletionsOptions),
    /// Print the manual page, or write those of all commands
    Man(ManOptions),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResultsFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// A matrix for a page: what each scenario takes of each client, and which versions they are
    Markdown,
    /// JUnit XML for CI: a suite a scenario, a test a client
    Junit,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunOptions {
    /// Scenario files, or directories of them
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Only this client; may be given several times. One that no scenario lists takes part in all of them. Also a version of
    /// one that `install` installs, as `typescript-sdk-1@1.20.2`, or a folder with a `client.yaml`
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// Only this client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// This seed in place of the scenarios' own
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = ResultsFormat::Table)]
    pub(super) format: ResultsFormat,
    /// How many cells run at once; as many as there are cores unless given
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// Name the known violations of each cell, and the hash of its record
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Stay, and run a scenario again whenever its file is saved
    #[arg(long)]
    pub(super) watch: bool,
    /// Print the hops' access logs too, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
    /// Write a page too, with the matrix, and a diagram and the record behind each cell: one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Say too what was put to the test, clause by clause
    #[arg(long)]
    pub(super) coverage: bool,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

impl RunOptions {
    /// Whether only some clients are wanted.
    pub(super) fn names_clients(&self) -> bool {
        !self.client.is_empty() || !self.client_command.is_empty()
    }
}

/// Which cell of a scenario is meant.
#[derive(Debug, ClapArgs)]
pub(super) struct OneCell {
    /// The client, as for `run`; the scenario's first unless given
    #[arg(long, value_name = "NAME", conflicts_with = "client_command")]
    pub(super) client: Option<String>,
    /// The client: a command that starts a driver, e.g. 'node mine.mjs'
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Option<String>,
    /// The seed; the scenario's first unless given
    #[arg(long)]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct TraceOptions {
    /// The scenario file; or a record that `trace --format json` wrote, by its ending `.jsonl`: it is judged and drawn
    /// as it stands, with nothing promised
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    #[command(flatten)]
    pub(super) which: OneCell,
    /// How to show it
    #[arg(long, value_enum, default_value_t = TraceFormat::Table)]
    pub(super) format: TraceFormat,
    /// Show what every process on the way sends and receives
    #[arg(long)]
    pub(super) full: bool,
    /// Show only what is about the violation of that invariant, e.g. `cli-no-stale-id`
    #[arg(long, value_name = "ID", conflicts_with = "full")]
    pub(super) at: Option<String>,
    /// Print it all at once; otherwise a terminal gets it by $PAGER, or `less`
    #[arg(long)]
    pub(super) no_pager: bool,
    /// Print the hops' access logs too, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SweepOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    /// Only this client, as for `run`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// Only this client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// The seed; the scenario's first unless given
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Pairs of faults too, so many of them at the most
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "2000")]
    pub(super) pairs: Option<usize>,
    /// Where the small scenarios are written
    #[arg(long, value_name = "DIR", default_value = "findings")]
    pub(super) out: PathBuf,
    /// Make nothing small and write no scenario
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// How many runs there are at once; as many as there are cores unless given
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[group(id = "who", required = true, multiple = true, args = ["client", "client_command"])]
pub(super) struct ExploreOptions {
    /// The client, as for `run`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// The client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// The seeds, from the first to before the last
    #[arg(long, value_name = "A..B", default_value = "0..1000", value_parser = values::range)]
    pub(super) seeds: Range<u64>,
    /// Seeds that this text decides, so that each commit is tried with others and can be tried again: the range counts
    /// from there
    #[arg(long, value_name = "HASH")]
    pub(super) commit: Option<String>,
    /// Begin nothing more after that time, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(super) time: Option<Duration>,
    /// Only that part of the seeds, e.g. 2/8
    #[arg(long, value_name = "K/N", value_parser = values::part)]
    pub(super) shard: Option<(u64, u64)>,
    /// Only servers of this dialect; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) dialect: Vec<String>,
    /// What servers and hops violate counts too
    #[arg(long)]
    pub(super) servers: bool,
    /// A file to which results are added as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(super) results: Option<PathBuf>,
    /// Leave out the seeds that are done in that file
    #[arg(long, requires = "results")]
    pub(super) resume: bool,
    /// Where the small scenarios are written
    #[arg(long, value_name = "DIR", default_value = "findings")]
    pub(super) out: PathBuf,
    /// Make nothing small and write no scenario
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// How many runs there are at once; as many as there are cores unless given
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
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

#[derive(Debug, ClapArgs)]
pub(super) struct ShrinkOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO", required_unless_present = "explored")]
    pub(super) path: Option<PathBuf>,
    /// The world that `explore` draws from that seed, in place of a file
    #[arg(long, value_name = "SEED", conflicts_with_all = ["path", "seed"])]
    pub(super) explored: Option<u64>,
    /// Of such a world: only servers of this dialect, as for `explore`; may be given several times
    #[arg(long, value_name = "NAME", requires = "explored")]
    pub(super) dialect: Vec<String>,
    #[command(flatten)]
    pub(super) which: OneCell,
    /// The invariant whose violation is kept; the first that is violated unless given
    #[arg(long, value_name = "ID")]
    pub(super) invariant: Option<String>,
    /// How many runs it may cost
    #[arg(long, value_name = "N", default_value_t = crate::search::RUNS)]
    pub(super) runs: usize,
    /// The file to write; standard output unless given
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InstallOptions {
    /// Which, as `list` names them, also at a version: `typescript-sdk-1@1.20.2`; all of them unless given
    #[arg(value_name = "NAME[@VERSION]")]
    pub(super) clients: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListOptions {
    /// Scenario files, or directories of them; without one, those below `scenarios`, if that is there
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainOptions {
    /// What to explain, e.g. `cli-no-stale-id`, `SES-08`, `supergateway-3.4.3`, `F3`, `reconnect`; without it, all topics
    #[arg(value_name = "ID")]
    pub(super) topic: Option<String>,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SchemaOptions {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaOf::Scenario)]
    pub(super) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// Of scenario files
    Scenario,
    /// Of what `run --format json` prints
    Results,
}
