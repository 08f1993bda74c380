//! The fault plan: triggers, which are patterns on the journal, and fates, which say what becomes of the event that
//! matched. A plan only decides; `world` carries fates out, in taps and process shells.

mod trigger;

use std::sync::Arc;

use stalemate_wire::Response;

use crate::journal::{Event, Message, ProcessName};
use crate::scenario::{FateSpec, Injection};

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It happens. Never yields, so that asking changes nothing.
    Go,
    /// It happens this many milliseconds later; what is behind it on its connection waits too.
    Delay(u64),
    /// Neither it nor anything behind it on its connection happens any more.
    Park,
    /// The connection is cut after that many bytes of the message.
    Cut {
        /// Bytes of the message that still pass; more than it has means all of it.
        after_bytes: u64,
    },
    /// Another response goes out in its place.
    Replace(Response),
    /// The message is lost.
    Drop,
    /// The message goes out twice.
    Duplicate,
    /// The process stops on the spot and dies after the step.
    Halt(ProcessName),
}

/// Whether a fate applies to an event. Everything else is not an injection point.
///
/// | event | Delay, Park, Halt | Cut, Drop, Duplicate | Replace |
/// |---|---|---|---|
/// | a request, a response, an event of a stream | yes | yes | responses only |
/// | an effect, a session opened | yes | no | no |
/// | calls ended, phases, faults, all others | no | no | no |
#[must_use]
pub fn applies(fate: &Fate, event: &Event) -> bool {
    match event {
        Event::Http {
            message: Message::Response(head),
            ..
        } => match fate {
            // A stream has no whole body that could be replaced.
            Fate::Replace(_) => !head.stream,
            _ => true,
        },
        Event::Http {
            message: Message::Request(_) | Message::Sse(_),
            ..
        } => !matches!(fate, Fate::Replace(_)),
        Event::EffectCommitted { .. } | Event::SessionOpened { .. } => {
            matches!(fate, Fate::Go | Fate::Delay(_) | Fate::Park | Fate::Halt(_))
        }
        _ => matches!(fate, Fate::Go),
    }
}

#[derive(Clone, Debug)]
struct Rule {
    injection: Injection,
    seen: u32,
    fired: bool,
}

/// The injections of a run and how far each has got.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Vec<Rule>,
    tracker: trigger::Tracker,
}

impl Plan {
    /// A plan of those injections; each fires once at the most.
    #[must_use]
    pub fn new(injections: &[Injection]) -> Self {
        let rules = injections
            .iter()
            .map(|i| Rule {
                injection: i.clone(),
                seen: 0,
                fired: false,
            })
            .collect();
        Self {
            rules,
            tracker: trigger::Tracker::default(),
        }
    }

    /// What becomes of the event, with a description of the fault, or `None` for [`Fate::Go`]. The first rule that fires
    /// wins; the others still count the sighting.
    pub fn decide(&mut self, event: &Event) -> Option<(Fate, String)> {
        if self.rules.is_empty() {
            return None;
        }
        let sight = self.tracker.see(event);
        let mut decided = None;
        for rule in &mut self.rules {
            let fate = to_fate(&rule.injection.fate);
            if rule.fired
                || !trigger::matches(&rule.injection.when, event, &sight)
                || !applies(&fate, event)
            {
                continue;
            }
            rule.seen += 1;
            if rule.seen == rule.injection.nth && decided.is_none() {
                rule.fired = true;
                decided = Some((fate, describe(&rule.injection.fate)));
            }
        }
        decided
    }

    /// The lines of the injections that have not fired.
    #[must_use]
    pub fn unfired(&self) -> Vec<u64> {
        self.rules
            .iter()
            .filter(|r| !r.fired)
            .map(|r| r.injection.line)
            .collect()
    }
}

fn to_fate(spec: &FateSpec) -> Fate {
    match spec {
        FateSpec::Delay(ms) => Fate::Delay(*ms),
        FateSpec::Park => Fate::Park,
        FateSpec::Cut(after_bytes) => Fate::Cut {
            after_bytes: *after_bytes,
        },
        FateSpec::Drop => Fate::Drop,
        FateSpec::Duplicate => Fate::Duplicate,
        FateSpec::Replace { status, body } => Fate::Replace(Response {
            status: *status,
            headers: [("content-type", "text/plain")].into_iter().collect(),
            body: body.clone().into_bytes(),
        }),
        FateSpec::Halt(process) => Fate::Halt(Arc::from(process.as_str())),
    }
}

/// What a description of a fate, as the journal has it behind the event that met it, means to a reader of that message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It came as it was observed.
    AsObserved,
    /// It came this many milliseconds after it was observed.
    After(u64),
    /// A response with that status came in its place.
    Replaced(u16),
    /// It did not come, or not whole.
    Never,
}

/// Reads the description of a fate back; every other text means [`Delivery::AsObserved`].
#[must_use]
pub fn delivery(description: &str) -> Delivery {
    let number = |before: &str, after: &str| {
        let rest = description.strip_prefix(before)?;
        rest.strip_suffix(after)?.parse::<u64>().ok()
    };
    if let Some(ms) = number("delayed by ", " ms") {
        Delivery::After(ms)
    } else if let Some(status) = number("replaced by a ", "").and_then(|s| u16::try_from(s).ok()) {
        Delivery::Replaced(status)
    } else if ["withheld from here on", "lost"].contains(&description)
        || number("connection cut after ", " bytes").is_some()
        || description.ends_with(" dies here")
    {
        Delivery::Never
    } else {
        Delivery::AsObserved
    }
}

fn describe(spec: &FateSpec) -> String {
    match spec {
        FateSpec::Delay(ms) => format!("delayed by {ms} ms"),
        FateSpec::Park => "withheld from here on".to_owned(),
        FateSpec::Cut(bytes) => format!("connection cut after {bytes} bytes"),
        FateSpec::Drop => "lost".to_owned(),
        FateSpec::Duplicate => "sent twice".to_owned(),
        FateSpec::Replace { status, .. } => format!("replaced by a {status}"),
        FateSpec::Halt(process) => format!("{process} dies here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_can_be_read_back() {
        let replaced = FateSpec::Replace {
            status: 503,
            body: "no".to_owned(),
        };
        for (spec, expected) in [
            (FateSpec::Delay(5000), Delivery::After(5000)),
            (FateSpec::Park, Delivery::Never),
            (FateSpec::Cut(17), Delivery::Never),
            (FateSpec::Drop, Delivery::Never),
            (FateSpec::Duplicate, Delivery::AsObserved),
            (replaced, Delivery::Replaced(503)),
            (FateSpec::Halt("memory".to_owned()), Delivery::Never),
        ] {
            assert_eq!(delivery(&describe(&spec)), expected, "{spec:?}");
        }
        for driver in ["every session of memory expires", "restart of memory"] {
            assert_eq!(delivery(driver), Delivery::AsObserved, "{driver}");
        }
    }
}
