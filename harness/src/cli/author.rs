//! The arguments of the commands for those who write scenarios and review what came of them.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

pub(super) const NEW_HELP: &str = "\
The file is complete: the steps, a comment that says what to change, and as promises what the clients did when it was
written. Read those: what is wrong in them is a bug of a client, a server or a hop, and stays listed until it is mended.

  stalemate new restart/mine
  stalemate new expiry/mine --fault expire --server python-sdk-1 --client typescript-sdk-1

Exit codes: 0 written; 2 bad usage, or the file is there already; 101 a bug in the harness.";

pub(super) const DIFF_HELP: &str = "\
Each is a record that `trace --format json` wrote (`.jsonl`), or a scenario file, which is run now. Sessions and exchanges go
by their names in the order of first sight, and times are steps, so that only what happened differently shows.

  stalemate diff before.jsonl after.jsonl
  stalemate diff scenarios/restart/drained.yaml --client connector/spec-404 --client connector/recovering
  stalemate diff saved.jsonl scenarios/restart/drained.yaml --client rmcp

Exit codes: 0 they are the same; 1 they differ; 2 bad usage or bad input.";

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
    /// The network between client and server is broken for a while
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
    /// A record or a scenario, or two of them; of one scenario, two clients are compared
    #[arg(value_name = "A", required = true, num_args = 1..=2)]
    pub(super) paths: Vec<PathBuf>,
    /// The client of a scenario, as for `run`; given twice, the first is A's and the second B's
    #[arg(long, value_name = "NAME")]
    pub(super) client: Vec<String>,
    /// The seed of the scenarios; their first unless given
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Compare every message on every link
    #[arg(long)]
    pub(super) full: bool,
    /// How many lines that are the same are shown around what differs
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
    /// The directory into which a page for each command is written; without it the main page is printed
    #[arg(value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}
