//! Checking steps one by one: each name must exist. Whether a step can be reached is `timeline`'s business.

use crate::journal::CLIENT;
use crate::scenario::Vocabulary;
use crate::scenario::names::Names;
use crate::yaml::decode::At;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;

/// Checks the steps of one scenario.
pub(crate) struct Checker<'c, 'r> {
    /// What there is.
    pub(crate) names: &'c Names,
    /// What can be named.
    pub(crate) vocabulary: &'c Vocabulary,
    /// Whom errors are told.
    pub(crate) report: &'c mut Report<'r>,
    /// Whether a step was about something that is not there: who knows what was meant to be up or down from then on.
    pub(crate) is_lost: bool,
}

impl<'c, 'r> Checker<'c, 'r> {
    /// Before the first step.
    pub(crate) fn new(
        names: &'c Names,
        vocabulary: &'c Vocabulary,
        report: &'c mut Report<'r>,
    ) -> Self {
        Self {
            names,
            vocabulary,
            report,
            is_lost: false,
        }
    }

    /// Whether what a step is about is among `known`; if not, that is reported. `what` names these in the plural.
    pub(crate) fn find(&mut self, name: &At<Text>, known: &[&str], what: &str) -> bool {
        let word = name.value.as_str();
        let exists = word == CLIENT
            || self.names.processes().contains(&word)
            || self.names.machines.contains_key(word);
        self.is_lost |= !exists;
        self.names.find(name, known, what, self.report)
    }

    fn is_server(&mut self, name: &At<Text>) -> bool {
        let names = self.names;
        self.find(name, &names.servers(), "servers")
    }

    /// A server.
    pub(crate) fn server(&mut self, name: &At<Text>) -> Option<String> {
        self.is_server(name).then(|| name.value.clone())
    }

    /// A server that does as the scenario says, which a real one does not.
    pub(crate) fn model(&mut self, name: &At<Text>) -> Option<String> {
        let known = self.is_server(name);
        if self.names.real.contains(&name.value) {
            self.report.add(
                Mistake::new(
                    name.span,
                    "a real server cannot be told to do that",
                    "its sessions and messages are its own",
                )
                .help("remove this step, or use a `dialect` instead of `real`"),
            );
            return None;
        }
        known.then(|| name.value.clone())
    }
}
