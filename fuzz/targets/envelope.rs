//! libFuzzer's entry; what must hold is in `fuzz::envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::envelope::check(data));
