//! A library that is loaded into a program before all others (`LD_PRELOAD`) and stands in for functions of the C library:
//! its clocks show virtual time, its waits end when virtual time has come, its random numbers follow a seed, and its
//! connections lead into the simulation, or nowhere. Without the harness's memory it does nothing.
//!
//! Everything here is a C function or calls one, so nearly everything is `unsafe`. What it rests on, family by family:
//! * `memory`: the shared memory is mapped once, is never unmapped, and consists of atomic numbers only.
//! * `raw`: system calls made directly, so that no stand-in meets itself; and the C library's own functions, found by
//!   name once, whose types are copied from its headers.
//! * `clock`, `wait`, `locks`, `random`, `names`, `network`, `other`: the stand-ins. Each passes on its caller's promises, which
//!   are those of the function that it stands in for, and adds none.
//!
//! Deliberately absent: files, signals, processes (they are refused), UDP (there is no network to carry it).

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(clippy::missing_safety_doc)] // Each is that of the C function of the same name.

mod clock;
mod locks;
mod memory;
mod names;
mod network;
mod other;
mod random;
mod raw;
mod wait;
