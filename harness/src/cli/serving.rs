//! The arguments of `serve`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::values;
use crate::live::address::is_loopback;
use crate::serve::Ports;

pub(super) const SERVE_HELP: &str = "\
The scenario's servers, and the hops in front of them, listen on this machine. Enter the printed addresses in your \
application and do what you are asked to do; faults happen when you press Enter. You are not asked about what can \
be seen on the wire: when a call has been answered, the next step follows. At the end you are told what it took \
until your application worked again, and what to report to whom. A web page, whose address is printed, shows the \
same with buttons and a growing diagram.

  stalemate serve scenarios/incident-48557/ten-steps.yaml
  stalemate serve scenarios/restart/idle.yaml --bare --auto --pace 10

With --auto nobody has to press anything: faults happen in their turn, and a step counts as done when the wire \
shows it, or after --step-time. A script can drive an application: it reads what to do from /state on the page's \
port, and answers there.

Only 127.0.0.0/8 and ::1 are listened on or connected to.

Exit codes: as for `stalemate run`; 5 also if it ended before the scenario did.";

#[derive(Debug, ClapArgs)]
pub(super) struct ServeOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    /// The client whose promises in the scenario apply to your application; without it nothing is promised, and every
    /// violation on its side counts
    #[arg(long, value_name = "NAME", default_value = "your-application")]
    pub(super) client: String,
    /// The application is a bare SDK: one client for each server, no conversations, no windows
    #[arg(long)]
    pub(super) bare: bool,
    /// Go on without waiting for Enter
    #[arg(long)]
    pub(super) auto: bool,
    /// With --auto: how long to wait for a step that the wire does not show
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = values::duration, requires = "auto")]
    pub(super) step_time: Duration,
    /// Divide the waits between steps, and those of the recovery ladder, by this number. The servers' own times stay as
    /// they are
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) pace: u32,
    /// The port of the first server; each further server has the next one. `scenario` takes the ports in the scenario,
    /// `free` any free ports
    #[arg(long, value_name = "PORT", value_parser = ports, default_value = "free")]
    pub(super) port: Ports,
    /// The address to listen on: 127.0.0.1, another one of 127.0.0.0/8, or ::1
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = loopback)]
    pub(super) host: IpAddr,
    /// The port of the web page [default: a free one]
    #[arg(long, value_name = "PORT")]
    pub(super) page: Option<u16>,
    /// Stop after this time, at whatever step
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration)]
    pub(super) limit: Option<Duration>,
    /// Keep the record in this file, which `stalemate trace FILE.jsonl` judges and draws
    #[arg(long, value_name = "FILE.jsonl", value_parser = record_file)]
    pub(super) record: Option<PathBuf>,
    /// The seed for what the servers choose at random [default: the scenario's first]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// A directory of dialect files, which the scenario can name; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) dialects: Vec<PathBuf>,
}

fn ports(text: &str) -> Result<Ports, String> {
    match text {
        "free" => Ok(Ports::Free),
        "scenario" => Ok(Ports::Scenario),
        port => match port.parse() {
            Ok(port) if port > 0 => Ok(Ports::From(port)),
            _ => Err("a port is a number from 1 to 65535, or `scenario`".to_owned()),
        },
    }
}

fn loopback(text: &str) -> Result<IpAddr, String> {
    let address: Result<IpAddr, _> = text.parse();
    match address {
        Ok(address) if is_loopback(address) => Ok(address),
        _ => Err(
            "it is not an address of this machine alone: 127.0.0.1, another one of 127.0.0.0/8, or ::1"
                .to_owned(),
        ),
    }
}

fn record_file(text: &str) -> Result<PathBuf, String> {
    if text.ends_with(".jsonl") {
        Ok(PathBuf::from(text))
    } else {
        Err("the name of a record ends in .jsonl".to_owned())
    }
}
