//! A server that closes connections on which nothing is asked, as Node's HTTP server does after 5 s.

use crate::support::{all, client, lines, run, scenario};

/// The connections between client and server that were opened and closed up to a call a minute after the connector was
/// added.
fn connections(knob: &str) -> Vec<String> {
    let text = format!(
        "summary: A test.\nservers:\n  memory: {{dialect: {{like: supergateway-4.0.0{knob}}}, port: 3001}}\n\
         clients: [connector/recovering]\nsteps:\n  - add: memory\n  - wait: 1m\n  \
         - call: {{on: memory, tool: create_entities}}\n"
    );
    let run = run(&scenario(&text), &client("connector/recovering"));
    let all_lines = lines(&run, &["open", "closed", "call 1 ok"]);
    let call = all_lines
        .iter()
        .position(|line| line.ends_with("call 1 ok"));
    let call = call.unwrap_or_else(|| panic!("the call succeeds\n{}", all(&run)));
    all_lines[..call].to_vec()
}

/// The second one carries the stream that is open all the time, so that it is not idle.
#[test]
fn it_is_closed_after_that_time_and_the_next_call_needs_a_new_one() {
    assert_eq!(
        connections(", connection-idle-timeout: 5s"),
        [
            "1 open c1 client>memory",
            "6 open c2 client>memory",
            "5007 closed c1 client>memory",
            "60008 open c3 client>memory",
        ]
    );
    assert_eq!(
        connections(""),
        ["1 open c1 client>memory", "6 open c2 client>memory"]
    );
}
