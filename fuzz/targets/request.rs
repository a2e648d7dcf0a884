//! libFuzzer's entry; what must hold is in `fuzz::request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::request::check(data));
