//! Any bytes as what drivers say.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stalemate::any_bytes::driver(bytes));
