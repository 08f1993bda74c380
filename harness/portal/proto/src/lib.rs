//! What the harness and the library inside of a program agree on: descriptors that the program is born with, and the
//! layout of the memory that both see. Everything in it is an atomic number, so that neither can see half a value.

#![no_std]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU32, AtomicU64};

/// The shared memory.
pub const FD_MEMORY: i32 = 900;
/// An eventfd: some thread of the program began to wait.
pub const FD_CONTROL: i32 = 901;
/// An eventfd: the helper thread of the program is to look at the memory.
pub const FD_HELPER: i32 = 902;
/// A socket on which the program sends the far end of each connection that it opens, with a [`ConnectHeader`].
pub const FD_CONNECT: i32 = 903;
/// The library itself.
pub const FD_LIBRARY: i32 = 904;
/// The first of [`SLOTS`] eventfds: one wakes the thread that has the slot.
pub const FD_SLOTS: i32 = 910;
/// The number of threads that can wait at once with a time limit or on descriptors.
pub const SLOTS: usize = 32;
/// No deadline.
pub const NEVER: u64 = u64::MAX;
/// What stands at the beginning of the memory: the version of this layout.
pub const MAGIC: u64 = 0x5354_414c_454d_0001;
/// The longest table of host names, in bytes.
pub const HOSTS_MAX: usize = 512;

/// A slot whose thread runs.
pub const RUNS: u32 = 1;
/// A slot whose thread waits.
pub const WAITS: u32 = 2;

/// It waits on descriptors; its eventfd wakes it.
pub const ON_DESCRIPTORS: u32 = 1;
/// It waits on a condition variable; the helper thread wakes it.
pub const ON_CONDITION: u32 = 2;
/// It waits on a semaphore; the helper thread wakes it.
pub const ON_SEMAPHORE: u32 = 3;

/// What the program tried and is not given: a process of its own.
pub const TRIED_FORK: u32 = 1;
/// It has more threads that wait than there are slots.
pub const TRIED_THREADS: u32 = 2;

/// One thread that waits.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Slot {
    /// The thread's id; 0 for a free slot.
    pub thread: AtomicU32,
    /// [`RUNS`] or [`WAITS`].
    pub state: AtomicU32,
    /// What it waits on.
    pub kind: AtomicU32,
    /// Whether its time was up.
    pub fired: AtomicU32,
    /// Until when, on the program's monotonic clock in nanoseconds.
    pub deadline: AtomicU64,
    /// The condition variable or semaphore.
    pub object: AtomicU64,
}

/// The shared memory.
#[repr(C)]
#[derive(Debug)]
pub struct Memory {
    /// [`MAGIC`].
    pub magic: AtomicU64,
    /// The monotonic clock, in nanoseconds.
    pub monotonic_ns: AtomicU64,
    /// What the clock of the day is ahead of the monotonic one, in nanoseconds.
    pub epoch_ns: AtomicU64,
    /// What random numbers are drawn from.
    pub seed: AtomicU64,
    /// How often they were drawn.
    pub draws: AtomicU64,
    /// How far the program's start came; see the harness.
    pub stage: AtomicU32,
    /// What was tried and refused: a bit for [`TRIED_FORK`] and so on.
    pub tried: AtomicU32,
    /// The connection that is to be broken: its id plus one, until the helper thread has done its part.
    pub breaks: AtomicU32,
    /// How many bytes of the table of host names are used.
    pub hosts_len: AtomicU32,
    /// Host names, as `name=192.0.2.1;other=192.0.2.2`, eight bytes a number.
    pub hosts: [AtomicU64; HOSTS_MAX / 8],
    /// The threads.
    pub slots: [Slot; SLOTS],
}

/// What goes before a connection: its number, and where the program wanted to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectHeader {
    /// The connection's number in its program.
    pub id: u32,
    /// The address, most significant byte first.
    pub address: u32,
    /// The port.
    pub port: u16,
}

impl ConnectHeader {
    /// Its length in bytes.
    pub const LEN: usize = 10;

    /// As bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&self.id.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.address.to_le_bytes());
        bytes[8..].copy_from_slice(&self.port.to_le_bytes());
        bytes
    }

    /// From bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = bytes;
        Self {
            id: u32::from_le_bytes([a, b, c, d]),
            address: u32::from_le_bytes([e, f, g, h]),
            port: u16::from_le_bytes([i, j]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_its_way() {
        let header = ConnectHeader {
            id: 70_000,
            address: 0xC000_0201,
            port: 8080,
        };
        assert_eq!(ConnectHeader::from_bytes(header.to_bytes()), header);
    }
}
