//! Whether the parts of a file exist and fit together; what does becomes a [`Scenario`]. Each part is checked where it is
//! defined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::client::clients;
use super::file::{ScenarioForm, Seed};
use super::hops::{path, ways};
use super::inject::injection;
use super::machines::machines;
use super::model::Scenario;
use super::names::Names;
use super::promises::{Expectation, expectations, violations};
use super::server::servers;
use super::step::{Checker, steps, walk};
use super::vocabulary::Vocabulary;
use crate::yaml::collection::{List, first_time};
use crate::yaml::decode::{At, unknown};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::words::quote;

/// Checks everything. `None` if there is any error, here or before.
pub(super) fn check(
    form: ScenarioForm,
    name: &str,
    file: &Path,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> Option<Scenario> {
    if let Some(url) = &form.report
        && !["https://", "http://"]
            .iter()
            .any(|scheme| url.value.starts_with(scheme))
    {
        let title = format!("{} is no URL", quote(&url.value));
        report.add(Mistake::new(
            url.span,
            title,
            "a URL begins with `https://`",
        ));
    }
    let spec = known_list(form.spec.as_ref(), "clauses", &vocabulary.clauses, report);
    judged(form.spec.as_ref(), vocabulary, report);
    let modes: Vec<String> = vocabulary.modes.keys().cloned().collect();
    let shows = known_list(form.shows.as_ref(), "failure modes", &modes, report);
    let (clients, own_clients) = clients(form.clients.as_ref(), vocabulary, report);
    not_empty(
        form.clients.as_ref(),
        "clients",
        "name at least one client",
        report,
    );
    let mut names = Names {
        complete: form.servers.as_ref().is_some_and(|s| !s.value.0.is_empty())
            && form.path.is_some() == form.given.contains(&"path")
            && form.machines.is_some() == form.given.contains(&"machines"),
        ..Names::default()
    };
    let mut servers = servers(form.servers.as_ref(), vocabulary, &mut names, report);
    let path = path(form.path.as_ref(), &mut names, report);
    ways(
        form.servers.as_ref(),
        &path,
        &mut servers,
        &mut names,
        report,
    );
    machines(form.machines.as_ref(), &mut names, report);
    let seeds = seeds(form.seeds.as_ref(), report);
    not_empty(
        form.steps.as_ref(),
        "steps",
        "begin with e.g. `- add: memory`",
        report,
    );
    let mut actions = Vec::new();
    if let Some(forms) = &form.steps {
        let mut checker = Checker::new(&names, vocabulary, report);
        for step in &forms.value.items {
            actions.extend(steps(step, &mut checker));
        }
        if forms.value.whole && !checker.is_lost {
            walk(&forms.value.items, &names, report);
        }
    }
    let mut injections = Vec::new();
    for form in form.inject.iter().flat_map(|list| &list.items) {
        injections.extend(injection(form, &names, report));
    }
    let listed = form.clients.is_some().then_some(clients.as_slice());
    let expect = expectations(form.expect, listed, vocabulary, report);
    let violates = violations(form.violates, &names, vocabulary, report);
    caught(form.shows.as_ref(), &expect, &violates, vocabulary, report);
    if !report.is_empty() {
        return None;
    }
    Some(Scenario {
        name: name.to_owned(),
        file: file.to_owned(),
        summary: form.summary?.value.trim().to_owned(),
        report: form.report.map(|url| url.value),
        spec,
        shows,
        servers,
        path: path.into_iter().map(|(hop, _)| hop).collect(),
        machines: names.machines,
        clients,
        own_clients,
        seeds,
        steps: actions,
        inject: injections,
        expect,
        violates,
    })
}

fn not_empty<T>(list: Option<&At<List<T>>>, key: &str, help: &str, report: &mut Report<'_>) {
    if let Some(list) = list
        && list.value.whole
        && list.value.items.is_empty()
    {
        let title = format!("a scenario needs {key}");
        report.add(Mistake::new(list.span, title, format!("`{key}` is empty")).help(help));
    }
}

/// A list of names from the vocabulary, each once. Those that are not in it are reported and kept.
fn known_list(
    list: Option<&At<List<At<Text>>>>,
    what: &str,
    known: &[String],
    report: &mut Report<'_>,
) -> Vec<String> {
    let items = list.map_or(&[][..], |list| &list.value.items);
    let mut seen = BTreeMap::new();
    for item in items {
        if first_time(&mut seen, item, report) && !known.contains(&item.value) {
            report.add(unknown(item.span, what, &item.value, known));
        }
    }
    items.iter().map(|item| item.value.clone()).collect()
}

/// That something judges each clause that a scenario is about.
fn judged(list: Option<&At<List<At<Text>>>>, vocabulary: &Vocabulary, report: &mut Report<'_>) {
    for item in list.map_or(&[][..], |list| &list.value.items) {
        let name = &item.value;
        if vocabulary.clauses.contains(name) && !vocabulary.judged_clauses.contains(name) {
            let title = format!("no invariant rests on {name}");
            let finding = Mistake::new(item.span, title, "nothing can exercise it");
            report.add(finding.help("remove it; `stalemate explain CLAUSE` says what it demands, and which invariants rest on it"));
        }
    }
}

/// That each failure mode which a scenario shows is caught by something that it lists as violated.
fn caught(
    list: Option<&At<List<At<Text>>>>,
    expect: &BTreeMap<String, Expectation>,
    violates: &BTreeMap<String, BTreeMap<String, String>>,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) {
    let of_clients = expect.values().flat_map(|promise| &promise.violates);
    let of_others = violates.values().flat_map(BTreeMap::keys);
    let listed: BTreeSet<&String> = of_clients.chain(of_others).collect();
    for item in list.map_or(&[][..], |list| &list.value.items) {
        let catching = vocabulary.modes.get(&item.value);
        if let Some(catching) = catching.filter(|ids| !ids.iter().any(|id| listed.contains(id))) {
            let title = format!("nothing that is listed as violated catches {}", item.value);
            let finding = Mistake::new(item.span, title, "so it is not shown");
            report.add(finding.help(format!(
                "list {} where it is violated, under `expect` or `violates`, or remove {}",
                catching.join(" or "),
                item.value,
            )));
        }
    }
}

fn seeds(list: Option<&At<List<At<Seed>>>>, report: &mut Report<'_>) -> Vec<u64> {
    let Some(list) = list else { return vec![1] };
    not_empty(Some(list), "seeds", "leave `seeds` out for `[1]`", report);
    let mut seen = BTreeMap::new();
    for seed in &list.value.items {
        if let Some(first) = seen.insert(seed.value.0, seed.span) {
            report.add(
                Mistake::new(
                    seed.span,
                    format!("the seed {} is listed twice", seed.value.0),
                    "again here",
                )
                .also(first, "first here")
                .help("remove one of the two"),
            );
        }
    }
    list.value.items.iter().map(|seed| seed.value.0).collect()
}
