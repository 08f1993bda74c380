//! The words of a scenario file for values that are not its own. The words of its own are in `file`.

use super::scalar::Word;
use crate::fault::TriggerEvent;
use crate::journal::Rung;
use crate::server::Durable;
use crate::server::Tool;

impl Word for Tool {
    const WHAT: &'static str = "tools";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|tool| (tool.as_str(), tool)).to_vec()
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
