//! The memory that is shared with the harness, and this thread's slot in it.

use core::cell::Cell;
use core::ffi::c_int;
use core::sync::atomic::{AtomicPtr, Ordering};

use stalemate_portal_proto::{
    FD_CONTROL, FD_MEMORY, MAGIC, Memory, RUNS, SLOTS, Slot, TRIED_THREADS, WAITS,
};

use crate::raw::sys;

static MEMORY: AtomicPtr<Memory> = AtomicPtr::new(core::ptr::null_mut());

/// The shared memory; `None` where there is no harness.
pub(crate) fn memory() -> Option<&'static Memory> {
    let at = MEMORY.load(Ordering::Acquire);
    // SAFETY: null, or mapped by `map` for good; all of it is atomic.
    unsafe { at.as_ref() }
}

/// Maps the memory if the harness gave one.
pub(crate) fn map() -> Option<&'static Memory> {
    // SAFETY: a new mapping of a descriptor; nothing that exists is replaced.
    let at = unsafe {
        sys!(
            SYS_mmap,
            0,
            size_of::<Memory>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            FD_MEMORY,
            0
        )
    };
    if (-4095..0).contains(&at) {
        return None;
    }
    let memory = at as *mut Memory;
    // SAFETY: just mapped, page-aligned, and never unmapped.
    let is_ours = unsafe { &*memory }.magic.load(Ordering::Acquire) == MAGIC;
    if !is_ours {
        return None;
    }
    MEMORY.store(memory, Ordering::Release);
    self::memory()
}

thread_local! {
    static SLOT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's id.
fn thread() -> u32 {
    // SAFETY: it takes nothing.
    unsafe { sys!(SYS_gettid) as u32 }
}

/// This thread's slot with its number.
pub(crate) fn slot(memory: &'static Memory) -> (usize, &'static Slot) {
    let own = SLOT.get();
    if own != usize::MAX {
        return (own, &memory.slots[own]);
    }
    let thread = thread();
    for _ in 0..2 {
        for (number, slot) in memory.slots.iter().enumerate() {
            let taken =
                slot.thread
                    .compare_exchange(0, thread, Ordering::AcqRel, Ordering::Acquire);
            if taken.is_ok() {
                slot.state.store(RUNS, Ordering::Release);
                SLOT.set(number);
                return (number, slot);
            }
        }
        free_those_gone(memory);
    }
    memory.tried.fetch_or(1 << TRIED_THREADS, Ordering::AcqRel);
    // SAFETY: it takes nothing. There is nothing to go on with: this thread could not be seen.
    unsafe { libc::abort() }
}

/// Frees the slots of threads that have ended.
fn free_those_gone(memory: &Memory) {
    // SAFETY: it takes nothing.
    let process = unsafe { sys!(SYS_getpid) };
    for slot in &memory.slots[..SLOTS] {
        let thread = slot.thread.load(Ordering::Acquire);
        // SAFETY: signal 0 is none: it only asks whether the thread is there.
        let there = unsafe { sys!(SYS_tgkill, process, thread, 0) };
        if there == -(libc::ESRCH as isize) {
            slot.state.store(RUNS, Ordering::Release);
            slot.thread.store(0, Ordering::Release);
        }
    }
}

/// Tells the harness that this thread waits, on what and until when.
pub(crate) fn begin(slot: &Slot, kind: u32, deadline: u64, object: u64) {
    slot.fired.store(0, Ordering::Relaxed);
    slot.kind.store(kind, Ordering::Relaxed);
    slot.object.store(object, Ordering::Relaxed);
    slot.deadline.store(deadline, Ordering::Relaxed);
    slot.state.store(WAITS, Ordering::Release);
    post(FD_CONTROL);
}

/// Tells the harness that this thread goes on.
pub(crate) fn end(slot: &Slot) {
    slot.state.store(RUNS, Ordering::Release);
}

/// Adds one to an eventfd.
fn post(descriptor: c_int) {
    let one = 1u64;
    // SAFETY: eight bytes of a live number are read.
    unsafe { sys!(SYS_write, descriptor, &raw const one, 8) };
}

/// Takes what is in an eventfd; waits for it where the descriptor does.
pub(crate) fn take(descriptor: c_int) {
    let mut value = 0u64;
    // SAFETY: eight bytes of a live number are written.
    unsafe { sys!(SYS_read, descriptor, &raw mut value, 8) };
}
