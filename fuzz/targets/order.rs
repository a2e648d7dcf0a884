//! libFuzzer's entry; what must hold is in `fuzz::order`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::order::check(data));
