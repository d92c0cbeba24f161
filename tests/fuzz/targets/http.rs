//! The fuzzer's way into `raccordo_fuzz::http`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| raccordo_fuzz::http::holds(data));
