//! The words of a scenario file for values that are not its own. The words of its own stand with the forms.

use crate::fault::TriggerEvent;
use crate::journal::{Action, Rung};
use crate::proxy::gateway::LostSession;
use crate::proxy::{BalancePolicy, HopKind};
use crate::server::{Durable, Prompt, Resource, Tool};
use crate::yaml::forms::words;
use crate::yaml::word::Word;

words! {
    /// The argument of what happens at once.
    Now, "times"; Now = "now",
}

impl Word for Tool {
    const WHAT: &'static str = "tools";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|tool| (tool.as_str(), tool)).to_vec()
    }
}

impl Word for Resource {
    const WHAT: &'static str = "resources";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|uri| (uri.as_str(), uri)).to_vec()
    }
}

impl Word for Prompt {
    const WHAT: &'static str = "prompts";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|prompt| (prompt.as_str(), prompt)).to_vec()
    }
}

impl Word for TriggerEvent {
    const WHAT: &'static str = "events";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|(event, name)| (name, event)).to_vec()
    }
}

impl Word for Rung {
    const WHAT: &'static str = "rungs";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|rung| (rung.as_str(), rung)).to_vec()
    }
}

impl Word for Durable {
    const WHAT: &'static str = "things that can outlive a process";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|kept| (kept.as_str(), kept)).to_vec()
    }
}

impl Word for HopKind {
    const WHAT: &'static str = "hops";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|hop| (hop.as_str(), hop)).to_vec()
    }
}

impl Word for LostSession {
    const WHAT: &'static str = "answers to a lost session";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|lost| (lost.as_str(), lost)).to_vec()
    }
}

impl Word for BalancePolicy {
    const WHAT: &'static str = "policies";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|policy| (policy.as_str(), policy)).to_vec()
    }
}

impl Word for Action {
    const WHAT: &'static str = "actions";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|action| (action.as_str(), action)).to_vec()
    }
}
