//! The fuzzer's way into `raccordo_fuzz::jq`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| raccordo_fuzz::jq::holds(data));
