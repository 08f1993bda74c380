//! The arguments. Their help texts teach the command; nothing is decided here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes: 0 all promises kept; 1 a promise broken; 2 bad usage or bad scenario; 3 no progress;
4 not deterministic; 5 vacuous; 101 a bug in the harness. Where several apply: 101, 4, 2, 1, 3, 5.";

const INSTALL_HELP: &str = "\
They are installed from their lock files by npm or pip, into the user's cache, or where the environment variable
STALEMATE_CLIENTS_DIR says; `list` shows where. Node and Python themselves must be there.";

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
    /// Install clients of other languages
    #[command(after_help = INSTALL_HELP)]
    Install(InstallOptions),
    /// List scenarios, clients and servers
    List(ListOptions),
    /// Explain an invariant, a clause, a dialect, a failure mode, a rung, a client, or a word of scenario files
    Explain(ExplainOptions),
    /// Print the JSON Schema of scenario files, for editors, or of results
    Schema(SchemaOptions),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResultsFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// A matrix for a page: what each scenario takes of each client, and which versions they are
    Markdown,
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
    /// Print the hops' access logs too, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
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

#[derive(Debug, ClapArgs)]
pub(super) struct TraceOptions {
    /// The scenario file; or a record that `trace --format json` wrote, by its ending `.jsonl`: it is judged and drawn
    /// as it stands, with nothing promised
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    /// The client, as for `run`; the scenario's first unless given
    #[arg(long, value_name = "NAME", conflicts_with = "client_command")]
    pub(super) client: Option<String>,
    /// The client: a command that starts a driver, e.g. 'node mine.mjs'
    #[arg(long, value_name = "COMMAND")]
    pub(super) client_command: Option<String>,
    /// The seed; the scenario's first unless given
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// `table` draws the trace; `json` prints the record: a header, then one event a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// Show what every process on the way sends and receives
    #[arg(long)]
    pub(super) full: bool,
    /// Print the hops' access logs too, with whole session ids
    #[arg(long)]
    pub(super) access_log: bool,
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
