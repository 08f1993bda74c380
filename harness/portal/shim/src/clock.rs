//! Clocks: they show the harness's time. The monotonic clock stands for all that count what passes, those of CPU time too.

use core::ffi::{c_int, c_long, c_void};
use core::sync::atomic::Ordering;

use libc::{time_t, timespec, timeval};
use stalemate_portal_proto::{Memory, NEVER};

use crate::memory::memory;
use crate::raw::{answered, sys};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// The monotonic clock, in nanoseconds.
pub(crate) fn now(memory: &Memory) -> u64 {
    memory.monotonic_ns.load(Ordering::Acquire)
}

/// What a clock shows, in nanoseconds.
fn shown(memory: &Memory, clock: c_int) -> u64 {
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => {
            now(memory) + memory.epoch_ns.load(Ordering::Relaxed)
        }
        _ => now(memory),
    }
}

/// The deadline that is so many nanoseconds away.
pub(crate) fn after(memory: &Memory, ns: u64) -> u64 {
    now(memory).saturating_add(ns)
}

/// The deadline that is so many milliseconds away; never for a negative number.
pub(crate) fn after_ms(memory: &Memory, ms: c_int) -> u64 {
    u64::try_from(ms).map_or(NEVER, |ms| after(memory, ms * 1_000_000))
}

/// The deadline at that time of that clock.
pub(crate) fn at(memory: &Memory, clock: c_int, ns: u64) -> u64 {
    if clock == libc::CLOCK_REALTIME {
        ns.saturating_sub(memory.epoch_ns.load(Ordering::Relaxed))
    } else {
        ns
    }
}

/// Nanoseconds of a C time; what is before 0 is 0.
pub(crate) fn nanoseconds(time: &timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(SECOND).saturating_add(rest)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut timespec) -> c_int {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments, unchanged.
        return answered(unsafe { sys!(SYS_clock_gettime, clock, time) }) as c_int;
    };
    let ns = shown(memory, clock);
    let value = timespec {
        tv_sec: (ns / SECOND) as time_t,
        tv_nsec: (ns % SECOND) as c_long,
    };
    // SAFETY: the caller promises that `time` is writable.
    unsafe { time.write(value) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(time: *mut timeval, zone: *mut c_void) -> c_int {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments, unchanged.
        return answered(unsafe { sys!(SYS_gettimeofday, time, zone) }) as c_int;
    };
    let ns = shown(memory, libc::CLOCK_REALTIME);
    if !time.is_null() {
        let value = timeval {
            tv_sec: (ns / SECOND) as time_t,
            tv_usec: (ns % SECOND / 1000) as _,
        };
        // SAFETY: the caller promises that `time` is writable if it is not null.
        unsafe { time.write(value) };
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn time(to: *mut time_t) -> time_t {
    let mut now = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is writable.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    if !to.is_null() {
        // SAFETY: the caller promises that `to` is writable if it is not null.
        unsafe { to.write(now.tv_sec) };
    }
    now.tv_sec
}
