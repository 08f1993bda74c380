//! Faults that strike when the user acts: the user is slow, or a process dies at that very moment.

use stalemate::journal::{Action, Event, Fate};
use stalemate::sim::Run;

use crate::support::{client, lines, run, scenario};

/// A run in which the user disconnects one of two connectors and then the other, and then reloads the page.
fn acted(when: &str, then: &str) -> Run {
    let text = format!(
        "summary: A test.\nservers:\n  memory: {{dialect: supergateway-4.0.0}}\n  other: {{dialect: spec}}\n\
         path: [nginx]\nclients: [connector/recovering]\nsteps:\n  - add: memory\n  - add: other\n  - wait: 1s\n  \
         - disconnect: other\n  - disconnect: memory\n  - reload: settings\n\
         inject:\n  - when: {{event: user-acts, {when}}}\n    then: {{{then}}}\n"
    );
    run(&scenario(&text), &client("connector/recovering"))
}

/// When the user began that action, when it ended, and what the plan made of it.
fn action(run: &Run, wanted: Action, on: Option<&str>) -> (u64, u64, Fate) {
    let mut entries = run.record.entries.iter();
    let began = entries.find(|entry| {
        matches!(&entry.event, Event::UserActed { action, server, .. }
            if *action == wanted && server.as_deref() == on)
    });
    let began = began.expect("the user did it");
    let ended = entries.find(|entry| {
        matches!(&entry.event, Event::UserActionEnded { action, server, .. }
            if *action == wanted && server.as_deref() == on)
    });
    let ended = ended.expect("it ended");
    (began.at_ms, ended.at_ms, began.fate.clone())
}

#[test]
fn a_slow_user_disconnects_later() {
    let run = acted("action: disconnect, at: memory", "delay: 7s");
    assert!(run.findings.unfired.is_empty());
    let (began, ended, fate) = action(&run, Action::Disconnect, Some("other"));
    assert_eq!(fate, Fate::Go);
    assert!(ended < began + 1_000, "{began} to {ended}");
    let (began, ended, fate) = action(&run, Action::Disconnect, Some("memory"));
    assert_eq!(fate, Fate::Delay(7_000));
    assert!(
        (began + 7_000..began + 8_000).contains(&ended),
        "{began} to {ended}"
    );
    // Nothing goes out before the user is there.
    let sent = lines(&run, &["client sends DELETE"]);
    let times = sent
        .iter()
        .map(|line| line.split(' ').next().expect("a time"));
    let times: Vec<u64> = times.map(|time| time.parse().expect("a number")).collect();
    assert!(times[1] >= began + 7_000, "{sent:?}");
}

#[test]
fn a_hop_dies_when_the_user_acts() {
    let run = acted("action: disconnect, at: memory", "halt: nginx");
    assert!(run.findings.unfired.is_empty());
    let (began, _, fate) = action(&run, Action::Disconnect, Some("memory"));
    assert_eq!(fate, Fate::Halt("nginx".into()));
    // The step in which the user acts is the last of its life.
    let died = lines(&run, &["down nginx"]);
    assert_eq!(
        died,
        [format!("{} down nginx halted by the plan", began + 1)]
    );
}

#[test]
fn an_action_on_the_page_has_no_connector() {
    let run = acted("action: reload", "delay: 3s");
    assert!(run.findings.unfired.is_empty());
    let (began, ended, fate) = action(&run, Action::Reload, None);
    assert_eq!(fate, Fate::Delay(3_000));
    assert!(ended >= began + 3_000, "{began} to {ended}");
    // Without an action the first one of any connector, or of none, is meant.
    let run = acted("nth: 3", "delay: 3s");
    let (.., fate) = action(&run, Action::Disconnect, Some("other"));
    assert_eq!(fate, Fate::Delay(3_000));
}
