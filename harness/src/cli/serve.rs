//! `stalemate serve`: a scenario for an application that nobody can script.

use std::fs;
use std::io::{self, IsTerminal};
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::load::{code_of, unknown_client};
use crate::cli::{bad, out, values, wanted};
use crate::live::address::is_loopback;
use crate::registry::Registry;
use crate::report;
use crate::runner::{RunError, Runner};
use crate::scenario::ServerKind;
use crate::serve::{self, Guide, Pace, Play, Played, Ports, page, terminal};

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
    path: PathBuf,
    /// Who your application is, by the name under which the scenario promises something of it; without it nothing is
    /// promised, and every violation on its side counts
    #[arg(long, value_name = "NAME", default_value = "your-application")]
    client: String,
    /// It is a bare SDK, without an application around it: one client for each server, no conversations, no windows
    #[arg(long)]
    bare: bool,
    /// Go on without being pressed
    #[arg(long)]
    auto: bool,
    /// With --auto, how long something is given that the wire does not show
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = values::duration, requires = "auto")]
    step_time: Duration,
    /// Divide the waits between steps, and those of the ladder, by that number. The servers' own times stay what they are
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pace: u32,
    /// The port of the first server's address, the next one's being one more; or `scenario`, for the ports that it names;
    /// free ones unless given
    #[arg(long, value_name = "PORT", value_parser = ports, default_value = "free")]
    port: Ports,
    /// The address that everything listens on: 127.0.0.1, another one of 127.0.0.0/8, or ::1
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = loopback)]
    host: IpAddr,
    /// The port of the page; a free one unless given
    #[arg(long, value_name = "PORT")]
    page: Option<u16>,
    /// End it after that time, wherever it is
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration)]
    limit: Option<Duration>,
    /// Keep the record in this file, which `stalemate trace FILE.jsonl` judges and draws
    #[arg(long, value_name = "FILE.jsonl", value_parser = record_file)]
    record: Option<PathBuf>,
    /// The seed of what the servers draw; the scenario's first unless given
    #[arg(long)]
    seed: Option<u64>,
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

/// Plays a scenario with somebody's application, and returns the exit code.
pub(super) fn serve(options: &ServeOptions, registry: &Registry) -> u8 {
    let has_terminal = io::stdin().is_terminal();
    if !options.auto && !has_terminal && options.page.is_none() {
        return bad(
            "the standard input is no terminal, so nobody can press Enter: use --auto, which goes on by itself, or --page PORT, \
             whose page has the buttons",
        );
    }
    let scenario = match wanted::scenario(&options.path, registry) {
        Ok(scenario) => scenario,
        Err(code) => return code,
    };
    let promised = scenario.expect.contains_key(&options.client);
    if options.client != "your-application" && !promised && registry.get(&options.client).is_none()
    {
        return bad(&unknown_client(&options.client, registry));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    if let Err(error) = ctrlc::set_handler(move || told.store(true, Ordering::Relaxed)) {
        return bad(&format!("interrupts cannot be handled: {error}"));
    }
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let play = Play {
        client: options.client.clone(),
        is_bare: options.bare,
        seed: options.seed.unwrap_or(scenario.seeds[0]),
        host: options.host,
        ports: options.port,
        pace: Pace {
            auto: options.auto,
            step_ms: ms(options.step_time),
            divisor: options.pace,
        },
        limit_ms: options.limit.map(ms),
        stop,
        scenario: Arc::clone(&scenario),
    };
    let ran = serve::on_this_thread(play_it(options, &play, registry, has_terminal));
    match ran {
        Ok(code) => code,
        Err(error) => bad(&format!("it cannot be run: {error}")),
    }
}

async fn play_it(
    options: &ServeOptions,
    play: &Play,
    registry: &Registry,
    has_terminal: bool,
) -> u8 {
    let guide = Guide::new(vec![Box::new(|news| out::line(terminal::news(news)))]);
    let page = match page::Page::open(options.host, options.page.unwrap_or(0)) {
        Ok(page) => page,
        Err(error) => return bad(&format!("the page: {error}")),
    };
    let address = page.address();
    let opened = {
        let guide = Rc::clone(&guide);
        move || {
            out::line(terminal::head(&guide.state()));
            out::line(format_args!("\nThe same with buttons: http://{address}/"));
        }
    };
    tokio::task::spawn_local(page.serve(Rc::clone(&guide)));
    if has_terminal {
        let guide = Rc::clone(&guide);
        tokio::task::spawn_local(async move {
            let mut lines = terminal::lines();
            terminal::answer(&guide, &mut lines).await;
            out::line(format_args!(
                "the standard input has ended: go on with the buttons of http://{address}/"
            ));
        });
    }
    let played = match serve::serve(play, &guide, opened).await {
        Ok(played) => played,
        Err(error) => return bad(&error.to_string()),
    };
    finish(options, play, played, registry, &guide).await
}

async fn finish(
    options: &ServeOptions,
    play: &Play,
    played: Played,
    registry: &Registry,
    guide: &Guide,
) -> u8 {
    let (played, measured) = match measured(played, play, registry).await {
        Ok(done) => done,
        Err(why) => return bad(&why),
    };
    if let Some(file) = &options.record
        && let Err(error) = fs::write(file, played.record.to_json_lines())
    {
        return bad(&format!("cannot write `{}`: {error}", file.display()));
    }
    if let Err(error) = measured {
        bad(&format!("whether anybody could have worked: {error}"));
        return code_of(&error);
    }
    let result = played.judge(&play.scenario);
    let products = play.scenario.servers.iter().filter_map(|server| {
        let product = match &server.kind {
            ServerKind::Real(name) => format!("the real {name} server"),
            kind => kind.dialect()?.name.clone(),
        };
        Some((server.name.clone(), product))
    });
    let products = products.collect();
    let mut lines = report::summary(&result);
    lines.extend(report::to_whom(&result, &played.record, &products));
    out::line("");
    lines.iter().for_each(out::line);
    if let Some(file) = &options.record {
        out::line(format_args!(
            "the record: stalemate trace {}",
            file.display()
        ));
    }
    guide.draw(serve::picture(&result, &played.record));
    guide.end(lines);
    page::farewell(guide).await;
    result.outcome.exit_code()
}

/// What was played, with what a right client needed: by simulation, beside the page, which goes on meanwhile.
async fn measured(
    mut played: Played,
    play: &Play,
    registry: &Registry,
) -> Result<(Played, Result<(), RunError>), String> {
    let (runner, scenario) = (Runner::new(registry.clone()), Arc::clone(&play.scenario));
    let measuring = tokio::task::spawn_blocking(move || {
        let measured = runner.measure(&scenario, &mut played.record);
        (played, measured)
    });
    measuring.await.map_err(|error| error.to_string())
}
