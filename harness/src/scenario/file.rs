//! The shape of a whole scenario file, with every place kept. The descriptions go into the JSON Schema. The shapes of its
//! parts stand with what they mean.

use super::client::ClientForm;
use super::hops::HopForm;
use super::inject::InjectionForm;
use super::promises::ExpectationForm;
use super::server::ServerForm;
use super::step::StepForm;
use crate::yaml::collection::{Entries, List};
use crate::yaml::decode::At;
use crate::yaml::forms::record;
use crate::yaml::scalar::{Text, Whole};

record! {
    /// One scenario: who is there, what happens, what is promised.
    ScenarioForm, "a scenario";
    required {
        /// What happens and what it shows, in one sentence.
        "summary" summary: At<Text>,
        /// The MCP servers, by name. Each has a connector of the same name.
        "servers" servers: At<Entries<ServerForm>>,
        /// The clients that take part, e.g. `connector/stale-cache` or `rmcp`, or `{like: …, name: …, …}` for one that is
        /// like a model and differs from it.
        "clients" clients: At<List<ClientForm>>,
        /// What happens, in order. Each step is a map with one verb.
        "steps" steps: At<List<At<StepForm>>>,
    }
    optional {
        /// The public report that the scenario reproduces, as a URL.
        "report" report: At<Text>,
        /// The clauses of the specification that it is about, e.g. `SES-08`.
        "spec" spec: At<List<At<Text>>>,
        /// The failure modes that it shows, e.g. `F2`; each is caught by something that it lists as violated.
        "shows" shows: At<List<At<Text>>>,
        /// Machines: names for groups of servers and hops that go down together.
        "machines" machines: Entries<At<List<At<Text>>>>,
        /// The hops between client and servers, outermost first. Without it clients reach the servers directly.
        "path" path: At<List<HopForm>>,
        /// The seeds to run with; `[1]` if it is missing.
        "seeds" seeds: At<List<At<Seed>>>,
        /// Faults that fire when something is seen.
        "inject" inject: List<At<InjectionForm>>,
        /// What is promised of each client.
        "expect" expect: Entries<ExpectationForm>,
        /// The violations of servers and hops: party, then invariant, then the reason.
        "violates" violates: Entries<Entries<At<Text>>>,
    }
}

/// A seed.
pub(super) type Seed = Whole<0, { u64::MAX }>;
