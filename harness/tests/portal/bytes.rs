//! What a client sends in the simulation is what it sends: every request of a run, held to those of the same program that is
//! told the same in real time, on sockets of this machine. They are equal to the byte, but for the host's name and for
//! session ids. What is sent in the simulation before an answer to what was sent before it can have come, may come in any order.

use libtest_mimic::Failed;
use stalemate::clients::Program;

use crate::replay::{Simulated, replay};

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

/// Less than the time from a request to what its answer brings about, in virtual milliseconds.
const AT_ONCE_MS: u64 = 2;
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

/// Holds a client to what it sends in real time.
pub(crate) fn are_the_same(client: &str, program: &Program) -> Result<(), Failed> {
    let simulated = Simulated::run(SCENARIO, client)?.until_last("n-")?;
    let sent = simulated.sent();
    if sent.len() < 8 {
        return Err(Failed::from(format!("few requests: {sent:?}")));
    }
    let heard = replay(program, &simulated, Vec::new(), None).heard;
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
