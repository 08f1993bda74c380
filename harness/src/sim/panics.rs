//! Panics inside a run come out of it as errors that say what panicked and where. turmoil ends a simulation in which a
//! task panicked with a panic of its own, which names nothing, so the first one is caught by the panic hook.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::sim::error::SimError;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `run`; a panic in it, in a task of its simulation too, becomes an error, and is not printed.
///
/// # Errors
/// That of `run`, or the text and the place of the first panic.
pub fn caught<T>(run: impl FnOnce() -> Result<T, SimError>) -> Result<T, SimError> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !keep(info) {
                before(info);
            }
        }));
    });
    CATCHING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    CATCHING.set(false);
    let first = FIRST.take();
    result.unwrap_or_else(|panic| {
        let text = first.unwrap_or_else(|| text(&*panic).to_owned());
        Err(SimError::Panicked(text))
    })
}

/// Keeps the first panic of a thread that is in a run. Returns whether the thread is in one.
fn keep(info: &PanicHookInfo<'_>) -> bool {
    if !CATCHING.try_with(Cell::get).unwrap_or(false) {
        return false;
    }
    let place = info.location().map_or_else(String::new, |l| {
        format!(", at {}:{}:{}", l.file(), l.line(), l.column())
    });
    let said = format!("{}{place}", text(info.payload()));
    FIRST
        .try_with(|first| {
            if let Ok(mut first) = first.try_borrow_mut() {
                first.get_or_insert(said);
            }
        })
        .is_ok()
}

/// The message of a panic.
pub fn text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
