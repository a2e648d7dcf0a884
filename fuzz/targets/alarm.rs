//! libFuzzer's entry; what must hold is in `fuzz::alarm`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::alarm::check(data));
