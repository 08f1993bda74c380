//! Condition variables and semaphores with a time limit, and the helper thread: it wakes those whose time is up, because
//! only this process can, and it breaks connections.

use core::ffi::{c_int, c_void};
use core::sync::atomic::Ordering;

use libc::{pthread_cond_t, pthread_mutex_t, sem_t, timespec};
use stalemate_portal_proto::{FD_HELPER, Memory, ON_CONDITION, ON_SEMAPHORE, WAITS};

use crate::clock::{at, nanoseconds, now};
use crate::memory::{begin, end, map, memory, slot, take};
use crate::network;
use crate::raw::{failed, last_error, real, sys};

type Conditional = unsafe extern "C" fn(*mut pthread_cond_t, *mut pthread_mutex_t) -> c_int;
type SigAction = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;

#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

/// Runs before the program's own code.
extern "C" fn at_start() {
    if map().is_none() {
        return;
    }
    // SAFETY: plain C library calls with live arguments. Nobody else runs yet.
    unsafe {
        let mut thread: libc::pthread_t = core::mem::zeroed();
        let mut attributes: libc::pthread_attr_t = core::mem::zeroed();
        libc::pthread_attr_init(&raw mut attributes);
        libc::pthread_attr_setstacksize(&raw mut attributes, 128 * 1024);
        // Signals are for the program's own threads.
        let (mut all, mut before) = (core::mem::zeroed(), core::mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let none = core::ptr::null_mut();
        libc::pthread_create(&raw mut thread, &raw const attributes, help, none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, core::ptr::null_mut());
        // Without SA_RESTART: a semaphore's wait must end.
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        real!(c"sigaction", c"", SigAction)(
            wake_signal(),
            &raw const action,
            core::ptr::null_mut(),
        );
    }
}

/// The signal that ends a semaphore's wait.
pub(crate) fn wake_signal() -> c_int {
    libc::SIGRTMAX() - 3
}

extern "C" fn nothing(_: c_int) {}

extern "C" fn help(_: *mut c_void) -> *mut c_void {
    loop {
        take(FD_HELPER);
        let Some(memory) = memory() else { continue };
        wake(memory);
        let breaks = memory.breaks.load(Ordering::Acquire);
        if breaks != 0 {
            network::leave_unread(breaks - 1);
            memory.breaks.store(0, Ordering::Release);
        }
    }
}

/// Wakes the threads whose time is up.
fn wake(memory: &Memory) {
    let now = now(memory);
    for slot in &memory.slots {
        let is_due = slot.state.load(Ordering::Acquire) == WAITS
            && slot.deadline.load(Ordering::Acquire) <= now;
        match slot.kind.load(Ordering::Acquire) {
            ON_CONDITION if is_due => {
                slot.fired.store(1, Ordering::Release);
                let at = slot.object.load(Ordering::Acquire) as *mut pthread_cond_t;
                let broadcast = real!(
                    c"pthread_cond_broadcast",
                    c"GLIBC_2.3.2",
                    unsafe extern "C" fn(*mut pthread_cond_t) -> c_int
                );
                // SAFETY: a thread waits on it, so it is alive.
                unsafe { broadcast(at) };
            }
            ON_SEMAPHORE if is_due => {
                slot.fired.store(1, Ordering::Release);
                let thread = slot.thread.load(Ordering::Acquire);
                // SAFETY: a signal with a handler, to a thread of this process.
                unsafe { sys!(SYS_tgkill, sys!(SYS_getpid), thread, wake_signal()) };
            }
            _ => {}
        }
    }
}

/// Waits on a condition variable until the deadline.
///
/// # Safety
/// As `pthread_cond_timedwait`: both are live, and this thread holds the mutex.
unsafe fn condition(
    memory: &'static Memory,
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    deadline: u64,
) -> c_int {
    if now(memory) >= deadline {
        // Late already; others still get their turn with the mutex.
        // SAFETY: the caller holds it.
        unsafe {
            libc::pthread_mutex_unlock(mutex);
            sys!(SYS_sched_yield);
            libc::pthread_mutex_lock(mutex);
        }
        return libc::ETIMEDOUT;
    }
    let (_, slot) = slot(memory);
    begin(slot, ON_CONDITION, deadline, condition as u64);
    // SAFETY: the caller's promises.
    let answer =
        unsafe { real!(c"pthread_cond_wait", c"GLIBC_2.3.2", Conditional)(condition, mutex) };
    end(slot);
    if answer == 0 && slot.fired.load(Ordering::Acquire) == 1 && now(memory) >= deadline {
        return libc::ETIMEDOUT;
    }
    answer
}

/// The clock that a condition variable's deadlines are of: glibc has it in bit 1 of a number at byte 36.
///
/// # Safety
/// It is live.
unsafe fn clock_of(condition: *const pthread_cond_t) -> c_int {
    // SAFETY: the structure has 48 bytes and is aligned to 8.
    let flags = unsafe { condition.cast::<u8>().add(36).cast::<u32>().read() };
    if flags & 2 != 0 {
        libc::CLOCK_MONOTONIC
    } else {
        libc::CLOCK_REALTIME
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_timedwait(
    variable: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    time: *const timespec,
) -> c_int {
    type Real =
        unsafe extern "C" fn(*mut pthread_cond_t, *mut pthread_mutex_t, *const timespec) -> c_int;
    // SAFETY: the caller's arguments and promises, throughout.
    unsafe {
        let Some(memory) = memory() else {
            return real!(c"pthread_cond_timedwait", c"GLIBC_2.3.2", Real)(variable, mutex, time);
        };
        let deadline = at(memory, clock_of(variable), nanoseconds(&*time));
        condition(memory, variable, mutex, deadline)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_clockwait(
    variable: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    clock: c_int,
    time: *const timespec,
) -> c_int {
    type Real = unsafe extern "C" fn(
        *mut pthread_cond_t,
        *mut pthread_mutex_t,
        c_int,
        *const timespec,
    ) -> c_int;
    // SAFETY: the caller's arguments and promises, throughout.
    unsafe {
        let Some(memory) = memory() else {
            return real!(c"pthread_cond_clockwait", c"", Real)(variable, mutex, clock, time);
        };
        let deadline = at(memory, clock, nanoseconds(&*time));
        condition(memory, variable, mutex, deadline)
    }
}

/// Waits for a semaphore until the deadline.
///
/// # Safety
/// It is live.
unsafe fn semaphore(memory: &'static Memory, semaphore: *mut sem_t, deadline: u64) -> c_int {
    // SAFETY: the caller's promise.
    if unsafe { libc::sem_trywait(semaphore) } == 0 {
        return 0;
    }
    if now(memory) >= deadline {
        return failed(libc::ETIMEDOUT);
    }
    let (_, slot) = slot(memory);
    begin(slot, ON_SEMAPHORE, deadline, semaphore as u64);
    // SAFETY: the caller's promise.
    let answer = unsafe { libc::sem_wait(semaphore) };
    end(slot);
    let fired = slot.fired.load(Ordering::Acquire) == 1;
    if answer != 0 && last_error() == libc::EINTR && fired {
        return failed(libc::ETIMEDOUT);
    }
    answer
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_timedwait(sem: *mut sem_t, time: *const timespec) -> c_int {
    type Real = unsafe extern "C" fn(*mut sem_t, *const timespec) -> c_int;
    // SAFETY: the caller's arguments and promises, throughout.
    unsafe {
        let Some(memory) = memory() else {
            return real!(c"sem_timedwait", c"", Real)(sem, time);
        };
        let deadline = at(memory, libc::CLOCK_REALTIME, nanoseconds(&*time));
        semaphore(memory, sem, deadline)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_clockwait(sem: *mut sem_t, clock: c_int, time: *const timespec) -> c_int {
    type Real = unsafe extern "C" fn(*mut sem_t, c_int, *const timespec) -> c_int;
    // SAFETY: the caller's arguments and promises, throughout.
    unsafe {
        let Some(memory) = memory() else {
            return real!(c"sem_clockwait", c"", Real)(sem, clock, time);
        };
        semaphore(memory, sem, at(memory, clock, nanoseconds(&*time)))
    }
}
