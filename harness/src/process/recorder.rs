//! Records what happens in one run and asks the fault plan what becomes of it. It is synchronous and never yields, so
//! asking changes nothing. What is recorded is `journal`'s; what is decided, `fault`'s.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::app::{Account, Tell};
use crate::fault::{Plan, Unfired};
use crate::journal::{
    CallId, Cast, ConnId, Entry, Event, Fate, ObjectId, ProcessName, Record, ServerName, nonce,
};

/// Where two runs of one cell parted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parting {
    /// The position in the journals.
    pub at: usize,
    /// What the first run has there; `None` if it had ended.
    pub first: Option<Entry>,
    /// What the second run has there; `None` if it had ended.
    pub second: Option<Entry>,
}

impl Parting {
    /// The first entry in which two records differ.
    #[must_use]
    pub fn between(first: &Record, second: &Record) -> Option<Self> {
        let (one, two) = (&first.entries, &second.entries);
        let at = (0..one.len().max(two.len())).find(|n| one.get(*n) != two.get(*n))?;
        Some(Self {
            at,
            first: one.get(at).cloned(),
            second: two.get(at).cloned(),
        })
    }
}

#[derive(Debug)]
enum Keep {
    /// Everything is kept.
    All(Vec<Entry>),
    /// Everything is compared with a record as it comes, and nothing is kept.
    Against(Arc<Record>, Option<Box<Parting>>),
}

#[derive(Debug)]
struct Inner {
    cast: Arc<Cast>,
    now_ms: u64,
    keep: Keep,
    len: usize,
    plan: Plan,
    account: Account,
    halts: Vec<ProcessName>,
    switches: BTreeMap<ProcessName, Arc<AtomicBool>>,
    calls: u32,
    conns: u32,
    objects: u32,
    calm: bool,
    /// The spans of entries in calm; the last one may still be open, and is empty then.
    calms: Vec<Range<usize>>,
    closed: bool,
}

impl Inner {
    fn push(&mut self, entry: Entry) {
        self.account.see(self.len, &entry);
        let at = self.len;
        self.len += 1;
        match &mut self.keep {
            Keep::All(entries) => entries.push(entry),
            Keep::Against(_, Some(_)) => {}
            Keep::Against(record, difference) => {
                let first = record.entries.get(at);
                if first != Some(&entry) {
                    *difference = Some(Box::new(Parting {
                        at,
                        first: first.cloned(),
                        second: Some(entry),
                    }));
                }
            }
        }
    }
}

/// A handle on the recorder of one run. Clones share it.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Mutex<Inner>>);

impl Recorder {
    /// A recorder at time 0 that keeps everything.
    #[must_use]
    pub fn new(cast: Arc<Cast>, plan: Plan) -> Self {
        Self::with(cast, plan, Keep::All(Vec::new()))
    }

    /// A recorder at time 0 that compares everything with a record and keeps nothing.
    #[must_use]
    pub fn against(record: Arc<Record>, plan: Plan) -> Self {
        let cast = Arc::clone(&record.cast);
        Self::with(cast, plan, Keep::Against(record, None))
    }

    fn with(cast: Arc<Cast>, plan: Plan, keep: Keep) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            cast,
            now_ms: 0,
            keep,
            len: 0,
            plan,
            account: Account::default(),
            halts: Vec::new(),
            switches: BTreeMap::new(),
            calls: 0,
            conns: 0,
            objects: 0,
            calm: false,
            calms: Vec::new(),
            closed: false,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held is a harness bug that is already unwinding; the data is still the best account.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the event and asks the plan what becomes of it.
    ///
    /// A [`Fate::Halt`] throws the process's switch at once, and is queued for the driver as well; see
    /// [`add_switch`](Self::add_switch) and [`take_halts`](Self::take_halts).
    pub fn at(&self, event: Event) -> Fate {
        let mut inner = self.inner();
        if inner.closed {
            return Fate::Go;
        }
        // In calm nothing is injected but what its scenario lets last: progress is what is asked for then.
        let calm = inner.calm;
        let fate = inner.plan.decide(&event, calm);
        let at_ms = inner.now_ms;
        inner.push(Entry {
            at_ms,
            event,
            fate: fate.clone(),
        });
        if let Fate::Halt(process) = &fate {
            if let Some(switch) = inner.switches.get(process) {
                switch.store(true, Ordering::Relaxed);
            }
            inner.halts.push(Arc::clone(process));
        }
        fate
    }

    /// Records an event that is no injection point.
    pub fn note(&self, event: Event) {
        let mut inner = self.inner();
        if !inner.closed {
            let entry = Entry::new(inner.now_ms, event);
            inner.push(entry);
        }
    }

    /// Begins or ends a time in which nothing is injected.
    pub fn set_calm(&self, calm: bool) {
        let mut inner = self.inner();
        let at = inner.len;
        match (inner.calm, calm) {
            (false, true) => inner.calms.push(at..at),
            (true, false) => {
                if let Some(last) = inner.calms.last_mut() {
                    last.end = at;
                }
            }
            _ => {}
        }
        inner.calm = calm;
    }

    /// The spans of entries in calm, in order.
    #[must_use]
    pub fn calms(&self) -> Vec<Range<usize>> {
        let inner = self.inner();
        let mut calms = inner.calms.clone();
        if let Some(last) = calms.last_mut().filter(|_| inner.calm) {
            last.end = inner.len;
        }
        calms
    }

    /// Ends the recording: what happens while the world is taken apart is not part of the run.
    pub fn close(&self) {
        self.inner().closed = true;
    }

    /// The step's virtual time in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.inner().now_ms
    }

    /// Sets the step's time. Only the driver does this.
    pub fn set_now_ms(&self, now_ms: u64) {
        self.inner().now_ms = now_ms;
    }

    /// Names the switch of a process: thrown by a fate, nothing of the process may act any more.
    pub fn add_switch(&self, process: ProcessName, switch: Arc<AtomicBool>) {
        self.inner().switches.insert(process, switch);
    }

    /// Takes the processes that fates have halted since the last call.
    pub fn take_halts(&self) -> Vec<ProcessName> {
        std::mem::take(&mut self.inner().halts)
    }

    /// The number of entries so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner().len
    }

    /// Shows the entries from one on, of a recorder that keeps everything; of another one, none.
    pub fn show<T>(&self, from: usize, look: impl FnOnce(&[Entry]) -> T) -> T {
        let inner = self.inner();
        match &inner.keep {
            Keep::All(entries) => look(entries.get(from..).unwrap_or_default()),
            Keep::Against(..) => look(&[]),
        }
    }

    /// Whether nothing was recorded yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The injections that have not fired.
    #[must_use]
    pub fn unfired(&self) -> Vec<Unfired> {
        self.inner().plan.unfired()
    }

    /// Numbers a new connection.
    pub fn new_conn(&self) -> ConnId {
        let mut inner = self.inner();
        inner.conns += 1;
        ConnId(inner.conns)
    }

    /// Numbers a new client object.
    pub fn new_object(&self) -> ObjectId {
        let mut inner = self.inner();
        inner.objects += 1;
        ObjectId(inner.objects)
    }

    /// Takes the record of a recorder that keeps everything; of one that compares, an empty one.
    #[must_use]
    pub fn take_record(&self) -> Record {
        let mut inner = self.inner();
        let entries = match &mut inner.keep {
            Keep::All(entries) => std::mem::take(entries),
            Keep::Against(..) => Vec::new(),
        };
        Record {
            cast: Arc::clone(&inner.cast),
            entries,
        }
    }

    /// Where the run parted from the record that it is compared with; `None` also if it is compared with none.
    #[must_use]
    pub fn difference(&self) -> Option<Parting> {
        let inner = self.inner();
        let Keep::Against(record, difference) = &inner.keep else {
            return None;
        };
        let ended_early = || {
            Some(Parting {
                at: inner.len,
                first: Some(record.entries.get(inner.len)?.clone()),
                second: None,
            })
        };
        difference.as_deref().cloned().or_else(ended_early)
    }
}

impl Tell for Recorder {
    fn at(&self, event: Event) -> Fate {
        Recorder::at(self, event)
    }

    fn note(&self, event: Event) {
        Recorder::note(self, event);
    }

    fn new_call(&self) -> (CallId, String) {
        let mut inner = self.inner();
        inner.calls += 1;
        let call = CallId(inner.calls);
        (call, nonce::nonce(call))
    }

    fn lacks_result(&self, call: CallId, is_tool: bool) -> bool {
        self.inner().account.lacks_result(call, is_tool)
    }

    fn is_out(&self, server: &ServerName) -> bool {
        let inner = self.inner();
        inner.account.is_out(&inner.cast.path_to(server))
    }

    fn is_spoilt(&self, server: &ServerName) -> bool {
        let inner = self.inner();
        let path = inner.cast.path_to(server);
        inner.account.is_spoilt(server, &path)
    }
}
