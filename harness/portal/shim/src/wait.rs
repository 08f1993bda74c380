//! Waits on descriptors and sleeps. Each is first tried without waiting; where nothing is ready, the thread says until
//! when it waits, and then really waits for its descriptors or for the harness.

use core::ffi::{c_int, c_long, c_uint};

use libc::{epoll_event, fd_set, nfds_t, pollfd, sigset_t, timespec, timeval};
use stalemate_portal_proto::{FD_SLOTS, Memory, NEVER, ON_DESCRIPTORS};

use crate::clock::{after, after_ms, at, nanoseconds, now};
use crate::memory::{begin, end, memory, slot, take};
use crate::raw::{answered, failed, sys};

static NO_TIME: timespec = timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
/// The size of the kernel's signal set, in bytes.
const MASK_LEN: usize = 8;

/// Waits until `ready` gives something or virtual time is at the deadline: its answer, 0, or the error of a wait that a
/// signal broke.
///
/// # Safety
/// `mask` is null or a signal set.
pub(crate) unsafe fn wait(
    memory: &'static Memory,
    on: &[pollfd],
    deadline: u64,
    mask: *const sigset_t,
    mut ready: impl FnMut() -> isize,
) -> isize {
    let (number, slot) = slot(memory);
    let wakes = FD_SLOTS + number as c_int;
    let own = pollfd {
        fd: wakes,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut few = [own; 8];
    let mut many;
    let all = if on.len() < few.len() {
        few[..on.len()].copy_from_slice(on);
        &mut few[..=on.len()]
    } else {
        many = on.to_vec();
        many.push(own);
        &mut many[..]
    };
    begin(slot, ON_DESCRIPTORS, deadline, 0);
    let answer = loop {
        all.iter_mut().for_each(|p| p.revents = 0);
        // SAFETY: `all` is a live slice; the caller vouches for the mask.
        let polled = unsafe { sys!(SYS_ppoll, all.as_mut_ptr(), all.len(), 0, mask, MASK_LEN) };
        if polled < 0 {
            break polled;
        }
        if all[on.len()].revents != 0 {
            take(wakes);
        }
        let answer = ready();
        if answer != 0 {
            break answer;
        }
        if now(memory) >= deadline {
            break 0;
        }
    };
    end(slot);
    answer
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_pwait(
    epoll: c_int,
    events: *mut epoll_event,
    max: c_int,
    ms: c_int,
    mask: *const sigset_t,
) -> c_int {
    let go = |ms: c_int| {
        // SAFETY: the caller's arguments, but for the time.
        unsafe { sys!(SYS_epoll_pwait, epoll, events, max, ms, mask, MASK_LEN) }
    };
    let Some(memory) = memory() else {
        return answered(go(ms)) as c_int;
    };
    let first = go(0);
    if first != 0 || ms == 0 {
        return answered(first) as c_int;
    }
    let on = [pollfd {
        fd: epoll,
        events: libc::POLLIN,
        revents: 0,
    }];
    // SAFETY: the caller vouches for the mask.
    answered(unsafe { wait(memory, &on, after_ms(memory, ms), mask, || go(0)) }) as c_int
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_wait(
    epoll: c_int,
    events: *mut epoll_event,
    max: c_int,
    ms: c_int,
) -> c_int {
    // SAFETY: the caller's arguments; no mask.
    unsafe { epoll_pwait(epoll, events, max, ms, core::ptr::null()) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_pwait2(
    epoll: c_int,
    events: *mut epoll_event,
    max: c_int,
    time: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the caller promises a time or null.
    let ms = unsafe { time.as_ref() }.map_or(-1, |time| {
        let ms = nanoseconds(time).div_ceil(1_000_000);
        c_int::try_from(ms).unwrap_or(c_int::MAX)
    });
    // SAFETY: the caller's arguments.
    unsafe { epoll_pwait(epoll, events, max, ms, mask) }
}

/// Polls until the deadline; without one, just once.
///
/// # Safety
/// `on` points to `count` descriptors; `mask` is null or a signal set.
unsafe fn poll_until(
    memory: &'static Memory,
    on: *mut pollfd,
    count: nfds_t,
    deadline: Option<u64>,
    mask: *const sigset_t,
) -> isize {
    let go = || {
        // SAFETY: the caller vouches for the descriptors.
        unsafe { sys!(SYS_ppoll, on, count, &raw const NO_TIME, 0, MASK_LEN) }
    };
    let first = go();
    let Some(deadline) = deadline.filter(|_| first == 0) else {
        return first;
    };
    let copy = if count == 0 {
        Vec::new()
    } else {
        // SAFETY: the caller promises `count` of them.
        unsafe { core::slice::from_raw_parts(on, count as usize) }.to_vec()
    };
    // SAFETY: the caller vouches for the mask.
    unsafe { wait(memory, &copy, deadline, mask, go) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn poll(on: *mut pollfd, count: nfds_t, ms: c_int) -> c_int {
    let Some(memory) = memory() else {
        let time = timespec {
            tv_sec: c_long::from(ms / 1000),
            tv_nsec: c_long::from(ms % 1000) * 1_000_000,
        };
        let time = if ms < 0 {
            core::ptr::null()
        } else {
            &raw const time
        };
        // SAFETY: the caller's arguments.
        return answered(unsafe { sys!(SYS_ppoll, on, count, time, 0, MASK_LEN) }) as c_int;
    };
    let deadline = (ms != 0).then(|| after_ms(memory, ms));
    // SAFETY: the caller's arguments; no mask.
    answered(unsafe { poll_until(memory, on, count, deadline, core::ptr::null()) }) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __poll_chk(on: *mut pollfd, count: nfds_t, ms: c_int, _: usize) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { poll(on, count, ms) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ppoll(
    on: *mut pollfd,
    count: nfds_t,
    time: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments.
        return answered(unsafe { sys!(SYS_ppoll, on, count, time, mask, MASK_LEN) }) as c_int;
    };
    // SAFETY: the caller promises a time or null.
    let deadline = until(memory, unsafe { time.as_ref() }.map(nanoseconds));
    // SAFETY: the caller's arguments.
    answered(unsafe { poll_until(memory, on, count, deadline, mask) }) as c_int
}

/// The deadline of a wait of so many nanoseconds: never without a number, `None` for no wait at all.
fn until(memory: &Memory, ns: Option<u64>) -> Option<u64> {
    match ns {
        None => Some(NEVER),
        Some(0) => None,
        Some(ns) => Some(after(memory, ns)),
    }
}

/// `select` until the deadline; without one, just once.
///
/// # Safety
/// Each set is null or a descriptor set.
unsafe fn select_until(
    memory: &'static Memory,
    count: c_int,
    sets: [*mut fd_set; 3],
    deadline: Option<u64>,
    mask: *const sigset_t,
) -> c_int {
    let wanted = [libc::POLLIN, libc::POLLOUT, libc::POLLPRI];
    let counts_as = [
        libc::POLLIN | libc::POLLHUP | libc::POLLERR,
        libc::POLLOUT | libc::POLLERR,
        libc::POLLPRI,
    ];
    let mut on = Vec::new();
    for fd in 0..count {
        let mut events = 0;
        for (set, event) in sets.iter().zip(wanted) {
            // SAFETY: the caller promises a set or null, and `fd` is below its count.
            if !set.is_null() && unsafe { libc::FD_ISSET(fd, *set) } {
                events |= event;
            }
        }
        if events != 0 {
            on.push(pollfd {
                fd,
                events,
                revents: 0,
            });
        }
    }
    // SAFETY: `on` is a live vector; the caller vouches for the mask.
    let answer = unsafe { poll_until(memory, on.as_mut_ptr(), on.len() as nfds_t, deadline, mask) };
    if answer < 0 {
        return answered(answer) as c_int;
    }
    let mut found = 0;
    for (n, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_null()) {
        for p in &on {
            let is_ready = p.events & wanted[n] != 0 && p.revents & counts_as[n] != 0;
            // SAFETY: `fd` was below the count of this set.
            unsafe {
                if is_ready {
                    libc::FD_SET(p.fd, *set);
                    found += 1;
                } else {
                    libc::FD_CLR(p.fd, *set);
                }
            }
        }
    }
    found
}

#[unsafe(no_mangle)]
unsafe extern "C" fn select(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    other: *mut fd_set,
    time: *mut timeval,
) -> c_int {
    // SAFETY: the caller promises a time or null.
    let ns = unsafe { time.as_ref() }.map(|time| {
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let rest = u64::try_from(time.tv_usec).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000) + rest * 1000
    });
    let Some(memory) = memory() else {
        let spec = timespec {
            tv_sec: (ns.unwrap_or(0) / 1_000_000_000) as _,
            tv_nsec: (ns.unwrap_or(0) % 1_000_000_000) as _,
        };
        let spec = ns.map_or(core::ptr::null(), |_| &raw const spec);
        // SAFETY: the caller's arguments.
        return answered(unsafe { sys!(SYS_pselect6, count, read, write, other, spec, 0) })
            as c_int;
    };
    let deadline = until(memory, ns);
    // SAFETY: the caller's sets; no mask.
    unsafe {
        select_until(
            memory,
            count,
            [read, write, other],
            deadline,
            core::ptr::null(),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pselect(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    other: *mut fd_set,
    time: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let Some(memory) = memory() else {
        let sized = [mask as usize, MASK_LEN];
        // SAFETY: the caller's arguments, the mask with its size as the kernel wants it.
        let answer = unsafe {
            sys!(
                SYS_pselect6,
                count,
                read,
                write,
                other,
                time,
                sized.as_ptr()
            )
        };
        return answered(answer) as c_int;
    };
    // SAFETY: the caller promises a time or null.
    let deadline = until(memory, unsafe { time.as_ref() }.map(nanoseconds));
    // SAFETY: the caller's sets and mask.
    unsafe { select_until(memory, count, [read, write, other], deadline, mask) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: c_int,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments.
        return -unsafe { sys!(SYS_clock_nanosleep, clock, flags, time, left) } as c_int;
    };
    // SAFETY: the caller promises a time.
    let ns = nanoseconds(unsafe { &*time });
    let deadline = if flags & libc::TIMER_ABSTIME != 0 {
        at(memory, clock, ns)
    } else {
        after(memory, ns)
    };
    // SAFETY: no mask.
    let answer = unsafe { wait(memory, &[], deadline, core::ptr::null(), || 0) };
    -answer as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
    // SAFETY: the caller's arguments.
    match unsafe { clock_nanosleep(libc::CLOCK_MONOTONIC, 0, time, left) } {
        0 => 0,
        error => failed(error),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn usleep(us: c_uint) -> c_int {
    let time = timespec {
        tv_sec: (us / 1_000_000).into(),
        tv_nsec: c_long::from(us % 1_000_000) * 1000,
    };
    // SAFETY: a live time.
    unsafe { nanosleep(&raw const time, core::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sleep(s: c_uint) -> c_uint {
    let time = timespec {
        tv_sec: s.into(),
        tv_nsec: 0,
    };
    // SAFETY: a live time.
    unsafe { nanosleep(&raw const time, core::ptr::null_mut()) };
    0
}
