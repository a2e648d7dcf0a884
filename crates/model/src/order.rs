//! Orders: what an order line is, how it is read from what a shop sends, and what
//! identifies it for good.
//!
//! `format` is how a shop says how its orders look. Without it they have the Online
//! Retail forms of `json` and `csv`. All forms meet in `value`, so that one set of rules
//! judges them.

pub(crate) mod csv;
pub(crate) mod format;
mod identity;
pub(crate) mod json;
pub(crate) mod line;
pub(crate) mod value;
