//! libFuzzer's entry; what must hold is in `fuzz::described`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::described::check(data));
