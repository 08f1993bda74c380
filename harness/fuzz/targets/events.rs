//! Any bytes as event streams.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stalemate::any_bytes::events(bytes));
