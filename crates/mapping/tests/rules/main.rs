//! The rules of AWS's event source mapping, one test each, and properties of all of
//! them together. `driver.rs` is the smallest driver there can be: one thread,
//! virtual time, a stream whose whole history is known beforehand.

mod batching;
mod driver;
mod events;
mod failures;
mod properties;
mod reading;
mod recount;
mod responses;
mod settings;
