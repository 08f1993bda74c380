//! Marks in the code of servers, hops and model clients: which arms of their decisions were ever taken. They are kept only where
//! somebody asks for them, and nothing that is decided or recorded depends on them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// An arm: of whose decisions it is, and its name.
pub type Arm = (&'static str, &'static str);

static KEPT: AtomicBool = AtomicBool::new(false);
static TAKEN: Mutex<BTreeSet<Arm>> = Mutex::new(BTreeSet::new());

/// From here on it is kept which arms are taken, in this process.
pub fn keep() {
    KEPT.store(true, Ordering::Relaxed);
}

/// An arm is taken.
pub fn took(of: &'static str, arm: &'static str) {
    if KEPT.load(Ordering::Relaxed) {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert((of, arm));
    }
}

/// The arms that were taken since [`keep`], in order; `None` if nobody has asked for them.
#[must_use]
pub fn taken() -> Option<BTreeSet<Arm>> {
    let is_kept = KEPT.load(Ordering::Relaxed);
    is_kept.then(|| TAKEN.lock().unwrap_or_else(PoisonError::into_inner).clone())
}
