//! The fuzzer's way into `raccordo_fuzz::operation`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| raccordo_fuzz::operation::holds(data));
