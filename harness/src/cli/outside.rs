//! The arguments of the commands that look at the world outside: real servers and the logs of others.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::format::{Format, ProbeFormat};

pub(super) const PROBE_HELP: &str = "\
It is asked for a session, then for what clients of dead sessions come across: ids that were never given or have ended, a
second stream, wrong headers, a client that goes away. The table says which clauses of the specification it keeps, which
known dialect it is nearest to, and what clients would need after a restart of it, by simulation.

Only 127.0.0.0/8, ::1 and localhost are talked to. Some questions end sessions, and two can stop a server that has a bug; it
should not be one that others use now. Tools are not called, but for one that is given by --slow-call.

  stalemate probe http://127.0.0.1:3001/mcp
  stalemate probe http://127.0.0.1:3001/mcp --restart 'systemctl --user restart my-server'
  stalemate probe http://127.0.0.1:3001/mcp --write dialects/mine.yaml && stalemate run --dialects dialects my.yaml

  stalemate probe http://127.0.0.1:3001/mcp --against supergateway-4.0.0 --seeds 200

Exit codes: 0 what is demanded (MUST) is kept, or no answer differs from the model's; 1 some of it is broken, or some answers
differ; 2 bad usage, or nobody to ask.";

pub(super) const DIAGNOSE_HELP: &str = "\
It reads nginx's access logs (plain or gzip), HAR files as browsers save them, and records of `trace --format json`. For each
dead session it says when it was born, last answered and first refused, how long its id was still sent, and which product
answers like that; then which clause is broken by whom, what helps, and what the log does not tell.

A format is given as it stands in nginx's configuration; the combined one, that of the public report, and the one that is
advised here are recognized by themselves. Session ids are shortened in what is printed.

  stalemate diagnose /var/log/nginx/access.log
  zcat mcp.log.*.gz | stalemate diagnose - --log-format '$remote_addr \"$request\" $status $http_mcp_session_id'

Exit codes: 0 nothing is wrong as far as the log tells; 1 something is; 2 bad usage, or nothing could be read.";

#[derive(Debug, ClapArgs)]
pub(super) struct ProbeOptions {
    /// Its endpoint, e.g. `http://127.0.0.1:3001/mcp`
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Restart the server with this command, and ask what is left of a session. It should end once the server is started.
    /// With --against it is run before a sequence where the server opens no session any more
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
    /// Send random sequences of requests to the server and to a model of this dialect instead, and show where they differ
    #[arg(long, value_name = "DIALECT", conflicts_with_all = ["idle", "slow_call", "write"])]
    pub(super) against: Option<String>,
    /// How many sequences, of seeds from 0 on
    #[arg(long, value_name = "N", default_value_t = 20, requires = "against")]
    pub(super) seeds: u64,
    /// Write the server's dialect to this file, so that it can take part in scenarios; its name is the file's
    #[arg(long, value_name = "FILE.yaml")]
    pub(super) write: Option<PathBuf>,
    /// How to print what was learned
    #[arg(long, value_enum, default_value_t = ProbeFormat::Table)]
    pub(super) format: ProbeFormat,
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
    let ms = crate::yaml::duration::read(text);
    let ms = ms.filter(|ms| (1..=crate::scenario::LONGEST_MS).contains(ms));
    ms.ok_or_else(|| {
        "a duration is a number and a unit, e.g. `90s` or `10m`, up to 7 days".to_owned()
    })
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
