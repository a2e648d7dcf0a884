//! libFuzzer's entry; what must hold is in `fuzz::aggregate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::aggregate::check(data));
