//! The fuzzer's way into `raccordo_fuzz::sdl`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| raccordo_fuzz::sdl::holds(data));
