//! The fault plan: triggers, which are patterns on the journal, and fates, which say what becomes of the event that
//! matched. A plan only decides; taps, process shells and the application carry fates out.

mod points;
mod table;
mod trigger;

use std::fmt;
use std::sync::Arc;

pub use points::{Point, points};
use serde::{Deserialize, Serialize};
pub use table::{FateKind, admits, admitted, applies};
pub use trigger::{Injection, Trigger, TriggerEvent, Until};

use crate::journal::{Cast, Event, Fate};

#[derive(Clone, Debug)]
struct Rule {
    injection: Injection,
    /// How often it fired.
    fired: u32,
    /// What it stops for has come.
    is_over: bool,
    seen: Sightings,
}

/// How often a rule's event was seen, by how much of it was what the rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// Events of that kind.
    pub of_kind: u32,
    /// Those that matched in every part.
    pub matched: u32,
    /// Those of them in calm, where the rule does not apply.
    pub in_calm: u32,
    /// Those at which it would have fired, and another fired first.
    pub lost: u32,
}

/// An injection that never fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfired {
    /// Its line, from 1.
    pub line: u64,
    /// Which of the sightings it waited for.
    pub nth: u32,
    /// What was seen.
    pub seen: Sightings,
}

impl fmt::Display for Unfired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, nth, seen } = self;
        let before = seen.matched - seen.in_calm;
        let times = |n: u32| match n {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        let why = match (seen.of_kind, seen.matched) {
            (0, _) => "such an event was never seen".to_owned(),
            (n, 0) => format!(
                "such an event was seen {}, and never with all that `when` names",
                times(n)
            ),
            (_, n) if before == 0 => format!(
                "it was seen {}, and only in calm, where nothing is injected unless `until` says so",
                times(n)
            ),
            _ if seen.lost > 0 => format!(
                "it was seen {}, and another one fired each time",
                times(before)
            ),
            _ => format!(
                "it was seen {} before calm, and `nth` is {nth}",
                times(before)
            ),
        };
        write!(f, "line {line}: this injection never fired: {why}")
    }
}

impl Rule {
    /// Whether it fires at its next sighting, if that is the `nth` or later.
    fn is_armed(&self, calm: bool) -> bool {
        let survives_calm = matches!(self.injection.until, Some(Until::Acts(_) | Until::End));
        !self.is_spent() && (!calm || survives_calm)
    }

    /// Whether it never fires again.
    fn is_spent(&self) -> bool {
        let may = match (self.injection.times, self.injection.until) {
            (None, None) => 1,
            (None, Some(_)) => u32::MAX,
            (Some(times), _) => times,
        };
        self.is_over || self.fired >= may
    }

    /// Takes note of what it may stop for.
    fn watch(&mut self, event: &Event, calm: bool) {
        let until = self.injection.until;
        self.is_over |= calm && until == Some(Until::Calm);
        if let Event::UserActed { action, .. } = event {
            self.is_over |= until == Some(Until::Acts(*action));
        }
    }
}

/// The injections of a run and how far each has got.
#[derive(Clone, Debug)]
pub struct Plan {
    rules: Vec<Rule>,
    tracker: trigger::Tracker,
    cast: Arc<Cast>,
}

impl Plan {
    /// A plan of those injections. The cast says which process belongs to which server.
    #[must_use]
    pub fn new(injections: &[Injection], cast: Arc<Cast>) -> Self {
        let rule = |injection: &Injection| Rule {
            injection: injection.clone(),
            fired: 0,
            is_over: false,
            seen: Sightings::default(),
        };
        Self {
            rules: injections.iter().map(rule).collect(),
            tracker: trigger::Tracker::default(),
            cast,
        }
    }

    /// What becomes of the event, in calm or not. Each rule counts its own sightings. The first rule that fires wins; one
    /// that would have fired too does at its next sighting.
    pub fn decide(&mut self, event: &Event, calm: bool) -> Fate {
        // What was seen is asked only of a rule that never fired.
        if self.rules.iter().all(|r| r.is_spent() && r.fired > 0) {
            return Fate::Go;
        }
        let request = self.tracker.see(event);
        let kind = TriggerEvent::of(event);
        let mut decided = Fate::Go;
        for rule in &mut self.rules {
            rule.watch(event, calm);
            let when = &rule.injection.when;
            if kind != Some(when.event) {
                continue;
            }
            rule.seen.of_kind += 1;
            let fate = &rule.injection.fate;
            if !trigger::matches(when, event, request.as_deref(), &self.cast) {
                continue;
            }
            rule.seen.matched += 1;
            if !rule.is_armed(calm) || !applies(fate, event) {
                rule.seen.in_calm += u32::from(calm);
                continue;
            }
            if rule.seen.matched - rule.seen.in_calm < rule.injection.nth {
                continue;
            }
            if decided.is_go() {
                rule.fired += 1;
                decided = fate.clone();
            } else {
                rule.seen.lost += 1;
            }
        }
        decided
    }

    /// The injections that have not fired.
    #[must_use]
    pub fn unfired(&self) -> Vec<Unfired> {
        let unfired = self.rules.iter().filter(|r| r.fired == 0);
        let unfired = unfired.map(|r| Unfired {
            line: r.injection.line,
            nth: r.injection.nth,
            seen: r.seen,
        });
        unfired.collect()
    }
}
