//! The arguments of `serve`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::values;
use crate::live::address::is_loopback;
use crate::serve::Ports;

pub(super) const SERVE_HELP: &str = "\
The scenario's servers and the hops on the way to them listen on this machine. You put the printed addresses into your
application and do what is asked; faults happen when you press Enter. What the wire shows is not asked: a call that is
answered goes on by itself. At the end stands what it took until your application worked again, and what to report to whom.
The same is on the page whose address is printed, with buttons and the diagram as it grows.

  stalemate serve scenarios/incident-48557/ten-steps.yaml
  stalemate serve scenarios/restart/idle.yaml --bare --auto --pace 10      # a script does what is asked

With --auto nobody presses anything: faults happen when it is their turn, and what is asked counts as done when the wire shows
it, or after --step-time. A script that leads an application reads what is asked from the page's /state, and answers there.

Nothing but 127.0.0.0/8 and ::1 is listened on or dialled.

Exit codes: as those of `run`; 5 also where it ended before the scenario did.";

#[derive(Debug, ClapArgs)]
pub(super) struct ServeOptions {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub(super) path: PathBuf,
    /// Who your application is, by the name under which the scenario promises something of it; without it nothing is
    /// promised, and every violation on its side counts
    #[arg(long, value_name = "NAME", default_value = "your-application")]
    pub(super) client: String,
    /// It is a bare SDK, without an application around it: one client for each server, no conversations, no windows
    #[arg(long)]
    pub(super) bare: bool,
    /// Go on without being pressed
    #[arg(long)]
    pub(super) auto: bool,
    /// With --auto, how long something is given that the wire does not show
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = values::duration, requires = "auto")]
    pub(super) step_time: Duration,
    /// Divide the waits between steps, and those of the ladder, by that number. The servers' own times stay what they are
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) pace: u32,
    /// The port of the first server's address, the next one's being one more; or `scenario`, for the ports that it names;
    /// free ones unless given
    #[arg(long, value_name = "PORT", value_parser = ports, default_value = "free")]
    pub(super) port: Ports,
    /// The address that everything listens on: 127.0.0.1, another one of 127.0.0.0/8, or ::1
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = loopback)]
    pub(super) host: IpAddr,
    /// The port of the page; a free one unless given
    #[arg(long, value_name = "PORT")]
    pub(super) page: Option<u16>,
    /// End it after that time, wherever it is
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration)]
    pub(super) limit: Option<Duration>,
    /// Keep the record in this file, which `stalemate trace FILE.jsonl` judges and draws
    #[arg(long, value_name = "FILE.jsonl", value_parser = record_file)]
    pub(super) record: Option<PathBuf>,
    /// The seed of what the servers draw; the scenario's first unless given
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
