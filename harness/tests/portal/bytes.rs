//! What a client sends in the simulation is what it sends: every request of a run, held to those of the same program that is
//! told the same in real time, on sockets of this machine. They are equal to the byte, but for the host's name and for
//! session ids. What is sent in the simulation before an answer to what was sent before it can have come, may come in any order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::channel;

use libtest_mimic::Failed;
use stalemate::clients::Program;
use stalemate::registry::Registry;
use stalemate::scenario::load_text;
use stalemate::sim::{Options, Passed, Spec, What, run_with};

use crate::live::{Ear, Real, Requests, Server};

const DIALECT: &str = "typescript-sdk-sessions";
/// The tool that is called first after the restart, and not before.
const AFTER: &str = "read_graph";

const SCENARIO: &str = "\
summary: Everything that a client says, with a session that is lost and one that is ended.
servers:
  memory: {dialect: typescript-sdk-sessions, port: 3001}
clients: [rmcp]
steps:
  - add: memory
  - wait: 5s
  - call: {on: memory, tool: create_entities, expect: ok}
  - wait: 5s
  - call: {on: memory, tool: search_nodes, expect: ok}
  - wait: 5s
  - restart: {target: memory, down: 1ms}
  - call: {on: memory, tool: read_graph}
  - wait: 5s
  - disconnect: memory
  - connect: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes, expect: ok}
";

/// More than the restart takes, and less than the wait before it, in virtual milliseconds.
const RESTART_MS: u64 = 1_000;
/// Less than the time from a request to what its answer brings about, in virtual milliseconds.
const AT_ONCE_MS: u64 = 2;
/// How long after it was last told something a program is listened to, in virtual milliseconds.
const AFTERWARDS_MS: u64 = 1_000;

/// A run of the scenario, as far as the program sees and is seen.
fn simulated(client: &str) -> Result<Vec<Passed>, Failed> {
    let registry = Registry::builtin();
    let file = Path::new("bytes.yaml");
    let scenario = load_text("bytes", file, SCENARIO, &registry.vocabulary());
    let scenario = scenario.map_err(|errors| Failed::from(errors.to_string()))?;
    let subject = registry
        .subject(&scenario, client)
        .ok_or("no such client")?;
    let (to, passed) = channel();
    let options = Options {
        watch: Some(to),
        ..Options::default()
    };
    let spec = Spec {
        scenario: &scenario,
        client,
        subject: &subject,
        seed: 1,
    };
    run_with(spec, &options).map_err(|error| Failed::from(error.to_string()))?;
    drop(options);
    let passed: Vec<Passed> = passed.iter().collect();
    let last = passed.iter().rfind(|p| matches!(p.what, What::Told(..)));
    let until = last.ok_or("it was told nothing")?.at_ms + AFTERWARDS_MS;
    Ok(passed.into_iter().filter(|p| p.at_ms <= until).collect())
}

/// A request with names in place of what differs by nature: of its host, and of its session, the first, the second and so on.
fn plain(request: &[u8], sessions: &mut Vec<String>) -> String {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let lines = head.split("\r\n").map(|line| {
        let Some((name, value)) = line.split_once(": ") else {
            return line.to_owned();
        };
        match name.to_ascii_lowercase().as_str() {
            "host" => format!("{name}: HOST"),
            "mcp-session-id" => {
                let known = sessions.iter().position(|id| id == value);
                let number = known.unwrap_or_else(|| {
                    sessions.push(value.to_owned());
                    sessions.len() - 1
                });
                format!("{name}: S{}", number + 1)
            }
            _ => line.to_owned(),
        }
    });
    let lines: Vec<String> = lines.collect();
    format!("{}\n\n{body}", lines.join("\n"))
}

/// What a program sent in the simulation: each request with its time in milliseconds, in order.
fn sent(passed: &[Passed]) -> Vec<(u64, Vec<u8>)> {
    let (mut requests, mut times) = (Requests::default(), Vec::new());
    for one in passed {
        if let What::Sent(conn, bytes) = &one.what {
            requests.feed((one.program, *conn), bytes);
            times.resize(requests.whole.len(), one.at_ms);
        }
    }
    times.into_iter().zip(requests.whole).collect()
}

/// Tells a program in real time what was told in the simulation, each thing once as much was heard as there; returns what was
/// heard.
fn replayed(program: &Program, passed: &[Passed]) -> Vec<Vec<u8>> {
    let server = Server::start(DIALECT);
    let ear = Ear::before(server.at);
    let mut sent = Requests::default();
    let mut running: BTreeMap<u32, (Real, String)> = BTreeMap::new();
    // How much was sent before the server was restarted: it has gone when the next line is told.
    let lost = passed.iter().position(|p| match &p.what {
        What::Told(line, _) => line.contains(AFTER),
        _ => false,
    });
    let lost = lost.expect("it is called");
    let before = |p: &&Passed| p.at_ms + RESTART_MS <= passed[lost].at_ms;
    let last = passed[..lost].iter().rposition(|p| before(&p));
    let lost = last.map_or(0, |last| last + 1);
    for (at, one) in passed.iter().enumerate() {
        if at == lost && ear.waited_for(sent.whole.len()) {
            server.restart();
        }
        let number = one.program;
        match &one.what {
            What::Sent(conn, bytes) => {
                sent.feed((number, *conn), bytes);
                continue;
            }
            What::Settled => continue,
            _ => {}
        }
        if !ear.waited_for(sent.whole.len()) {
            break;
        }
        match &one.what {
            What::Started(url) => {
                let real = Real::start(program, &ear.url());
                running.insert(number, (real, url.clone()));
            }
            What::Told(line, id) => {
                let (real, url) = running.get_mut(&number).expect("it was started");
                real.tell(&line.replace(&**url, &ear.url()), *id);
            }
            What::HungUp => {
                let (real, _) = running.get_mut(&number).expect("it was started");
                real.hang_up().expect("it ends");
            }
            What::Killed => drop(running.remove(&number)),
            What::Sent(..) | What::Settled => {}
        }
    }
    ear.waited_for(sent.whole.len());
    ear.heard()
}

/// Holds a client to what it sends in real time.
pub(crate) fn are_the_same(client: &str, program: &Program) -> Result<(), Failed> {
    let passed = simulated(client)?;
    let sent = sent(&passed);
    if sent.len() < 8 {
        return Err(Failed::from(format!("few requests: {sent:?}")));
    }
    let heard = replayed(program, &passed);
    let mut heard = heard.iter();
    let (mut there, mut here) = (Vec::new(), Vec::new());
    let (mut sim_sessions, mut live_sessions) = (Vec::new(), Vec::new());
    let mut rest = &sent[..];
    while let Some((began, _)) = rest.first() {
        let at_once = rest.iter().take_while(|(at, _)| *at <= began + AT_ONCE_MS);
        let (group, later) = rest.split_at(at_once.count());
        rest = later;
        let group = group.iter().map(|(_, r)| plain(r, &mut sim_sessions));
        let mut group: Vec<String> = group.collect();
        let of_real = heard.by_ref().take(group.len());
        let mut other: Vec<String> = of_real.map(|r| plain(r, &mut live_sessions)).collect();
        group.sort();
        other.sort();
        there.extend(group);
        here.extend(other);
    }
    here.extend(heard.map(|r| plain(r, &mut live_sessions)));
    if there == here {
        return Ok(());
    }
    let (there, here) = (there.join("\n---\n"), here.join("\n---\n"));
    let difference = similar::TextDiff::from_lines(&*there, &*here);
    let mut difference = difference.unified_diff();
    let difference = difference.header("in the simulation", "in real time");
    Err(Failed::from(difference.to_string()))
}
