//! The journal: the ordered list of everything observable in a run. It records, asks the fault plan, and is the only
//! thing that judgements, traces and hashes are made from. It is synchronous and never yields, so asking changes nothing.

mod event;
pub mod outage;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stalemate_wire::Rpc;

pub use event::*;

use crate::fault::{Fate, Plan};

/// One observed event with its place and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step's virtual time in milliseconds since the run began. The order of entries is the order of emission.
    pub at_ms: u64,
    /// What was observed.
    #[serde(flatten)]
    pub event: Event,
}

/// What a message's body says, as far as the journal keeps it.
#[derive(Debug, Default)]
pub struct Reading {
    /// The JSON-RPC messages in it.
    pub rpc: Vec<Rpc>,
    /// The driven call that it asks for.
    pub asks: Option<CallId>,
    /// The driven call that it answers, where it is one only.
    pub answers: Option<CallId>,
    /// A short hash of a notification.
    pub digest: Option<String>,
}

/// How many bodies are remembered: those that are on their way at one time.
const READINGS_KEPT: usize = 16;

#[derive(Debug, Default)]
struct Inner {
    readings: VecDeque<(Vec<u8>, Arc<Reading>)>,
    now_ms: u64,
    entries: Vec<Entry>,
    plan: Plan,
    halts: Vec<ProcessName>,
    switches: BTreeMap<ProcessName, Arc<AtomicBool>>,
    nonces: BTreeMap<String, CallId>,
    next_conn: u32,
    next_object: u32,
    calm: bool,
    closed: bool,
}

/// A handle on the journal of one run. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Inner>>);

impl Journal {
    /// An empty journal at time 0 with that fault plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            plan,
            ..Inner::default()
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held is a harness bug that is already unwinding; the data is still the best account.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
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
        let at_ms = inner.now_ms;
        // In calm nothing is injected: progress is what is asked for then.
        let decided = if inner.calm {
            None
        } else {
            inner.plan.decide(&event)
        };
        inner.entries.push(Entry { at_ms, event });
        let Some((fate, description)) = decided else {
            return Fate::Go;
        };
        inner.entries.push(Entry {
            at_ms,
            event: Event::FaultBegan {
                fault: description,
                on: Vec::new(),
            },
        });
        if let Fate::Halt(process) = &fate {
            let process = Arc::clone(process);
            if let Some(switch) = inner.switches.get(&process) {
                switch.store(true, Ordering::Relaxed);
            }
            inner.halts.push(process);
        }
        fate
    }

    /// Records an event that is no injection point.
    pub fn note(&self, event: Event) {
        let mut inner = self.inner();
        if inner.closed {
            return;
        }
        let at_ms = inner.now_ms;
        inner.entries.push(Entry { at_ms, event });
    }

    /// Begins or ends a time in which nothing is injected.
    pub fn set_calm(&self, calm: bool) {
        self.inner().calm = calm;
    }

    /// Ends the journal: what happens while the world is taken apart is not part of the run.
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

    /// Whether nothing is recorded any more, or from the beginning on.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner().closed
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner().entries.len()
    }

    /// Whether nothing was recorded yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indices, as lines of their scenario, of injections that have not fired.
    #[must_use]
    pub fn unfired(&self) -> Vec<u64> {
        self.inner().plan.unfired()
    }

    /// Folds the entries, without copying them.
    pub fn read<T>(&self, fold: impl FnOnce(&[Entry]) -> T) -> T {
        fold(&self.inner().entries)
    }

    /// A copy of the entries.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.inner().entries.clone()
    }

    /// Numbers a new connection.
    pub fn new_conn(&self) -> ConnId {
        let mut inner = self.inner();
        inner.next_conn += 1;
        ConnId(inner.next_conn)
    }

    /// Numbers a new client object.
    pub fn new_object(&self) -> ObjectId {
        let mut inner = self.inner();
        inner.next_object += 1;
        ObjectId(inner.next_object)
    }

    /// Numbers a new driven call, and remembers the nonce that will stand in its arguments. `nonce` makes the text from
    /// the number.
    pub fn new_call(&self, nonce: impl FnOnce(u32) -> String) -> (CallId, String) {
        let mut inner = self.inner();
        let call = CallId(u32::try_from(inner.nonces.len()).expect("fewer than 2^32 calls") + 1);
        let nonce = nonce(call.0);
        inner.nonces.insert(nonce.clone(), call);
        // What was read before knew nothing of this nonce.
        inner.readings.clear();
        (call, nonce)
    }

    /// What a body says, if it was read lately.
    #[must_use]
    pub fn reading_of(&self, body: &[u8]) -> Option<Arc<Reading>> {
        let inner = self.inner();
        let mut readings = inner.readings.iter().rev();
        readings
            .find(|(known, _)| known == body)
            .map(|(_, reading)| Arc::clone(reading))
    }

    /// Remembers what a body says.
    pub fn keep_reading(&self, body: &[u8], reading: &Arc<Reading>) {
        let mut inner = self.inner();
        if inner.readings.len() == READINGS_KEPT {
            inner.readings.pop_front();
        }
        inner
            .readings
            .push_back((body.to_vec(), Arc::clone(reading)));
    }

    /// The driven call whose nonce is a string anywhere in the value.
    #[must_use]
    pub fn call_in(&self, value: &Value) -> Option<CallId> {
        fn search(value: &Value, nonces: &BTreeMap<String, CallId>) -> Option<CallId> {
            match value {
                Value::String(text) => nonces.get(text).copied(),
                Value::Array(items) => items.iter().find_map(|v| search(v, nonces)),
                Value::Object(map) => map.values().find_map(|v| search(v, nonces)),
                _ => None,
            }
        }
        search(value, &self.inner().nonces)
    }

    /// The driven call whose nonce stands anywhere in the text; `None` if that is none or several.
    #[must_use]
    pub fn only_call_in_text(&self, text: &str) -> Option<CallId> {
        let inner = self.inner();
        let mut found = inner.nonces.iter().filter(|(n, _)| text.contains(*n));
        let (_, call) = found.next()?;
        found.next().is_none().then_some(*call)
    }
}

/// Whether the process is the server's only one, or one of its replicas (`memory-2` of `memory`). It must be one that
/// requests to this server reach: another server may be called `memory-2`.
#[must_use]
pub fn is_process_of(process: &str, server: &str) -> bool {
    process.strip_prefix(server).is_some_and(|rest| {
        let number = rest.strip_prefix('-').unwrap_or_default();
        rest.is_empty() || number.parse::<u32>().is_ok()
    })
}

/// The journal as JSON Lines: one entry a line.
#[must_use]
pub fn json_lines(entries: &[Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        out.push_str(&serde_json::to_string(entry).expect("events are plain data"));
        out.push('\n');
    }
    out
}

/// The first 16 hexadecimal digits of the SHA-256 of [`json_lines`].
#[must_use]
pub fn hash(entries: &[Entry]) -> String {
    Sha256::digest(json_lines(entries))
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect()
}
