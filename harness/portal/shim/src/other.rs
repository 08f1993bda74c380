//! What else would let the machine through: system calls made by number, processes of the program's own, and the
//! processor's frequency.

use core::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use core::sync::atomic::Ordering;

use libc::{epoll_event, nfds_t, pollfd, sigset_t, timespec};
use stalemate_portal_proto::TRIED_FORK;

use crate::locks::wake_signal;
use crate::memory::memory;
use crate::random::getrandom;
use crate::raw::{answered, call, failed, real, sys};
use crate::wait::{epoll_pwait, epoll_pwait2, ppoll};

/// `syscall(2)` takes its arguments one by one in C; with whole numbers they arrive in the same registers.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    // SAFETY: the caller's arguments and promises, throughout.
    unsafe {
        if memory().is_some() {
            match number {
                libc::SYS_getrandom => {
                    return getrandom(a as *mut c_void, b, c as c_uint) as c_long;
                }
                libc::SYS_clock_gettime => {
                    return libc::clock_gettime(a as c_int, b as *mut timespec).into();
                }
                libc::SYS_gettimeofday => {
                    return libc::gettimeofday(a as *mut libc::timeval, b as *mut _).into();
                }
                #[cfg(target_arch = "x86_64")]
                libc::SYS_epoll_wait => {
                    let none = core::ptr::null();
                    let events = b as *mut epoll_event;
                    return epoll_pwait(a as c_int, events, c as c_int, d as c_int, none).into();
                }
                libc::SYS_epoll_pwait => {
                    let (events, mask) = (b as *mut epoll_event, e as *const sigset_t);
                    return epoll_pwait(a as c_int, events, c as c_int, d as c_int, mask).into();
                }
                libc::SYS_epoll_pwait2 => {
                    let (events, time) = (b as *mut epoll_event, d as *const timespec);
                    let mask = e as *const sigset_t;
                    return epoll_pwait2(a as c_int, events, c as c_int, time, mask).into();
                }
                libc::SYS_ppoll => {
                    let (time, mask) = (c as *const timespec, d as *const sigset_t);
                    return ppoll(a as *mut pollfd, b as nfds_t, time, mask).into();
                }
                libc::SYS_connect => {
                    return libc::connect(a as c_int, b as *const _, c as u32).into();
                }
                // Without it, programs use what is stood in for here.
                libc::SYS_io_uring_setup => return failed(libc::ENOSYS).into(),
                _ => {}
            }
        }
        answered(call(number, [a, b, c, d, e, f])) as c_long
    }
}

/// Notes that the program wanted a process of its own, which would have no clock of the harness's.
fn refused() -> c_int {
    if let Some(memory) = memory() {
        memory.tried.fetch_or(1 << TRIED_FORK, Ordering::AcqRel);
    }
    libc::EPERM
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fork() -> libc::pid_t {
    if memory().is_none() {
        // SAFETY: it takes nothing.
        return unsafe { real!(c"fork", c"", unsafe extern "C" fn() -> libc::pid_t)() };
    }
    failed(refused())
}

// A real vfork cannot be called from here: it would return twice through this function's frame. A fork is as good.
#[unsafe(no_mangle)]
unsafe extern "C" fn vfork() -> libc::pid_t {
    // SAFETY: it takes nothing.
    unsafe { fork() }
}

type Spawn = unsafe extern "C" fn(
    *mut libc::pid_t,
    *const c_char,
    *const libc::posix_spawn_file_actions_t,
    *const libc::posix_spawnattr_t,
    *const *mut c_char,
    *const *mut c_char,
) -> c_int;

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawn(
    pid: *mut libc::pid_t,
    path: *const c_char,
    actions: *const libc::posix_spawn_file_actions_t,
    attributes: *const libc::posix_spawnattr_t,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    if memory().is_some() {
        return refused();
    }
    // SAFETY: the caller's arguments.
    unsafe {
        real!(c"posix_spawn", c"", Spawn)(pid, path, actions, attributes, arguments, environment)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnp(
    pid: *mut libc::pid_t,
    file: *const c_char,
    actions: *const libc::posix_spawn_file_actions_t,
    attributes: *const libc::posix_spawnattr_t,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    if memory().is_some() {
        return refused();
    }
    // SAFETY: the caller's arguments.
    unsafe {
        real!(c"posix_spawnp", c"", Spawn)(pid, file, actions, attributes, arguments, environment)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn system(command: *const c_char) -> c_int {
    if memory().is_some() {
        return failed(refused());
    }
    // SAFETY: the caller's argument.
    unsafe { real!(c"system", c"", unsafe extern "C" fn(*const c_char) -> c_int)(command) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn popen(command: *const c_char, mode: *const c_char) -> *mut libc::FILE {
    type Open = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut libc::FILE;
    if memory().is_some() {
        failed(refused());
        return core::ptr::null_mut();
    }
    // SAFETY: the caller's arguments.
    unsafe { real!(c"popen", c"", Open)(command, mode) }
}

/// The signal that the helper thread uses keeps its handler.
#[unsafe(no_mangle)]
unsafe extern "C" fn sigaction(
    signal: c_int,
    new: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    type Real = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;
    if signal == wake_signal() && !new.is_null() && memory().is_some() {
        return 0;
    }
    // SAFETY: the caller's arguments.
    unsafe { real!(c"sigaction", c"", Real)(signal, new, old) }
}

/// Where the kernel tells the frequency of the processor's counter. V8 measures it by sleeping where it is not told.
const FREQUENCY: &CStr = c"/sys/devices/system/cpu/cpu0/tsc_freq_khz";

/// # Safety
/// `path` is a string.
unsafe fn special(path: *const c_char) -> Option<c_int> {
    memory()?;
    // SAFETY: the caller's promise.
    if unsafe { CStr::from_ptr(path) } != FREQUENCY {
        return None;
    }
    let text = b"1000000\n";
    // SAFETY: live strings; the descriptor is made here.
    unsafe {
        let fd = sys!(SYS_memfd_create, c"frequency".as_ptr(), libc::MFD_CLOEXEC);
        sys!(SYS_write, fd, text.as_ptr(), text.len());
        sys!(SYS_lseek, fd, 0, libc::SEEK_SET);
        Some(fd as c_int)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe {
        match special(path) {
            Some(fd) => fd,
            None => answered(sys!(SYS_openat, libc::AT_FDCWD, path, flags, mode)) as c_int,
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { open(path, flags, mode) }
}
