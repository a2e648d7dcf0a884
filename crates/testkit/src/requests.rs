//! Requests: a real web site's log where it is at hand, else lines of the project's own.

use crate::data::beside;

/// A log in the combined format, each line of which is plain: six quotation marks, of which
/// one may be missing where the line was cut off.
#[derive(Debug)]
pub struct Requests {
    /// Whether this is the whole log of the real site.
    pub whole: bool,
    text: String,
}

impl Requests {
    /// The whole log if it lies beside the workspace, else the small one; says which.
    ///
    /// # Panics
    /// If the log cannot be read, or the notice not be written.
    #[must_use]
    pub fn load() -> Self {
        beside("access-combined.log.zst", "access-small.log")
            .map_or_else(small, |text| Self { whole: true, text })
    }

    /// The log as it is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The project's own lines, without those that are there for their peculiarities.
fn small() -> Requests {
    let is_plain = |line: &&str| {
        let marks = line.matches('"').count();
        line.contains("+0000]") && !line.contains('\\') && (marks == 6 || line.ends_with("cut off"))
    };
    let lines = include_str!("../data/access-small.log").lines();
    Requests {
        whole: false,
        text: lines
            .filter(is_plain)
            .map(|line| format!("{line}\n"))
            .collect(),
    }
}
