//! libFuzzer's entry; what must hold is in `fuzz::batch`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::batch::check(data));
