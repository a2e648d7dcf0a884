//! Why a line of a log is refused: what, where and what was expected. Never the line itself,
//! which may be personal data.

use std::fmt;

/// Why a line is none of its format. One line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogReject {
    reason: &'static str,
    place: &'static str,
    expected: &'static str,
}

impl LogReject {
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

    /// A line with more or fewer columns than were named.
    pub(super) const COLUMNS: Self = Self {
        reason: "columns",
        place: "line",
        expected: "as many columns as fields are named",
    };
    /// A line whose format names its fields in the log, before any name.
    pub(super) const NO_FIELDS: Self = Self {
        reason: "no_fields",
        place: "line",
        expected: "a #Fields line before it",
    };
    /// A line that is no JSON object, or none with each field once.
    pub(super) const NOT_JSON: Self = Self {
        reason: "not_json",
        place: "line",
        expected: "one complete JSON object, or an array of them, with each field once",
    };

    /// A part of the line that is not there.
    pub(super) const fn missing(place: &'static str) -> Self {
        Self {
            reason: "missing",
            place,
            expected: "a value",
        }
    }

    /// A text whose closing quote is missing.
    pub(super) const fn open_quote(place: &'static str) -> Self {
        Self {
            reason: "open_quote",
            place,
            expected: "a text in quotes",
        }
    }

    pub(super) const fn time(place: &'static str, expected: &'static str) -> Self {
        Self {
            reason: "not_a_time",
            place,
            expected,
        }
    }

    pub(super) const fn status(place: &'static str) -> Self {
        Self {
            reason: "not_a_status",
            place,
            expected: "three digits, or -",
        }
    }

    pub(super) const fn number(place: &'static str) -> Self {
        Self {
            reason: "not_a_number",
            place,
            expected: "a number that is not negative, or -",
        }
    }

    pub(super) const fn address(place: &'static str) -> Self {
        Self {
            reason: "not_an_address",
            place,
            expected: "an IP address, or -",
        }
    }

    pub(super) const fn action(place: &'static str) -> Self {
        Self {
            reason: "not_an_action",
            place,
            expected: "ACCEPT, REJECT or -",
        }
    }
}

impl fmt::Display for LogReject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.place, self.expected)
    }
}

impl std::error::Error for LogReject {}
