//! The bound on memory: what a decoder allocates may not exceed a multiple of what it
//! was given, so that a small input never becomes a large one in memory.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Allowed whatever the input's length: a runtime, error texts, first allocations.
const ALWAYS: usize = 64 * 1024;

/// Does `work` with an input of `length` bytes and returns what it does.
///
/// # Panics
/// If at some moment it holds more than `factor` bytes for each byte of the input,
/// 64 KB aside. Only one thread may be at work.
pub fn bounded<R>(length: usize, factor: usize, work: impl FnOnce() -> R) -> R {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = work();
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    let allowed = ALWAYS + factor * length;
    assert!(
        held <= allowed,
        "{length} bytes became {held} in memory, {allowed} are allowed"
    );
    result
}

/// The most memory, in bytes, that `work` holds at a moment.
pub fn peak<R>(work: impl FnOnce() -> R) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    drop(work());
    ALLOCATOR.peak_usage().saturating_sub(before)
}
