//! Marks in the code of servers, hops and model clients: which arms of their decisions were taken in a run. A run stays on its
//! thread, and nothing that is decided or recorded depends on them.

use std::cell::RefCell;
use std::collections::BTreeSet;

/// An arm: of whose decisions it is, and its name.
pub type Arm = (&'static str, &'static str);

thread_local! {
    static TAKEN: RefCell<Option<BTreeSet<Arm>>> = const { RefCell::new(None) };
}

/// From here on it is kept which arms are taken on this thread, none so far.
pub fn keep() {
    TAKEN.set(Some(BTreeSet::new()));
}

/// An arm is taken.
pub fn took(of: &'static str, arm: &'static str) {
    TAKEN.with_borrow_mut(|taken| {
        if let Some(taken) = taken {
            taken.insert((of, arm));
        }
    });
}

/// The arms that were taken on this thread since [`keep`]; from here on none is kept.
#[must_use]
pub fn taken() -> BTreeSet<Arm> {
    TAKEN.take().unwrap_or_default()
}
