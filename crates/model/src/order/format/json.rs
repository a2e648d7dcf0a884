//! The JSON of a shop's own form: where values lie in an object, and an order's lines.

use crate::tree::Node;

/// Where values lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// In an object: a line, or a whole order.
    pub(crate) outer: Node,
    pub(crate) outer_slots: usize,
    /// Where an order's lines are. Without it each object is a line.
    pub(crate) lines: Option<Lines>,
}

/// The lines of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The slot of their array.
    pub(crate) slot: usize,
    /// The pointer to it.
    pub(crate) pointer: String,
    /// In a line.
    pub(crate) inner: Node,
    pub(crate) inner_slots: usize,
}
