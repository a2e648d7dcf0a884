//! Configuration from the environment: typed, checked once, at the cold start.

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;

/// A variable that keeps a function from starting. One line that names it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The variable must be set.
    #[error("{name} is not set: expected {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// The variable holds something else, which may be a secret in the wrong place.
    #[error("{name} is malformed: expected {expected}")]
    MalformedPrivate {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// The variable holds something else.
    #[error("{name} is {value:?}: expected {expected}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The variable names a file that cannot be used.
    #[error("{name}: {path}: {problem}")]
    File {
        /// The variable.
        name: &'static str,
        /// The file.
        path: String,
        /// Why, with its line where it is one.
        problem: String,
    },
}

/// Where variables are looked up: the process's environment, or a test's map.
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    is_private: bool,
}

impl<'a> Env<'a> {
    /// An environment in which `lookup` finds the variables.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            is_private: false,
        }
    }

    /// The same environment for variables whose values no error may quote.
    #[must_use]
    pub fn private(&self) -> Self {
        Self {
            is_private: true,
            ..*self
        }
    }

    /// The process's own environment.
    #[must_use]
    pub fn process() -> Env<'static> {
        // What is not UTF-8 must be named as malformed, not passed over as missing.
        Env::new(&|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// What a variable holds, if it is set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// A variable that must be set, read by `parse`, which gives `None` for a
    /// value that is not as `expected`.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not set, empty, or not as expected.
    pub fn required<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(name, expected, parse)?
            .ok_or(ConfigError::Missing { name, expected })
    }

    /// A variable that may be absent or empty.
    ///
    /// # Errors
    /// [`ConfigError`] if it is set to something that is not as expected.
    pub fn optional<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.value(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None if self.is_private => Err(ConfigError::MalformedPrivate { name, expected }),
            None => Err(ConfigError::Malformed {
                name,
                value,
                expected,
            }),
        }
    }

    /// What `parse` makes of the text of the file that a variable names, if it is set.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, or is not as `parse` wants it.
    pub fn file<T, E: fmt::Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(path) = self.value(name).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = text.and_then(|text| parse(&text).map_err(|error| error.to_string()));
        parsed.map(Some).map_err(|problem| ConfigError::File {
            name,
            path,
            problem,
        })
    }
}

/// The name of a DynamoDB table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(String);

impl TableName {
    /// What a table name looks like, for error messages.
    pub const EXPECTED: &'static str =
        "a DynamoDB table name (3 to 255 letters, digits, '_', '-', '.')";

    /// `None` if no table can have that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        is_name(name, 3..=255).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a Kinesis stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamName(String);

impl StreamName {
    /// What a stream name looks like, for error messages.
    pub const EXPECTED: &'static str =
        "a Kinesis stream name (1 to 128 letters, digits, '_', '-', '.')";

    /// `None` if no stream can have that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        is_name(name, 1..=128).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `name` has that many of the characters that AWS allows in a name.
fn is_name(name: &str, length: RangeInclusive<usize>) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    length.contains(&name.len()) && name.bytes().all(legal)
}

/// The URL of an SQS queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl(String);

impl QueueUrl {
    /// What a queue URL looks like, for error messages.
    pub const EXPECTED: &'static str =
        "the URL of a standard SQS queue such as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME";

    /// `None` if `url` is no `http` or `https` URL with a host and a queue in its
    /// path, or if the queue is FIFO: its messages would need a group each.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        let (host, path) = rest.split_once('/')?;
        let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'"' | b'\\');
        let whole = !host.is_empty() && !path.is_empty() && !path.ends_with('/');
        let whole = whole && !path.ends_with(".fifo");
        (whole && url.bytes().all(legal)).then(|| Self(url.to_owned()))
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(value: Option<&str>) -> Result<TableName, ConfigError> {
        let lookup = |name: &str| {
            (name == "TABLE")
                .then(|| value.map(str::to_owned))
                .flatten()
        };
        Env::new(&lookup).required("TABLE", "a table", TableName::parse)
    }

    #[test]
    fn an_error_names_the_variable_the_value_and_what_was_expected() {
        let missing = "TABLE is not set: expected a table";
        assert_eq!(
            table(None).map_err(|e| e.to_string()),
            Err(missing.to_owned())
        );
        assert_eq!(
            table(Some("")).map_err(|e| e.to_string()),
            Err(missing.to_owned())
        );
        assert_eq!(
            table(Some("no table")).map_err(|e| e.to_string()),
            Err("TABLE is \"no table\": expected a table".to_owned())
        );
        assert!(table(Some("WebsiteOrders")).is_ok());
    }

    #[test]
    fn a_file_is_read_and_what_is_wrong_with_it_is_told() {
        let file = |path: &str| {
            let lookup = |name: &str| (name == "FILE").then(|| path.to_owned());
            let parse = |text: &str| {
                text.strip_prefix("[package]")
                    .map(str::len)
                    .ok_or("line 1: no package")
            };
            Env::new(&lookup)
                .file("FILE", parse)
                .map_err(|error| error.to_string())
        };
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(file(own).is_ok_and(|length| length.is_some()));
        assert_eq!(file(""), Ok(None));
        let other = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");
        assert_eq!(
            file(other),
            Err(format!("FILE: {other}: line 1: no package"))
        );
        let missing = file("no/such/file").expect_err("no file");
        assert!(
            missing.starts_with("FILE: no/such/file: No such file"),
            "{missing}"
        );
    }

    #[test]
    fn names_and_queue_urls_are_checked() {
        for name in ["ab", "a/b/c", "täble", &"x".repeat(256)] {
            assert_eq!(TableName::parse(name), None, "{name}");
        }
        for name in ["", "a/b", &"x".repeat(129)] {
            assert_eq!(StreamName::parse(name), None, "{name}");
        }
        assert!(StreamName::parse("alarms").is_some());
        for url in [
            "rejects",
            "ftp://h/1/q",
            "https://",
            "https://host",
            "https://host/",
            "http:///q",
            "http://h/ q",
            "https://h/1/q.fifo",
        ] {
            assert_eq!(QueueUrl::parse(url), None, "{url}");
        }
        assert!(QueueUrl::parse("http://127.0.0.1:4566/000000000000/rejects").is_some());
    }
}
