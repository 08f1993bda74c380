//! The arguments of the commands for those who write scenarios and review what came of them.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

pub(super) const NEW_HELP: &str = "\
The file is complete: the steps, a comment that says what to change, and promises, which are what the clients did \
just now. Read the promises: a violation listed there is a bug of a client, a server or a hop, and stays listed \
until it is fixed.

  stalemate new restart/mine
  stalemate new expiry/mine --fault expire --server python-sdk-1 --client typescript-sdk-1

Exit codes: 0 the file was written; 2 bad usage, or the file exists; 101 a run could not be finished.";

pub(super) const DIFF_HELP: &str = "\
Each argument is a record that `trace --format json` wrote (`.jsonl`), or a scenario file, which is run now. \
Sessions and exchanges are named in the order in which they appear, and times are relative, so that only real \
differences show.

  stalemate diff before.jsonl after.jsonl
  stalemate diff scenarios/restart/drained.yaml --client connector/spec-404 --client rmcp
  stalemate diff saved.jsonl scenarios/restart/drained.yaml --client rmcp

Exit codes: 0 the same; 1 different; 2 bad usage or bad input.";

/// What goes wrong in a new scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NewFault {
    /// The server is restarted while nobody talks to it
    Restart,
    /// The server's process dies
    Crash,
    /// The server finishes what it is doing, then stops, and is started again
    Drain,
    /// The server forgets the session, and goes on running
    Expire,
    /// The network between client and server is cut for 40 s
    Partition,
    /// Every connection of the server is cut
    Cut,
}

#[derive(Debug, ClapArgs)]
pub(super) struct NewOptions {
    /// The scenario's name, e.g. `restart/mine`: its file is DIR/NAME.yaml
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// What goes wrong
    #[arg(long, value_enum, default_value_t = NewFault::Restart)]
    pub(super) fault: NewFault,
    /// The server's dialect
    #[arg(long, value_name = "DIALECT", default_value = "supergateway-4.0.0")]
    pub(super) server: String,
    /// A client that takes part; may be given several times
    #[arg(long, value_name = "NAME", default_values = ["connector/spec-404", "connector/recovering"])]
    pub(super) client: Vec<String>,
    /// The directory of scenarios
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    pub(super) dir: PathBuf,
    /// A directory of dialect files; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DiffOptions {
    /// Two records or scenarios; or one scenario, with two clients to compare
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub(super) paths: Vec<PathBuf>,
    /// The client of a scenario, as for `run`; given twice, the first is for the first file and the second for the second
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// The seed of the scenarios [default: each one's first]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Compare every message on every link
    #[arg(long)]
    pub(super) full: bool,
    /// How many equal lines to show around each difference
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) context: usize,
    /// A directory of dialect files, which scenarios can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CompletionsOptions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ManOptions {
    /// The directory for the pages, one for each command [default: print the main page]
    #[arg(value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}
