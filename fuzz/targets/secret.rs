//! libFuzzer's entry; what must hold is in `fuzz::secret`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::secret::check(data));
