//! Any bytes as HTTP connections.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stalemate::any_bytes::connection(bytes));
