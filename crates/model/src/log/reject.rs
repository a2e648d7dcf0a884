//! Why a line of a log is refused: what, where and what was expected. Never the line itself,
//! which may be personal data.

use std::fmt;

/// Why a line is none of its format. One line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogReject {
    reason: &'static str,
    /// The column, field or part of the line.
    place: &'static str,
    expected: &'static str,
}

impl LogReject {
    pub(crate) const fn new(
        reason: &'static str,
        place: &'static str,
        expected: &'static str,
    ) -> Self {
        Self {
            reason,
            place,
            expected,
        }
    }

    /// What is wrong, for machines: `not_a_time`. docs/requests.md lists them.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// The column, field or part of the line that is wrong.
    #[must_use]
    pub const fn place(&self) -> &'static str {
        self.place
    }
}

impl fmt::Display for LogReject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.place, self.expected)
    }
}

impl std::error::Error for LogReject {}
