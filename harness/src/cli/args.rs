//! The arguments. Their help texts teach the command; nothing is decided here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes: 0 all promises kept; 1 a promise broken; 2 bad usage or bad scenario; 3 no progress;
4 not deterministic; 5 vacuous; 101 a bug in the harness. Where several apply: 101, 4, 2, 1, 3, 5.";

const INSTALL_HELP: &str = "\
They are installed from their lock files by npm or pip, into the user's cache, or where the environment variable
STALEMATE_CLIENTS_DIR says; `list` shows where. Node and Python themselves must be there.";

const PROBE_HELP: &str = "\
It is asked for a session, then for what clients of dead sessions come across: ids that were never given or have ended, a
second stream, wrong headers, a client that goes away. The table says which clauses of the specification it keeps, which
known dialect it is nearest to, and what clients would need after a restart of it, by simulation.

Only 127.0.0.0/8, ::1 and localhost are talked to. Some questions end sessions, and two can stop a server that has a bug; it
should not be one that others use now. Tools are not called, but for one that is given by --slow-call.

  stalemate probe http://127.0.0.1:3001/mcp
  stalemate probe http://127.0.0.1:3001/mcp --restart 'systemctl --user restart my-server'
  stalemate probe http://127.0.0.1:3001/mcp --write dialects/mine.yaml && stalemate run --dialects dialects my.yaml

Exit codes: 0 what is demanded (MUST) is kept; 1 some of it is broken; 2 bad usage, or nobody to ask.";

const DIAGNOSE_HELP: &str = "\
It reads nginx's access logs (plain or gzip), HAR files as browsers save them, and records of `trace --format json`. For each
dead session it says when it was born, last answered and first refused, how long its id was still sent, and which product
answers like that; then which clause is broken by whom, what helps, and what the log does not tell.

A format is given as it stands in nginx's configuration; the combined one, that of the public report, and the one that is
advised here are recognized by themselves. Session ids are shortened in what is printed.

  stalemate diagnose /var/log/nginx/access.log
  zcat mcp.log.*.gz | stalemate diagnose - --log-format '$remote_addr \"$request\" $status $http_mcp_session_id'

Exit codes: 0 nothing is wrong as far as the log tells; 1 something is; 2 bad usage, or nothing could be read.";

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
    /// Ask a real server on this machine what it does when sessions die
    #[command(after_help = PROBE_HELP)]
    Probe(ProbeOptions),
    /// Find out from a log which layer is wrong: server, client, load balancing or proxy
    #[command(after_help = DIAGNOSE_HELP)]
    Diagnose(DiagnoseOptions),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
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
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
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

#[derive(Debug, ClapArgs)]
pub(super) struct ProbeOptions {
    /// Its endpoint, e.g. `http://127.0.0.1:3001/mcp`
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Restart the server with this command, and ask what is left of a session. It should end once the server is started
    #[arg(long, value_name = "COMMAND")]
    pub(super) restart: Option<String>,
    /// Let sessions rest that long, e.g. `90s`, and ask whether they have expired
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) idle: Option<u64>,
    /// A call that takes a second or more, as JSON: `{"name": …, "arguments": {…}}`. It is the one whose client goes away;
    /// without it a list is, which a fast server has answered by then
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(super) slow_call: Option<serde_json::Value>,
    /// A header of every request, e.g. 'Authorization: Bearer …'; may be given several times
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub(super) header: Vec<(String, String)>,
    /// How long an answer is waited for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub(super) limit: u64,
    /// Write the server's dialect to this file, so that it can take part in scenarios; its name is the file's
    #[arg(long, value_name = "FILE.yaml")]
    pub(super) write: Option<PathBuf>,
    /// How to print what was learned
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files, to compare with; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DiagnoseOptions {
    /// The log; `-` is standard input
    #[arg(value_name = "LOG")]
    pub(super) log: PathBuf,
    /// The format of an access log, as nginx's `log_format` has it
    #[arg(long, value_name = "FORMAT")]
    pub(super) log_format: Option<String>,
    /// Show every dead session
    #[arg(long)]
    pub(super) sessions: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files, by which servers are known too; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

fn duration(text: &str) -> Result<u64, String> {
    crate::yaml::duration::read(text)
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|why| format!("this is no JSON: {why}"))?;
    match value["name"].is_string() {
        true => Ok(value),
        false => Err("it must have a `name`, that of a tool, and its `arguments`".to_owned()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as `Name: value`")?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(good) || value.chars().any(char::is_control) {
        return Err("write it as `Name: value`".to_owned());
    }
    if name == "mcp-session-id" {
        return Err(
            "session ids are what is asked about; this header is not yours to give".to_owned(),
        );
    }
    Ok((name, value.to_owned()))
}
