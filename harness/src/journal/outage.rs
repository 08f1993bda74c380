//! Which faults touched a server's path, and when: a fold over the journal. It decides whether a call counts as lost to
//! an outage, or was in flight when a fault struck. What a call's loss means for the rung is the ladder's business.

use crate::journal::{Entry, Event, ProcessName};

/// One fault's time on a path, as positions in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The entry at which it began.
    pub from: usize,
    /// The entry at which it ended; `None` while it lasts.
    pub to: Option<usize>,
    what: String,
}

/// The faults that touch any of `path`, in order of beginning. A process that is down, a fault that has begun and not
/// healed, and faults of one moment, which begin and end at once and touch every path.
#[must_use]
pub fn outages(entries: &[Entry], path: &[ProcessName]) -> Vec<Outage> {
    let mut outages: Vec<Outage> = Vec::new();
    let touches = |on: &[ProcessName]| on.iter().any(|p| path.contains(p));
    let close = |outages: &mut Vec<Outage>, what: &str, at: usize| {
        for outage in outages
            .iter_mut()
            .filter(|o| o.to.is_none() && o.what == what)
        {
            outage.to = Some(at);
        }
    };
    for (at, entry) in entries.iter().enumerate() {
        match &entry.event {
            Event::FaultBegan { on, .. } if on.is_empty() => {
                outages.push(Outage {
                    from: at,
                    to: Some(at),
                    what: String::new(),
                });
            }
            Event::FaultBegan { fault, on } if touches(on) => {
                outages.push(Outage {
                    from: at,
                    to: None,
                    what: fault.clone(),
                });
            }
            Event::FaultHealed { fault, .. } => close(&mut outages, fault, at),
            Event::ProcessDown { process, .. } if path.contains(process) => {
                outages.push(Outage {
                    from: at,
                    to: None,
                    what: process.to_string(),
                });
            }
            Event::ProcessUp { process } => close(&mut outages, process, at),
            _ => {}
        }
    }
    outages
}

/// Whether something on the path is out at the end of the journal.
#[must_use]
pub fn is_out(entries: &[Entry], path: &[ProcessName]) -> bool {
    outages(entries, path).iter().any(|o| o.to.is_none())
}
