//! The arguments of the commands that look at the world outside: real servers and the logs of others.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::format::{Format, ProbeFormat};

pub(super) const PROBE_HELP: &str = "\
The server is asked for a session, then for what clients of dead sessions run into: unknown and expired session \
ids, a second stream, wrong headers, a client that goes away. The table shows which clauses of the specification \
it keeps, which known dialect it is closest to, and, by simulation, what clients would need after a restart of it.

Only 127.0.0.0/8, ::1 and localhost are contacted. Some questions end sessions, and two can stop a server that has \
a bug, so do not probe one that others are using. No tool is called except the one given by --slow-call.

  stalemate probe http://127.0.0.1:3001/mcp
  stalemate probe http://127.0.0.1:3001/mcp --restart 'systemctl --user restart my-server'
  stalemate probe http://127.0.0.1:3001/mcp --write dialects/mine.yaml
  stalemate probe http://127.0.0.1:3001/mcp --against supergateway-4.0.0 --seeds 200

Exit codes: 0 everything that the specification demands (MUST) is kept, or with --against no answer differs; 1 \
something is broken, or an answer differs; 2 bad usage, or no server answers.";

pub(super) const DIAGNOSE_HELP: &str = "\
Reads access logs of nginx (plain or gzip), HAR files saved by a browser, and records of `trace --format json`. \
For each dead session it shows when it was opened, last answered and first refused, how long its id was still \
sent, and which product answers like that; then which party breaks which clause, what helps, and what the log \
cannot tell.

A log format is written as in nginx's configuration. Three formats are recognized: nginx's combined format, the \
format of the public report, and the one that this command recommends. Session ids are shortened in the output.

  stalemate diagnose /var/log/nginx/access.log
  zcat mcp.log.*.gz | stalemate diagnose - --log-format '$remote_addr \"$request\" $status $http_mcp_session_id'

Exit codes: 0 nothing is wrong as far as the log tells; 1 something is wrong; 2 bad usage, or nothing could be \
read.";

#[derive(Debug, ClapArgs)]
pub(super) struct ProbeOptions {
    /// The server's MCP endpoint, e.g. `http://127.0.0.1:3001/mcp`
    #[arg(value_name = "URL")]
    pub(super) url: String,
    /// Restart the server with this command, and ask what is left of a session. The command should end once the
    /// server is up. With --against it runs before a sequence in which the server opens no session any more
    #[arg(long, value_name = "COMMAND")]
    pub(super) restart: Option<String>,
    /// Leave sessions idle this long, e.g. `90s`, and ask whether they have expired
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) idle: Option<u64>,
    /// A call that takes a second or more, as JSON: `{"name": …, "arguments": {…}}`. Its client goes
    /// away before the answer. Without it `tools/list` is used, which a fast server may already have answered
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(super) slow_call: Option<serde_json::Value>,
    /// A header to send with every request, e.g. 'Authorization: Bearer …'; may be given several times
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub(super) header: Vec<(String, String)>,
    /// How long to wait for an answer
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub(super) limit: u64,
    /// Send random sequences of requests to the server and to a model of this dialect instead, and show where they differ
    #[arg(long, value_name = "DIALECT", conflicts_with_all = ["idle", "slow_call", "write"])]
    pub(super) against: Option<String>,
    /// With --against: how many sequences
    #[arg(long, value_name = "N", default_value_t = 20, requires = "against")]
    pub(super) seeds: u64,
    /// Write the server's dialect to this file, so that scenarios can use it; the dialect is named like the
    /// file
    #[arg(long, value_name = "FILE.yaml")]
    pub(super) write: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ProbeFormat::Table)]
    pub(super) format: ProbeFormat,
    /// A directory of dialect files to compare with as well; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DiagnoseOptions {
    /// The log file, or `-` for standard input
    #[arg(value_name = "LOG")]
    pub(super) log: PathBuf,
    /// The format of an access log, written as in nginx's `log_format`
    #[arg(long, value_name = "FORMAT")]
    pub(super) log_format: Option<String>,
    /// Show every dead session, not only the first few
    #[arg(long)]
    pub(super) sessions: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// A directory of dialect files by which to recognize servers as well; may be given several times
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
