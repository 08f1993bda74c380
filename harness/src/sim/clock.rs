//! Virtual time: which timers are armed, and the jump over idle time. tokio reports each `Sleep` that is armed or reset
//! with its duration, so the deadlines of all timers are known, a real SDK's too. When to jump is the driver's decision.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Metadata, Subscriber};

thread_local! {
    static TIMERS: RefCell<Timers> = const { RefCell::new(Timers::new()) };
}

struct Timers {
    now_ms: u64,
    deadlines: BTreeSet<u64>,
    /// Of each open tokio resource span, whether it is a timer that counts.
    stack: Vec<bool>,
}

impl Timers {
    const fn new() -> Self {
        Self {
            now_ms: 0,
            deadlines: BTreeSet::new(),
            stack: Vec::new(),
        }
    }
}

/// Forgets all timers: a new world begins on this thread at time 0.
pub fn begin() {
    TIMERS.with_borrow_mut(|t| *t = Timers::new());
}

/// Makes this thread's reports known to tracing for every thread's good. Which places report is remembered once for the
/// whole program, and a thread without a subscriber that comes to one first would have it remembered as silent.
pub fn make_known() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
    runtime.block_on(async {
        let sleep = tokio::time::sleep(Duration::from_millis(1));
        tokio::pin!(sleep);
        sleep.as_mut().await;
        sleep.as_mut().reset(tokio::time::Instant::now());
    });
    tracing_core::callsite::rebuild_interest_cache();
    begin();
}

/// Sets the step's time in milliseconds.
pub fn set_now(now_ms: u64) {
    TIMERS.with_borrow_mut(|t| t.now_ms = now_ms);
}

/// Whether a timer may have fired at the end of the step that ends now. What a step arms at its very end is known 1 ms too
/// early, so a deadline counts for two steps.
pub fn has_fired() -> bool {
    TIMERS.with_borrow(|t| {
        let past = t.now_ms.saturating_sub(1);
        t.deadlines.range(past..=t.now_ms).next().is_some()
    })
}

/// The earliest deadline in milliseconds that is not more than 1 ms past. Deadlines of timers that were dropped count
/// too: such a one costs a stop and nothing else.
pub fn next_deadline() -> Option<u64> {
    TIMERS.with_borrow_mut(|t| {
        let past = t.now_ms.saturating_sub(1);
        t.deadlines = t.deadlines.split_off(&past);
        t.deadlines.first().copied()
    })
}

/// Collects tokio's timer reports of this thread. Everything else is disabled.
pub struct TimerReports;

const COUNTED: u64 = 1;
const IGNORED: u64 = 2;

fn is_timer_span(meta: &Metadata<'_>) -> bool {
    meta.is_span() && meta.name() == "runtime.resource" && meta.target().starts_with("tokio::time")
}

fn is_timer_report(meta: &Metadata<'_>) -> bool {
    meta.is_event()
        && meta.target() == "runtime::resource::state_update"
        && meta.fields().field("duration").is_some()
}

impl Subscriber for TimerReports {
    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if self.enabled(meta) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        is_timer_span(meta) || is_timer_report(meta)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        // turmoil ends each of its steps by a sleep of its own, which is no deadline of the simulated world.
        let mut of_turmoil = OfTurmoil(false);
        span.record(&mut of_turmoil);
        Id::from_u64(if of_turmoil.0 { IGNORED } else { COUNTED })
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut report = Report(None);
        event.record(&mut report);
        let Some(duration_ms) = report.0 else { return };
        TIMERS.with_borrow_mut(|t| {
            if t.stack.last() == Some(&true) {
                let deadline = t.now_ms.saturating_add(duration_ms);
                t.deadlines.insert(deadline);
            }
        });
    }

    fn enter(&self, id: &Id) {
        TIMERS.with_borrow_mut(|t| t.stack.push(id.into_u64() == COUNTED));
    }

    fn exit(&self, _: &Id) {
        TIMERS.with_borrow_mut(|t| {
            t.stack.pop();
        });
    }
}

struct OfTurmoil(bool);

impl Visit for OfTurmoil {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "loc.file" {
            self.0 = value.contains("turmoil") && value.ends_with("rt.rs");
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

struct Report(Option<u64>);

impl Visit for Report {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "duration" {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Moves the clocks of all hosts at once. Each host runs [`Jumper::serve`] beside its software.
#[derive(Clone, Default)]
pub struct Jumper(Rc<JumperState>);

#[derive(Default)]
struct JumperState {
    by_ms: Cell<u64>,
    hosts: RefCell<Vec<Rc<Notify>>>,
}

impl Jumper {
    /// Asks every host to advance its clock in the coming step.
    pub fn jump(&self, by_ms: u64) {
        self.0.by_ms.set(by_ms);
        self.0
            .hosts
            .borrow_mut()
            .retain(|host| Rc::strong_count(host) > 1);
        self.0
            .hosts
            .borrow()
            .iter()
            .for_each(|host| host.notify_one());
    }

    /// Advances this host's clock whenever it is asked to, until it is dropped. Registers the host at once.
    pub fn serve(&self) -> impl Future<Output = ()> + 'static {
        let notify = Rc::new(Notify::new());
        self.0.hosts.borrow_mut().push(Rc::clone(&notify));
        let state = Rc::clone(&self.0);
        async move {
            loop {
                notify.notified().await;
                tokio::time::advance(Duration::from_millis(state.by_ms.get())).await;
            }
        }
    }
}
