//! What a file promises: the rung and the violations of each client, the violations of servers and hops. Whether the
//! promises are kept is judged after a run.

use std::collections::BTreeMap;

use super::names::Names;
use super::vocabulary::Vocabulary;
use crate::invariant::Party;
use crate::journal::Rung;
use crate::yaml::collection::{Entries, List, first_time};
use crate::yaml::decode::{At, unknown};
use crate::yaml::forms::{record, words};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::{self, Yaml};

/// What is promised of one client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectation {
    /// The worst rung over all servers; `None` promises nothing.
    pub rung: Option<Rung>,
    /// Whether the server side itself makes no progress, so that there is no rung.
    pub no_progress: bool,
    /// The client's and the application's violations, by invariant.
    pub violates: Vec<String>,
    /// Why, for the reader.
    pub why: Option<String>,
}

words! {
    /// How far the server side comes.
    Progress, "words here"; Nothing = "none",
}

record! {
    /// What is promised of one client.
    ExpectationForm, "an expectation";
    required {}
    optional {
        /// The worst rung of the recovery ladder over all servers.
        "rung" rung: One<Rung>,
        /// `none` if the server side itself cannot work: a fresh client could not either, and there is no rung.
        "progress" progress: At<One<Progress>>,
        /// The invariants that the client or its application violates.
        "violates" violates: List<At<Text>>,
        /// Why, for the reader.
        "why" why: Text,
    }
}

/// Whose kind it is, in the plural.
fn plural(party: Party) -> &'static str {
    match party {
        Party::Client => "clients",
        Party::Application => "applications",
        Party::Server => "servers",
        Party::Hop => "hops",
    }
}

/// Whether `name` is an invariant of one of the `parties`; if not, that is reported.
fn invariant_of(
    name: &At<Text>,
    parties: &[Party],
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
                plural(*party)
            );
            let expected: Vec<&str> = parties.iter().map(|p| plural(*p)).collect();
            let help = match party {
                Party::Client | Party::Application => {
                    "list it under `expect`, at the client that violates it"
                }
                Party::Server => {
                    "list it under `violates`, at the server that violates it, with the reason"
                }
                Party::Hop => {
                    "list it under `violates`, at the hop that violates it, with the reason"
                }
            };
            report.add(
                Mistake::new(
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
            let plurals: Vec<&str> = parties.iter().map(|p| plural(*p)).collect();
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
                Mistake::new(client.span, title, "not listed under `clients`").help(
                    "add it to `clients`, put right the name that stands there, or remove what is expected of it",
                )
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
                Mistake::new(progress.span, title, "`rung` stands beside it")
                    .help("keep `rung` or `progress`, not both"),
            );
        }
        let violates = form.violates.map(|list| list.items).unwrap_or_default();
        let mut seen = BTreeMap::new();
        for name in &violates {
            if first_time(&mut seen, name, report) {
                invariant_of(
                    name,
                    &[Party::Client, Party::Application],
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
                Mistake::new(party.span, title, "only servers and hops stand here")
                    .help("the violations of clients are listed under `expect`"),
            );
            continue;
        }
        let hop = names.hops.contains(&party.value);
        let known = names.find(&party, &names.parties(), "servers and hops", report);
        let mut violated = BTreeMap::new();
        for (invariant, reason) in reasons.map(|reasons| reasons.0).unwrap_or_default() {
            if known {
                let owner = if hop { Party::Hop } else { Party::Server };
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

impl Expectation {
    /// As the file has it, the client aside.
    pub(super) fn written(&self) -> Yaml {
        let violates = (!self.violates.is_empty()).then(|| Yaml::texts(&self.violates));
        write::Entries::default()
            .with_some("rung", self.rung.map(|rung| Yaml::text(rung.as_str())))
            .with_some("progress", self.no_progress.then(|| Yaml::text("none")))
            .with_some("violates", violates)
            .with_some("why", self.why.as_ref().map(Yaml::text))
            .lines()
    }
}
