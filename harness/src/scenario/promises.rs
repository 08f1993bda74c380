//! What a file promises: the rung and the violations of each client, the violations of servers and hops. Whether the
//! promises are kept is judged after a run.

use std::collections::BTreeMap;

use super::cast::Names;
use super::check::first_time;
use super::decode::{At, Entries, unknown};
use super::diagnose::{Finding, Report};
use super::file::ExpectationForm;
use super::load::{InvariantParty, Vocabulary};
use super::model::Expectation;
use super::scalar::Text;
use super::words::quote;

/// Whether `name` is an invariant of one of the `parties`; if not, that is reported.
fn invariant_of(
    name: &At<Text>,
    parties: &[InvariantParty],
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) {
    let found = vocabulary
        .invariants
        .iter()
        .find(|(id, _)| *id == name.value);
    match found {
        Some((_, party)) if parties.contains(party) => {}
        Some((_, party)) => {
            let title = format!(
                "{} is an invariant of {}",
                quote(&name.value),
                party.plural()
            );
            let expected: Vec<&str> = parties.iter().map(|p| p.plural()).collect();
            let help = match party {
                InvariantParty::Client | InvariantParty::Application => {
                    "list it under `expect`, at the client that violates it"
                }
                InvariantParty::Server => {
                    "list it under `violates`, at the server that violates it, with the reason"
                }
                InvariantParty::Hop => {
                    "list it under `violates`, at the hop that violates it, with the reason"
                }
            };
            report.add(
                Finding::new(
                    name.span,
                    title,
                    format!("only invariants of {} stand here", expected.join(" and ")),
                )
                .help(help),
            );
        }
        None => {
            let known: Vec<&str> = vocabulary
                .invariants
                .iter()
                .filter(|(_, party)| parties.contains(party))
                .map(|(id, _)| id.as_str())
                .collect();
            let plurals: Vec<&str> = parties.iter().map(|p| p.plural()).collect();
            let what = format!("invariants of {}", plurals.join(" and "));
            report.add(unknown(name.span, &what, &name.value, &known));
        }
    }
}

/// The promises by client. `listed` are the scenario's clients, `None` if they could not be read.
pub(super) fn expectations(
    entries: Option<Entries<ExpectationForm>>,
    listed: Option<&[String]>,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> BTreeMap<String, Expectation> {
    let mut promises = BTreeMap::new();
    for (client, form) in entries.map(|entries| entries.0).unwrap_or_default() {
        if let Some(listed) = listed
            && !listed.contains(&client.value)
        {
            let finding = if vocabulary.clients.contains(&client.value) {
                let title = format!("the client {} does not take part", quote(&client.value));
                Finding::new(client.span, title, "not listed under `clients`")
                    .help("add it to `clients`, or remove what is expected of it")
            } else {
                unknown(
                    client.span,
                    "clients of this scenario",
                    &client.value,
                    listed,
                )
            };
            report.add(finding);
        }
        let Some(form) = form else { continue };
        if let (Some(_), Some(progress)) = (form.rung, &form.progress) {
            let title = "where nothing makes progress there is no rung";
            report.add(
                Finding::new(progress.span, title, "`rung` stands beside it")
                    .help("keep `rung` or `progress`, not both"),
            );
        }
        let violates = form.violates.map(|list| list.items).unwrap_or_default();
        let mut seen = BTreeMap::new();
        for name in &violates {
            if first_time(&mut seen, name, report) {
                invariant_of(
                    name,
                    &[InvariantParty::Client, InvariantParty::Application],
                    vocabulary,
                    report,
                );
            }
        }
        let promise = Expectation {
            rung: form.rung.map(|rung| rung.0),
            no_progress: form.progress.is_some(),
            violates: violates.into_iter().map(|name| name.value).collect(),
            why: form.why.map(|why| why.trim().to_owned()),
        };
        promises.insert(client.value, promise);
    }
    promises
}

/// The violations of servers and hops.
pub(super) fn violations(
    entries: Option<Entries<Entries<At<Text>>>>,
    names: &Names,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for (party, reasons) in entries.map(|entries| entries.0).unwrap_or_default() {
        let client = vocabulary.clients.contains(&party.value);
        if client && !names.servers.contains(&party.value) {
            let title = format!("{} is a client", quote(&party.value));
            report.add(
                Finding::new(party.span, title, "only servers and hops stand here")
                    .help("the violations of clients are listed under `expect`"),
            );
            continue;
        }
        let hop = names.hops.contains(&party.value);
        let known = names.find(&party, &names.parties(), "servers and hops", report);
        let mut violated = BTreeMap::new();
        for (invariant, reason) in reasons.map(|reasons| reasons.0).unwrap_or_default() {
            if known {
                let owner = if hop {
                    InvariantParty::Hop
                } else {
                    InvariantParty::Server
                };
                invariant_of(&invariant, &[owner], vocabulary, report);
            }
            if let Some(reason) = reason {
                violated.insert(invariant.value, reason.value.trim().to_owned());
            }
        }
        all.insert(party.value, violated);
    }
    all
}
