//! The fuzzer's way into `raccordo_fuzz::reply`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| raccordo_fuzz::reply::holds(data));
