//! What the taps, the shells and whoever drives them share about one process: whether it still acts, and its open
//! connections. Starting and stopping it is not done here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

use crate::journal::{Fate, ProcessName};

/// The control end of one tap.
#[derive(Debug, Default)]
pub struct TapControl {
    cut: AtomicBool,
    waker: Mutex<Vec<Waker>>,
}

impl TapControl {
    /// Whether the connection is to be cut.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Cuts the connection.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Remembers whom to wake when the control changes.
    pub fn register(&self, waker: &Waker) {
        let mut wakers = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|w| w.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    fn wake(&self) {
        for waker in std::mem::take(&mut *self.waker.lock().unwrap_or_else(PoisonError::into_inner))
        {
            waker.wake();
        }
    }
}

/// The shared state of one process.
#[derive(Debug)]
pub struct Process {
    /// Its name.
    pub name: ProcessName,
    halted: Arc<AtomicBool>,
    stalled: AtomicBool,
    taps: Mutex<Vec<Weak<TapControl>>>,
}

impl Process {
    /// A process of that name that acts.
    #[must_use]
    pub fn new(name: &str) -> Arc<Self> {
        Arc::new(Self {
            name: Arc::from(name),
            halted: Arc::default(),
            stalled: AtomicBool::new(false),
            taps: Mutex::new(Vec::new()),
        })
    }

    /// Whether it has stopped on the spot: nothing of it acts any more, though its tasks still exist until the driver
    /// crashes them between two steps.
    pub fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }

    /// The switch by which it is stopped on the spot, for the journal, whose fates halt processes at once.
    pub fn switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.halted)
    }

    /// Stops it on the spot, or lets a newly started one act.
    pub fn set_halted(&self, halted: bool) {
        self.halted.store(halted, Ordering::Relaxed);
    }

    /// Whether it is stalled: it neither reads nor writes, but lives.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Stalls it or lets it go on.
    pub fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
        if !stalled {
            self.each_tap(|tap| tap.wake());
        }
    }

    /// Lets a fate act between two things that the process does. Returns once it may go on.
    pub async fn undergo(&self, fate: Fate) {
        match fate {
            Fate::Delay(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Fate::Park => std::future::pending().await,
            // A halt may be another process's.
            _ => {}
        }
        if self.is_halted() {
            std::future::pending().await
        }
    }

    /// Cuts all its connections.
    pub fn cut_connections(&self) {
        self.each_tap(TapControl::cut);
    }

    /// Adds a connection.
    pub fn add_tap(&self, control: &Arc<TapControl>) {
        let mut taps = self.taps.lock().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|t| t.strong_count() > 0);
        taps.push(Arc::downgrade(control));
    }

    fn each_tap(&self, act: impl Fn(&TapControl)) {
        let taps: Vec<_> = self
            .taps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        taps.iter()
            .filter_map(Weak::upgrade)
            .for_each(|tap| act(&tap));
    }
}
