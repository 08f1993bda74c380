//! A scenario after loading and checking: plain values in which every name is known to exist. How a step is carried out is
//! `sim`'s business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::client::OwnClient;
use super::hops::Hop;
use super::promises::Expectation;
use super::server::Server;
use super::step::Step;
use crate::fault::Injection;

/// One loaded scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Area and file name without its ending, e.g. `incident-48557/ten-steps`.
    pub name: String,
    /// Where it was read from, as the user named it.
    pub file: PathBuf,
    /// What happens and what it shows.
    pub summary: String,
    /// The public report that it reproduces.
    pub report: Option<String>,
    /// The clauses that it is about.
    pub spec: Vec<String>,
    /// The failure modes that it shows.
    pub shows: Vec<String>,
    /// The servers, in the order of the file.
    pub servers: Vec<Server>,
    /// The hops, outermost first.
    pub path: Vec<Hop>,
    /// Machines: names for groups of processes that go down together.
    pub machines: BTreeMap<String, Vec<String>>,
    /// The names of the clients that take part.
    pub clients: Vec<String>,
    /// Those of them that the file itself describes.
    pub own_clients: BTreeMap<String, OwnClient>,
    /// The seeds; never empty.
    pub seeds: Vec<u64>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// Faults that fire when something is seen.
    pub inject: Vec<Injection>,
    /// The promise for each client.
    pub expect: BTreeMap<String, Expectation>,
    /// Violations by servers and hops: party, invariant, reason.
    pub violates: BTreeMap<String, BTreeMap<String, String>>,
}

impl Scenario {
    /// The hops on the way to a server, outermost first.
    #[must_use]
    pub fn way_to(&self, server: &Server) -> Vec<&Hop> {
        let hop = |name: &String| self.path.iter().find(|hop| hop.name == *name);
        match &server.path {
            None => self.path.iter().collect(),
            Some(way) => way.iter().filter_map(hop).collect(),
        }
    }

    /// The scenario without the lines of its steps and injections, so that files that say the same compare as equal.
    #[must_use]
    pub fn without_lines(mut self) -> Self {
        self.steps.iter_mut().for_each(|step| step.line = 0);
        self.inject
            .iter_mut()
            .for_each(|injection| injection.line = 0);
        self
    }
}
