//! The names that a file can use in one place and that stand in another: servers, hops, machines and processes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::journal::CLIENT;
use crate::proxy::HopKind;
use crate::server::{Dialect, Durable};
use crate::yaml::decode::{At, unknown};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::words::{list, quote};

/// The longest name of a server or machine, in characters.
const LONGEST_NAME: usize = 32;

/// The names of one scenario.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The servers, in the order of the file.
    pub(super) servers: Vec<String>,
    /// Those of them that are real.
    pub(super) real: Vec<String>,
    /// The others: the dialect that each begins with, and what outlives its processes.
    pub(super) models: BTreeMap<String, (Arc<Dialect>, Durable)>,
    /// The hops, outermost first.
    pub(super) hops: Vec<String>,
    /// The hops on the way to each server, outermost first.
    pub(super) ways: BTreeMap<String, Vec<String>>,
    /// The machines and their processes.
    pub(super) machines: BTreeMap<String, Vec<String>>,
    /// The processes of each server that consists of several, with the place of `replicas`.
    pub(super) replicas: BTreeMap<String, (Vec<String>, Span)>,
    /// Whether that is all; if a part could not be read, names are not looked up, lest one error becomes many.
    pub(super) complete: bool,
}

impl Names {
    /// Servers and hops.
    pub(super) fn parties(&self) -> Vec<&str> {
        let all = self.servers.iter().chain(&self.hops);
        all.map(String::as_str).collect()
    }

    /// Servers, hops, and the processes of servers that consist of several.
    pub(super) fn processes(&self) -> Vec<&str> {
        let mut all = self.parties();
        let replicas = self.replicas.values().flat_map(|(processes, _)| processes);
        all.extend(replicas.map(String::as_str));
        all
    }

    /// Whether it is one of the processes of a server that consists of several.
    pub(super) fn is_replica(&self, name: &str) -> bool {
        let mut replicas = self.replicas.values().flat_map(|(processes, _)| processes);
        replicas.any(|process| process == name)
    }

    /// The processes that a server, hop or machine stands for.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        if let Some((processes, _)) = self.replicas.get(name) {
            return processes.clone();
        }
        match self.machines.get(name) {
            Some(processes) => processes.clone(),
            None => vec![name.to_owned()],
        }
    }

    /// The server that a name stands for, or a process of which it is.
    pub(super) fn server_of<'n>(&'n self, name: &str) -> Option<&'n str> {
        let is_of = |server: &&String| {
            let replicas = self.replicas.get(*server).map(|(processes, _)| processes);
            **server == name || replicas.is_some_and(|all| all.iter().any(|p| p == name))
        };
        self.servers.iter().find(is_of).map(String::as_str)
    }

    /// Servers alone.
    pub(super) fn servers(&self) -> Vec<&str> {
        self.servers.iter().map(String::as_str).collect()
    }

    /// Whether the name is among `known`; if not, that is reported. `what` names them in the plural.
    pub(super) fn find(
        &self,
        name: &At<Text>,
        known: &[&str],
        what: &str,
        report: &mut Report<'_>,
    ) -> bool {
        let word = &name.value;
        if known.contains(&word.as_str()) {
            return true;
        }
        if !self.complete {
            return false;
        }
        if HopKind::ALL.iter().any(|hop| hop.as_str() == word) && !self.hops.contains(word) {
            report.add(
                Mistake::new(
                    name.span,
                    format!("{} is not on the path", quote(word)),
                    "this hop does not take part",
                )
                .help(format!("add `{word}` to `path`, or name another")),
            );
        } else {
            report.add(unknown(name.span, what, word, known));
        }
        false
    }
}

/// Whether a server or machine can have that name.
pub(super) fn fit(name: &At<Text>, what: &str, report: &mut Report<'_>) {
    // Names that no server and no machine can have: those of the other processes.
    fit_beside(name, what, &HopKind::ALL, report);
}

/// Whether a hop of that kind can have that name: not that of another kind.
pub(super) fn fit_hop(name: &At<Text>, kind: HopKind, report: &mut Report<'_>) {
    let others: Vec<HopKind> = HopKind::ALL.into_iter().filter(|k| *k != kind).collect();
    fit_beside(name, "a hop", &others, report);
}

fn fit_beside(name: &At<Text>, what: &str, kinds: &[HopKind], report: &mut Report<'_>) {
    let word = name.value.as_str();
    let hops = kinds.iter().map(|kind| kind.as_str());
    let taken: Vec<&str> = [CLIENT].into_iter().chain(hops).collect();
    if taken.contains(&word) {
        let title = format!("{what} cannot be called {}", quote(word));
        report.add(
            Mistake::new(name.span, title, "this name is taken")
                .help(format!("choose a name other than {}", list(&taken))),
        );
        return;
    }
    let plain = word
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && word.starts_with(|c: char| c.is_ascii_lowercase());
    if !plain || word.len() > LONGEST_NAME {
        let title = format!("{} cannot be the name of {what}", quote(word));
        report.add(Mistake::new(name.span, title, "not a plain name").help(format!(
            "a name is a lower-case letter, then lower-case letters, digits and `-`, {LONGEST_NAME} characters at the most"
        )));
    }
}
