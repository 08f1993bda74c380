//! System calls without the C library, and the C library's own functions behind the stand-ins.

use core::ffi::{c_int, c_long};

/// A system call of up to six arguments; the kernel's answer, an error as a negative number.
///
/// # Safety
/// The arguments are what the call needs: pointers are valid for what it reads and writes.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn call(number: c_long, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let answer: isize;
    // SAFETY: the kernel's calling convention; the caller vouches for the arguments.
    unsafe {
        core::arch::asm!(
            "syscall", inlateout("rax") number as isize => answer,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _, options(nostack)
        );
    }
    answer
}

/// As on x86-64.
///
/// # Safety
/// As there.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn call(number: c_long, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let answer: isize;
    // SAFETY: the kernel's calling convention; the caller vouches for the arguments.
    unsafe {
        core::arch::asm!(
            "svc 0", in("x8") number, inlateout("x0") a as isize => answer,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f, options(nostack)
        );
    }
    answer
}

/// A system call with its arguments cast; see [`call`].
macro_rules! sys {
    ($name:ident $(, $argument:expr)* $(,)?) => {
        $crate::raw::call(libc::$name, $crate::raw::padded([$($argument as usize),*]))
    };
}
pub(crate) use sys;

/// Arguments with zeros behind them.
pub(crate) fn padded<const N: usize>(given: [usize; N]) -> [usize; 6] {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&given);
    all
}

/// The kernel's answer as the C library gives it.
pub(crate) fn answered(answer: isize) -> isize {
    if answer < 0 && answer > -4096 {
        failed(-answer as c_int) as isize
    } else {
        answer
    }
}

/// -1 with that error.
pub(crate) fn failed(error: c_int) -> c_int {
    // SAFETY: the C library's place for this thread's error is always valid.
    unsafe { *libc::__errno_location() = error };
    -1
}

/// This thread's last error.
pub(crate) fn last_error() -> c_int {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() }
}

/// The C library's own function of that name and version (an empty one is the default), as the type that its header gives it.
macro_rules! real {
    ($name:literal, $version:literal, $type:ty) => {{
        use core::sync::atomic::{AtomicUsize, Ordering};
        static FOUND: AtomicUsize = AtomicUsize::new(0);
        let mut at = FOUND.load(Ordering::Relaxed);
        if at == 0 {
            at = $crate::raw::find($name, $version);
            FOUND.store(at, Ordering::Relaxed);
        }
        // SAFETY: the symbol is the C library's, and the type is its header's.
        #[allow(unused_unsafe)] // Some callers are within such a block already.
        let function = unsafe { core::mem::transmute::<usize, $type>(at) };
        function
    }};
}
pub(crate) use real;

/// Where the C library's function of that name and version is. Ends the program if there is none: going on would call nowhere.
pub(crate) fn find(name: &core::ffi::CStr, version: &core::ffi::CStr) -> usize {
    // SAFETY: both are strings that end with a zero.
    let mut at = unsafe {
        if version.is_empty() {
            core::ptr::null_mut()
        } else {
            libc::dlvsym(libc::RTLD_NEXT, name.as_ptr(), version.as_ptr())
        }
    };
    if at.is_null() {
        // SAFETY: as above.
        at = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    }
    if at.is_null() {
        // SAFETY: it takes nothing.
        unsafe { libc::abort() };
    }
    at as usize
}
