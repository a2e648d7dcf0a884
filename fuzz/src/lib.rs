//! What must hold of every decoder, whatever it is fed: one module each, whose
//! `check` panics where it does not.
//!
//! The same checks run in three places: under libFuzzer, which looks for inputs that
//! break them (`scripts/fuzz`); over the corpus in every test run; and over the
//! corpus's inputs cut and joined at random. Nothing here knows how a decoder works,
//! and no check is about time: see the benchmark `hostile` for that.

pub mod aggregate;
pub mod alarm;
pub mod batch;
pub mod described;
mod encode;
pub mod envelope;
pub mod event;
pub mod format;
pub mod granule;
pub mod hostile;
pub mod memory;
pub mod order;
pub mod request;
pub mod secret;

/// A decoder's check.
pub type Check = fn(&[u8]);

/// Every check by its name, which is that of its libFuzzer target and of its folder
/// in the corpus.
pub const CHECKS: [(&str, Check); 11] = [
    ("aggregate", aggregate::check),
    ("alarm", alarm::check),
    ("batch", batch::check),
    ("described", described::check),
    ("envelope", envelope::check),
    ("event", event::check),
    ("format", format::check),
    ("granule", granule::check),
    ("order", order::check),
    ("request", request::check),
    ("secret", secret::check),
];
