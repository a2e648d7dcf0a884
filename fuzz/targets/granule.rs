//! libFuzzer's entry; what must hold is in `fuzz::granule`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::granule::check(data));
