//! What a client makes of a fault in virtual time is what it makes of it in real time: each call of a run, held to the same call
//! of the same program over sockets of this machine, where an ear in front of a model server does to it what the scenario does.
//! An answer, an error in its own words and no answer at all are three different things, and a time-out takes its time.

use std::fmt::Write;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::Value;
use stalemate::clients::Program;

use crate::ear::Fault;
use crate::replay::{Outcome, Simulated, replay};

const DIALECT: &str = "python-sdk";
/// How long the user waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a delay is, in milliseconds.
const DELAY_MS: u64 = 1_500;
/// How much longer than in virtual time something may take that computes on a busy machine, in milliseconds.
const SLACK_MS: u64 = 10_000;

/// A fault that meets the first call of a run.
struct Case {
    name: &'static str,
    /// What stands under `inject`.
    inject: String,
    /// What the server is.
    dialect: &'static str,
    /// Steps before the call, and behind it.
    before: &'static str,
    after: &'static str,
    /// What the ear does to the call.
    ear: Option<Fault>,
}

const REFUSALS: [(&str, u16, &str); 4] = [
    ("400", 400, "Bad Request"),
    ("500", 500, "Internal Server Error"),
    ("502", 502, "Bad Gateway"),
    ("404", 404, "Not Found"),
];

fn cases() -> Vec<Case> {
    let wire = |name, event: &str, fate: &str, ear| Case {
        name,
        inject: format!("  - {{when: {{{event}, rpc: tools/call}}, then: {fate}}}\n"),
        dialect: DIALECT,
        before: "",
        after: "",
        ear: Some(ear),
    };
    let steps = |name, before, after| Case {
        name,
        inject: String::new(),
        dialect: DIALECT,
        before,
        after,
        ear: None,
    };
    let (sent, came) = (
        "event: request-sent, at: client",
        "event: response-received, at: client",
    );
    let (heard, said) = (
        "event: request-received, at: memory",
        "event: response-sent, at: memory",
    );
    let body = "event: sse-sent, at: memory";
    let down = "  - down: {target: memory}\n  - wait: 500ms\n";
    let restart = "  - restart: {target: memory, down: 1ms}\n  - wait: 2s\n";
    let mut cases = vec![
        wire("reset", sent, "{cut: 9}", Fault::Reset),
        wire("closed", said, "{cut: 0}", Fault::Close),
        wire("head cut", said, "{cut: 9}", Fault::CutHead(9)),
        wire("body cut", body, "{cut: 20}", Fault::CutBody(20)),
        wire("delay", came, "{delay: 1500ms}", Fault::Delay(DELAY_MS)),
        wire("drop", heard, "{drop: now}", Fault::Drop),
        steps("stream cut", "  - cut: memory\n  - wait: 2s\n", ""),
        // A stream would be asked for again at an instant that nobody knows.
        Case {
            dialect: "{like: python-sdk, sse: {get-streams: none}}",
            ..steps("refused", down, "  - up: memory\n")
        },
        steps("session lost", restart, ""),
    ];
    for (name, status, reason) in REFUSALS {
        let answer = format!(
            "HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\noops"
        );
        let fate = format!(
            "{{replace: {{status: {status}, body: oops, headers: {{content-type: text/plain}}}}}}"
        );
        cases.push(wire(name, said, &fate, Fault::Answer(answer.into_bytes())));
    }
    cases
}

/// A scenario in which a fault meets a call, and another call follows.
fn scenario(case: &Case) -> String {
    let call = "  - call: {on: memory, tool: search_nodes, patience: 3s}\n";
    let Case {
        dialect,
        before,
        after,
        ..
    } = case;
    let inject = match &*case.inject {
        "" => String::new(),
        inject => format!("inject:\n{inject}"),
    };
    format!(
        "summary: A fault meets a call.\nservers:\n  memory: {{dialect: {dialect}, port: 3001}}\n\
         clients: [rmcp]\nsteps:\n  - add: memory\n  - wait: 2s\n{before}{call}{after}  - wait: 2s\n{call}{inject}"
    )
}

/// The answer with names in place of what differs by nature.
fn plain(answer: Option<&(Value, u64)>, url: &str) -> String {
    let Some((answer, _)) = answer else {
        return "nothing".to_owned();
    };
    let authority = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
    let mut text = answer.to_string().replace(authority, "HOST");
    for host in ["192.0.2.1", "127.0.0.1"] {
        text = text
            .replace(&format!("{host}:{port}"), "HOST")
            .replace(host, "HOST");
    }
    text
}

/// Holds a client to what it makes of a fault in real time; returns in what that differs.
fn differences(client: &str, program: &Program, case: &Case) -> Result<String, Failed> {
    let simulated = Simulated::run(&scenario(case), client)?.until_last("n-002")?;
    let faults = case
        .ear
        .iter()
        .map(|fault| ("n-001".to_owned(), fault.clone()));
    let replayed = replay(program, &simulated, faults.collect(), Some(PATIENCE));
    let mut differ = String::new();
    for Outcome {
        line,
        simulated: there,
        real: here,
    } in &replayed.outcomes
    {
        let one = plain(there.as_ref(), simulated.url());
        let other = plain(here.as_ref(), &replayed.url);
        let took = |answer: &Option<(Value, u64)>| answer.as_ref().map_or(0, |(_, ms)| *ms);
        let (virtual_ms, real_ms) = (took(there), took(here));
        let in_time = real_ms + 50 >= virtual_ms && real_ms <= virtual_ms + SLACK_MS;
        println!(
            "{client:>16} {:>12} {virtual_ms:>5} {real_ms:>5} ms {one:.100}",
            case.name
        );
        if one != other || !in_time {
            let name = case.name;
            writeln!(
                differ,
                "{name}: {line}\n  in the simulation ({virtual_ms} ms): {one}\n  in real time ({real_ms} ms): {other}"
            )?;
        }
    }
    if let Some(lacks) = &replayed.lacks {
        writeln!(differ, "{}: in real time there were {lacks}", case.name)?;
    }
    let was_called = |nonce| replayed.outcomes.iter().any(|o| o.line.contains(nonce));
    if !was_called("n-001") || !was_called("n-002") {
        writeln!(differ, "{}: not two calls", case.name)?;
    }
    Ok(differ)
}

/// Holds a client to what it makes of those faults in real time; of all of them without any.
pub(crate) fn are_the_same(client: &str, program: &Program, of: &[&str]) -> Result<(), Failed> {
    let mut cases = cases();
    cases.retain(|case| of.is_empty() || of.contains(&case.name));
    let differ = cases.iter().map(|case| differences(client, program, case));
    let differ: Vec<String> = differ.collect::<Result<_, _>>()?;
    let differ = differ.concat();
    if differ.is_empty() {
        return Ok(());
    }
    Err(Failed::from(differ))
}
