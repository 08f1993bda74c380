//! The fault plan: triggers, which are patterns on the journal, and fates, which say what becomes of the event that
//! matched. A plan only decides; taps, process shells and the application carry fates out.

mod table;
mod trigger;

use std::sync::Arc;

pub use table::{FateKind, admits, admitted, applies};
pub use trigger::{Injection, Trigger, TriggerEvent};

use crate::journal::{Cast, Event, Fate};

#[derive(Clone, Debug)]
struct Rule {
    injection: Injection,
    seen: u32,
    fired: bool,
}

/// The injections of a run and how far each has got.
#[derive(Clone, Debug)]
pub struct Plan {
    rules: Vec<Rule>,
    tracker: trigger::Tracker,
    cast: Arc<Cast>,
}

impl Plan {
    /// A plan of those injections; each fires once at the most. The cast says which process belongs to which server.
    #[must_use]
    pub fn new(injections: &[Injection], cast: Arc<Cast>) -> Self {
        let rule = |injection: &Injection| Rule {
            injection: injection.clone(),
            seen: 0,
            fired: false,
        };
        Self {
            rules: injections.iter().map(rule).collect(),
            tracker: trigger::Tracker::default(),
            cast,
        }
    }

    /// What becomes of the event. The first rule that fires wins; the others still count the sighting.
    pub fn decide(&mut self, event: &Event) -> Fate {
        if self.rules.iter().all(|rule| rule.fired) {
            return Fate::Go;
        }
        let request = self.tracker.see(event);
        let mut decided = Fate::Go;
        for rule in &mut self.rules {
            let fate = &rule.injection.fate;
            if rule.fired
                || !trigger::matches(&rule.injection.when, event, request.as_deref(), &self.cast)
                || !applies(fate, event)
            {
                continue;
            }
            rule.seen += 1;
            if rule.seen == rule.injection.nth && decided.is_go() {
                rule.fired = true;
                decided = fate.clone();
            }
        }
        decided
    }

    /// The lines of the injections that have not fired.
    #[must_use]
    pub fn unfired(&self) -> Vec<u64> {
        let unfired = self.rules.iter().filter(|r| !r.fired);
        unfired.map(|r| r.injection.line).collect()
    }
}
