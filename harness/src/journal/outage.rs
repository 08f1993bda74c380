//! Which faults touched which processes, and when: a fold over the entries that goes on as they come. It decides whether
//! a call counts as lost to an outage, or was in flight when a fault struck. What a call's loss means for the rung is the
//! ladder's business.

use crate::journal::{Entry, Event, ProcessName};

/// One fault's time, as positions in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The entry at which it began.
    pub from: usize,
    /// The entry at which it ended; `None` while it lasts.
    pub to: Option<usize>,
    /// The processes that it touches; all of them if there is none.
    on: Vec<ProcessName>,
    what: String,
}

impl Outage {
    fn touches(&self, path: &[ProcessName]) -> bool {
        self.on.is_empty() || self.on.iter().any(|p| path.contains(p))
    }
}

/// The faults so far, in order of beginning: a process that is down, a fault that has begun and not healed, and faults of
/// one moment, which begin and end at once and touch every path.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    all: Vec<Outage>,
    open: Vec<usize>,
}

impl Outages {
    /// The faults in those entries.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut outages = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            outages.see(at, entry);
        }
        outages
    }

    /// Takes the entry at that position into account, which follows those that it has seen.
    pub fn see(&mut self, at: usize, entry: &Entry) {
        match &entry.event {
            Event::FaultBegan { fault, on } if !on.is_empty() => self.begin(at, fault, on),
            Event::FaultBegan { .. } => self.moment(at),
            Event::FaultHealed { fault, .. } => self.close(fault, at),
            Event::ProcessDown { process, .. } => {
                self.begin(at, process, std::slice::from_ref(process));
            }
            Event::ProcessUp { process } => self.close(process, at),
            _ => {}
        }
        if !entry.fate.is_go() {
            self.moment(at);
        }
    }

    fn begin(&mut self, at: usize, what: &str, on: &[ProcessName]) {
        self.open.push(self.all.len());
        self.all.push(Outage {
            from: at,
            to: None,
            on: on.to_vec(),
            what: what.to_owned(),
        });
    }

    fn moment(&mut self, at: usize) {
        self.all.push(Outage {
            from: at,
            to: Some(at),
            on: Vec::new(),
            what: String::new(),
        });
    }

    fn close(&mut self, what: &str, at: usize) {
        let all = &mut self.all;
        self.open.retain(|n| {
            let ends = all[*n].what == what;
            if ends {
                all[*n].to = Some(at);
            }
            !ends
        });
    }

    /// The faults that touch any of the processes, in order of beginning.
    pub fn on<'a>(&'a self, path: &'a [ProcessName]) -> impl Iterator<Item = &'a Outage> + Clone {
        self.all.iter().filter(|o| o.touches(path))
    }

    /// The entry at which the last of the troubles that touch any of the processes began; faults that overlap are one.
    #[must_use]
    pub fn last_began(&self, path: &[ProcessName]) -> Option<usize> {
        let mut last: Option<(usize, Option<usize>)> = None;
        for outage in self.on(path) {
            last = Some(match last {
                Some((from, to)) if to.is_none_or(|to| outage.from <= to) => {
                    (from, to.zip(outage.to).map(|(a, b)| a.max(b)))
                }
                _ => (outage.from, outage.to),
            });
        }
        last.map(|(from, _)| from)
    }

    /// Whether something on the path is out after what was seen.
    #[must_use]
    pub fn is_out(&self, path: &[ProcessName]) -> bool {
        self.open.iter().any(|n| self.all[*n].touches(path))
    }

    /// Whether a process was out, or cut off, just before an entry.
    #[must_use]
    pub fn was_out_on(&self, at: usize, process: &ProcessName) -> bool {
        let path = std::slice::from_ref(process);
        let began = self.all.partition_point(|o| o.from < at);
        let mut on = self.all[..began].iter().filter(|o| o.touches(path));
        on.any(|o| o.to.is_none_or(|to| to >= at))
    }

    /// Whether anything at all was out just before an entry.
    #[must_use]
    pub fn was_out(&self, at: usize) -> bool {
        let began = self.all.partition_point(|o| o.from < at);
        self.all[..began]
            .iter()
            .any(|o| o.to.is_none_or(|to| to >= at))
    }
}
