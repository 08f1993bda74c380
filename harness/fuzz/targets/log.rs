//! Any bytes as logs, HAR files and records.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stalemate::any_bytes::log(bytes));
