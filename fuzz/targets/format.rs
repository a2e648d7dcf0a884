//! libFuzzer's entry; what must hold is in `fuzz::format`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::format::check(data));
