//! The arguments. Their help texts teach the command; nothing is decided here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::cli::author::{
    CompletionsOptions, DIFF_HELP, DiffOptions, ManOptions, NEW_HELP, NewOptions,
};
pub(super) use crate::cli::format::{Format, TraceFormat};
use crate::cli::outside::{DIAGNOSE_HELP, DiagnoseOptions, PROBE_HELP, ProbeOptions};
use crate::cli::searching::{
    EXPLORE_HELP, ExploreOptions, MERGE_HELP, MergeOptions, SWEEP_HELP, SweepOptions,
};
use crate::cli::serving::{SERVE_HELP, ServeOptions};

const EXIT_CODES: &str = "\
Exit codes: 0 all promises kept; 1 a promise broken; 2 bad usage or bad scenario; 3 no progress, no client can \
work there; 4 not deterministic; 5 vacuous, what the scenario is about never happened; 101 a run could not be \
finished: a client's program failed, or there is a bug in the harness. Where several apply, the first of 101, 4, \
2, 1, 3, 5. `stalemate explain vacuous` explains an outcome.";

const INSTALL_HELP: &str = "\
Clients are installed from their lock files by npm, pip or cargo, into the user's cache directory, or into the \
directory in the environment variable STALEMATE_CLIENTS_DIR. `stalemate list` shows where. Node, Python and Rust \
must already be installed.";

const SHRINK_HELP: &str = "\
A scenario fails when something is violated that it does not list. If it lists everything, one of the listed \
violations is kept instead. Smaller means fewer steps, faults, hops and servers, simpler faults, shorter times and \
a plainer dialect. The failure stays the same: the same invariant, violated by the same party for the same cause. \
The new scenario promises what it shows.

Exit codes: 0 the scenario was shrunk; 2 bad usage or bad scenario; 3 nothing is violated.";

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
    /// Show where two records differ, or two clients in one scenario
    #[command(after_help = DIFF_HELP)]
    Diff(DiffOptions),
    /// Write a new scenario that runs
    #[command(after_help = NEW_HELP)]
    New(NewOptions),
    /// Run a scenario with every fault at every point, and shrink what is found
    #[command(after_help = SWEEP_HELP)]
    Sweep(SweepOptions),
    /// Run random scenarios, one for each seed, and shrink what is found
    #[command(after_help = EXPLORE_HELP)]
    Explore(ExploreOptions),
    /// Merge the results of several explorations
    #[command(after_help = MERGE_HELP)]
    Merge(MergeOptions),
    /// Make a failing scenario as small as possible
    #[command(after_help = SHRINK_HELP)]
    Shrink(ShrinkOptions),
    /// Install clients of other languages
    #[command(after_help = INSTALL_HELP)]
    Install(InstallOptions),
    /// List scenarios, clients and servers
    List(ListOptions),
    /// Explain an invariant, a clause, a dialect, a failure mode, a rung, an outcome, a client, or a key of scenario files
    Explain(ExplainOptions),
    /// Print the JSON Schema of scenario files (for editors) or of results
    Schema(SchemaOptions),
    /// Ask a real server on this machine what it does when sessions die
    #[command(after_help = PROBE_HELP)]
    Probe(ProbeOptions),
    /// Play a scenario on real sockets, with an application that you operate by hand
    #[command(after_help = SERVE_HELP)]
    Serve(ServeOptions),
    /// Find out from a log which layer is wrong: server, client, load balancing or proxy
    #[command(after_help = DIAGNOSE_HELP)]
    Diagnose(DiagnoseOptions),
    /// Print completions for a shell
    Completions(CompletionsOptions),
    /// Print the manual page, or write the pages of all commands
    Man(ManOptions),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResultsFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// A Markdown matrix: the rung of each client in each scenario, and the clients' versions
    Markdown,
    /// JUnit XML for CI: a suite for each scenario, a test for each client
    Junit,
    /// What came out as `expect` and `violates`, to be read and put into the scenario
    Promises,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunOptions {
    /// Scenario files, or directories of them
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Run only this client; may be given several times. A client that none of the scenarios lists is run in all of them.
    /// May also be an installed version such as `typescript-sdk-1@1.20.2`, or a folder with a `client.yaml`
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// Run only this client: a command that starts a driver, e.g. 'node mine.mjs'; may be given several times
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Vec<String>,
    /// Use this seed instead of the scenarios' own
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ResultsFormat::Table)]
    pub(super) format: ResultsFormat,
    /// How many cells run at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// Also name the known violations of each cell, and the hash of its record
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Keep running, and run a scenario again whenever its file is saved
    #[arg(long)]
    pub(super) watch: bool,
    /// Also print the access logs of the hops, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
    /// Also write an HTML page with the matrix, and a diagram and the record of each cell: one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Also print which clauses were exercised, and which decisions of servers, hops and model clients were never made
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
    /// The client, as for `run` [default: the scenario's first]
    #[arg(long, value_name = "NAME", conflicts_with = "client_command")]
    pub(super) client: Option<String>,
    /// The client: a command that starts a driver, e.g. 'node mine.mjs'
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Option<String>,
    /// The seed [default: the scenario's first]
    #[arg(long)]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct TraceOptions {
    /// The scenario file, or a record that `trace --format json` wrote (`.jsonl`), which is judged and drawn as it is,
    /// with nothing promised
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    #[command(flatten)]
    pub(super) which: OneCell,
    /// The output format
    #[arg(long, value_enum, default_value_t = TraceFormat::Table)]
    pub(super) format: TraceFormat,
    /// Show what every process on the way sends and receives
    #[arg(long)]
    pub(super) full: bool,
    /// Show only what belongs to the violation of this invariant, e.g. `cli-no-stale-id`
    #[arg(long, value_name = "ID", conflicts_with = "full")]
    pub(super) at: Option<String>,
    /// Do not use a pager; on a terminal the output goes through $PAGER, or `less`
    #[arg(long)]
    pub(super) no_pager: bool,
    /// Also print the access logs of the hops, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShrinkOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO", required_unless_present = "explored")]
    pub(super) path: Option<PathBuf>,
    /// Shrink the world that `explore` generates from this seed, instead of a file
    #[arg(long, value_name = "SEED", conflicts_with_all = ["path", "seed"])]
    pub(super) explored: Option<u64>,
    /// With --explored: use only servers of this dialect, as `explore` does; may be given several times
    #[arg(long, value_name = "NAME", requires = "explored")]
    pub(super) dialect: Vec<String>,
    #[command(flatten)]
    pub(super) which: OneCell,
    /// The invariant whose violation must remain [default: the first that is violated]
    #[arg(long, value_name = "ID")]
    pub(super) invariant: Option<String>,
    /// The most runs it may take
    #[arg(long, value_name = "N", default_value_t = crate::search::RUNS)]
    pub(super) runs: usize,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InstallOptions {
    /// The clients, as `stalemate list` names them, perhaps with a version: `typescript-sdk-1@1.20.2` [default: all]
    #[arg(value_name = "NAME[@VERSION]")]
    pub(super) clients: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListOptions {
    /// Scenario files, or directories of them [default: `scenarios`, if it exists]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainOptions {
    /// What to explain, e.g. `cli-no-stale-id`, `SES-08`, `supergateway-3.4.3`, `F3`, `reconnect`, `vacuous`; or a kind of
    /// these, e.g. `rung`
    /// [default: list all topics]
    #[arg(value_name = "ID")]
    pub(super) topic: Option<String>,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SchemaOptions {
    /// Which schema
    #[arg(value_enum, default_value_t = SchemaOf::Scenario)]
    pub(super) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// The schema of scenario files
    Scenario,
    /// The schema of what `run --format json` prints
    Results,
}
