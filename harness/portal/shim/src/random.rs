//! Random numbers of the operating system: drawn from the seed, by draw and byte (SplitMix64; nothing here needs to be
//! unguessable).

use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::Ordering;

use stalemate_portal_proto::Memory;

use crate::memory::memory;
use crate::raw::{answered, sys};

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Fills bytes with the next draw.
pub(crate) fn fill(memory: &Memory, bytes: &mut [u8]) {
    let draw = memory.draws.fetch_add(1, Ordering::Relaxed);
    let mut state = memory.seed.load(Ordering::Relaxed) ^ draw.wrapping_mul(STEP).rotate_left(17);
    for chunk in bytes.chunks_mut(8) {
        state = state.wrapping_add(STEP);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn getrandom(to: *mut c_void, len: usize, flags: c_uint) -> isize {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments, unchanged.
        return answered(unsafe { sys!(SYS_getrandom, to, len, flags) });
    };
    if len > 0 {
        // SAFETY: the caller promises `len` writable bytes.
        fill(memory, unsafe {
            core::slice::from_raw_parts_mut(to.cast(), len)
        });
    }
    len as isize
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getentropy(to: *mut c_void, len: usize) -> c_int {
    // SAFETY: the caller's arguments, unchanged.
    if unsafe { getrandom(to, len, 0) } < 0 {
        -1
    } else {
        0
    }
}
