//! Any bytes as scenario files.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stalemate::any_bytes::scenario(bytes));
