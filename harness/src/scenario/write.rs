//! Writing a scenario back as a file. What it says of each part is written where that is defined.

use super::model::Scenario;
use crate::yaml::write::{Entries, Yaml};

/// The scenario as the YAML of a file: reading it again gives the same scenario, the lines of its steps aside. Comments,
/// and names of machines in `stall`, `cut` and `partition`, which mean one step a process, are lost.
#[must_use]
pub fn write(scenario: &Scenario) -> String {
    tree(scenario).document()
}

/// Only its promises, `expect` and `violates`, as they stand in a file; empty where there are none.
#[must_use]
pub fn promises(scenario: &Scenario) -> String {
    let promised = with_promises(Entries::default(), scenario);
    match promised.is_empty() {
        true => String::new(),
        false => promised.lines().document(),
    }
}

fn with_promises(all: Entries, scenario: &Scenario) -> Entries {
    let expect = scenario.expect.iter();
    let expect = expect.fold(Entries::default(), |all, (client, promise)| {
        all.with(client, promise.written())
    });
    let violates = scenario.violates.iter();
    let violates = violates.fold(Entries::default(), |all, (party, reasons)| {
        let reasons = reasons.iter().fold(Entries::default(), |all, (id, why)| {
            all.with(id, Yaml::text(why))
        });
        all.with(party, reasons.lines())
    });
    let some = |entries: Entries| (!entries.is_empty()).then(|| entries.lines());
    all.with_some("expect", some(expect))
        .with_some("violates", some(violates))
}

/// The scenario as the tree of its file.
pub(crate) fn tree(scenario: &Scenario) -> Yaml {
    let servers = scenario
        .servers
        .iter()
        .fold(Entries::default(), |all, server| {
            all.with(&server.name, server.written())
        });
    let machines = scenario.machines.iter();
    let machines = machines.fold(Entries::default(), |all, (name, members)| {
        all.with(name, Yaml::texts(members))
    });
    let own = |name| scenario.own_clients.get(name);
    let clients = scenario.clients.iter().map(|name| match own(name) {
        Some(client) => client.written(name),
        None => Yaml::text(name),
    });
    let clients: Vec<Yaml> = clients.collect();
    let clients = match scenario.own_clients.is_empty() {
        true => Yaml::List(clients),
        false => Yaml::Items(clients),
    };
    let path = scenario.path.iter().map(|hop| hop.written()).collect();
    let seeds = scenario.seeds.iter().map(|seed| Yaml::Number(*seed));
    let steps = scenario.steps.iter().map(|step| step.written()).collect();
    let inject = scenario.inject.iter().map(super::inject::written).collect();
    let some = |is_there: bool, value: Yaml| is_there.then_some(value);
    let all = Entries::default()
        .with("summary", Yaml::text(&scenario.summary))
        .with_some("report", scenario.report.as_ref().map(Yaml::text))
        .with_some(
            "spec",
            some(!scenario.spec.is_empty(), Yaml::texts(&scenario.spec)),
        )
        .with_some(
            "shows",
            some(!scenario.shows.is_empty(), Yaml::texts(&scenario.shows)),
        )
        .with("servers", servers.lines())
        .with_some(
            "machines",
            some(!scenario.machines.is_empty(), machines.lines()),
        )
        .with_some("path", some(!scenario.path.is_empty(), Yaml::List(path)))
        .with("clients", clients)
        .with_some(
            "seeds",
            some(scenario.seeds != [1], Yaml::List(seeds.collect())),
        )
        .with("steps", Yaml::Items(steps))
        .with_some(
            "inject",
            some(!scenario.inject.is_empty(), Yaml::Items(inject)),
        );
    with_promises(all, scenario).lines()
}
