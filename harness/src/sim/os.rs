//! The one module with `unsafe`: it stands in for the C library's `getrandom`, `getentropy` and `clock_gettime`, so that
//! code which is not ours (a real SDK, `std`'s hash seeds, uuid, rand) follows the run's seed and virtual time.
//!
//! A program's own definition of a C library symbol wins over the shared library's. Each stand-in acts only on a thread
//! that is inside a world (a thread-local switch) and otherwise makes the plain system call, so the rest of the program,
//! its wall-clock limits included, is not affected. Linux only: elsewhere real SDKs run, but not reproducibly.
//! Deliberately absent: files, sockets, threads. A real SDK that uses those is outside what can be promised.

use std::cell::Cell;

/// The virtual date at which every run begins: 2026-01-01T00:00:00Z, in seconds since 1970.
pub const EPOCH_S: u64 = 1_767_225_600;

/// What the monotonic clock shows when a run begins, in milliseconds; above zero because programs subtract from it.
const MONOTONIC_BASE_MS: u64 = 1_000_000;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static NOW_MS: Cell<u64> = const { Cell::new(0) };
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// While it lives, this thread's randomness and clocks are the world's.
#[derive(Debug)]
pub struct Inside(());

/// Enters a world with that seed at virtual time 0.
#[must_use]
pub fn enter(seed: u64) -> Inside {
    NOW_MS.set(0);
    RANDOM.set(seed ^ 0x5DEE_CE66_D1CE_5EED);
    INSIDE.set(true);
    Inside(())
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// Sets the virtual time of this thread's world, in milliseconds since its beginning.
pub fn set_now(now_ms: u64) {
    NOW_MS.set(now_ms);
}

/// Runs `f` with this thread's real clocks and randomness, e.g. to see whether the wall-clock limit has passed.
pub fn outside<T>(f: impl FnOnce() -> T) -> T {
    let inside = INSIDE.replace(false);
    let result = f();
    INSIDE.set(inside);
    result
}

/// Has this process killed when the thread that started it ends, or its process.
pub fn end_with_parent() {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call without memory.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
}

/// The next byte of the thread's stream (SplitMix64; nothing here needs to be unguessable).
#[cfg(target_os = "linux")]
fn next_random() -> u64 {
    let state = RANDOM.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    RANDOM.set(state);
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(target_os = "linux")]
mod symbols {
    use super::{EPOCH_S, INSIDE, MONOTONIC_BASE_MS, NOW_MS, next_random};

    /// # Safety
    /// As `getrandom(2)`: `buf` points to `len` writable bytes.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getrandom(buf: *mut u8, len: usize, flags: u32) -> isize {
        if !INSIDE.try_with(std::cell::Cell::get).unwrap_or(false) {
            // SAFETY: the caller's promise for `buf` and `len` is passed on unchanged.
            return unsafe { libc::syscall(libc::SYS_getrandom, buf, len, flags) as isize };
        }
        // SAFETY: the caller promises `len` writable bytes at `buf`.
        let bytes = unsafe { std::slice::from_raw_parts_mut(buf, len) };
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&next_random().to_le_bytes()[..chunk.len()]);
        }
        len as isize
    }

    /// # Safety
    /// As `getentropy(3)`: `buf` points to `len` writable bytes.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getentropy(buf: *mut u8, len: usize) -> i32 {
        // SAFETY: the caller's promise for `buf` and `len` is passed on unchanged.
        if unsafe { getrandom(buf, len, 0) } == len as isize {
            0
        } else {
            -1
        }
    }

    /// # Safety
    /// As `clock_gettime(2)`: `time` points to a writable `timespec`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> i32 {
        if !INSIDE.try_with(std::cell::Cell::get).unwrap_or(false) {
            // SAFETY: the caller's promise for `time` is passed on unchanged.
            return unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as i32 };
        }
        let since_1970 = matches!(
            clock,
            libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI
        );
        let base_ms = if since_1970 {
            EPOCH_S * 1000
        } else {
            MONOTONIC_BASE_MS
        };
        let ms = base_ms + NOW_MS.get();
        let value = libc::timespec {
            tv_sec: (ms / 1000) as libc::time_t,
            tv_nsec: ((ms % 1000) * 1_000_000) as libc::c_long,
        };
        // SAFETY: the caller promises that `time` is writable.
        unsafe { time.write(value) };
        0
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn clocks_follow_virtual_time_inside_and_real_time_outside() {
        let real = Instant::now();
        {
            let _inside = enter(1);
            let before = Instant::now();
            set_now(1500);
            assert_eq!(Instant::now() - before, Duration::from_millis(1500));
            let date = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            assert_eq!(date, Duration::from_millis(EPOCH_S * 1000 + 1500));
            assert!(outside(Instant::now) >= real);
        }
        assert!(Instant::now() >= real);
    }

    #[test]
    fn randomness_follows_the_seed() {
        use std::hash::{BuildHasher, RandomState};
        let draw = |seed| {
            std::thread::spawn(move || {
                let _inside = enter(seed);
                RandomState::new().hash_one(1)
            })
            .join()
            .unwrap()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
