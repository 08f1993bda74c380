//! The places in a record at which a fault can be injected, each with the trigger that fires there and nowhere before.

use std::ops::Range;

use super::trigger::{self, Trigger, TriggerEvent};
use crate::journal::{Event, Record, RequestSummary};
use crate::server::Tool;

/// A place at which a fault can be injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The entry of the record.
    pub at: usize,
    /// What is seen there.
    pub when: Trigger,
    /// Which of the sightings it is, from 1.
    pub nth: u32,
}

/// The injection points of a record, in order. In `calms`, spans of its entries, nothing is injected; where another fault
/// fired already, that one stands.
#[must_use]
pub fn points(record: &Record, calms: &[Range<usize>]) -> Vec<Point> {
    let mut tracker = trigger::Tracker::default();
    let in_calm = |at: &usize| calms.iter().any(|calm| calm.contains(at));
    let seen: Vec<_> = record
        .entries
        .iter()
        .map(|entry| tracker.see(&entry.event))
        .collect();
    let is_sighting = |when: &Trigger, at: usize| {
        let request = seen[at].as_deref();
        trigger::matches(when, &record.entries[at].event, request, &record.cast)
    };
    let mut points = Vec::new();
    for (at, entry) in record.entries.iter().enumerate() {
        let Some(kind) = TriggerEvent::of(&entry.event) else {
            continue;
        };
        if in_calm(&at) || !entry.fate.is_go() {
            continue;
        }
        let when = when(kind, &entry.event, seen[at].as_deref());
        let before = (0..at).filter(|n| !in_calm(n) && is_sighting(&when, *n));
        let nth = u32::try_from(before.count()).unwrap_or(u32::MAX - 1) + 1;
        points.push(Point { at, when, nth });
    }
    points
}

/// What a file would say of an event.
fn when(kind: TriggerEvent, event: &Event, request: Option<&RequestSummary>) -> Trigger {
    let plain = Trigger {
        event: kind,
        ..Trigger::default()
    };
    match event {
        Event::Http { at, .. } => {
            let rpc = request.and_then(|r| r.rpc.iter().find_map(|rpc| rpc.method.clone()));
            // The HTTP method of what asks for something is known: it is a POST.
            let method = request.filter(|_| rpc.is_none());
            Trigger {
                at: Some(at.to_string()),
                method: method.map(|r| r.method.as_str().to_owned()),
                rpc,
                ..plain
            }
        }
        Event::EffectCommitted { at, tool, .. } => Trigger {
            at: Some(at.to_string()),
            tool: Tool::ALL.into_iter().find(|t| t.as_str() == tool),
            ..plain
        },
        Event::SessionOpened { at, .. } => Trigger {
            at: Some(at.to_string()),
            ..plain
        },
        Event::UserActed { action, server, .. } => Trigger {
            at: server.as_ref().map(ToString::to_string),
            action: Some(*action),
            ..plain
        },
        _ => plain,
    }
}
