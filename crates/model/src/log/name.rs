//! The names of formats, as a variable or a route has them.

use std::fmt;

use super::named::Name;
use super::{Log, columns};

/// What may be said.
const EXPECTED: &str =
    "cloudfront, cloudfront-json, cloudfront-real-time, w3c, alb, combined, akamai or vpc-flow";

/// Names of fields in the order of a line's columns; empty for the documented ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldList(Vec<String>);

impl FieldList {
    /// The names; none for the documented ones.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// A name that is no format's; says what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogNameError(String);

impl fmt::Display for LogNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogNameError {}

/// The format of a name.
pub(super) fn log(name: &str) -> Result<Log, LogNameError> {
    let (format, fields) = match name.split_once(':') {
        None => (name, None),
        Some((format, fields)) => (format, Some(fields)),
    };
    let log = match (format, fields) {
        ("cloudfront-real-time", None) => Log::CloudFrontRealTime(FieldList::default()),
        ("cloudfront-real-time", Some(fields)) => Log::CloudFrontRealTime(real_time(fields)?),
        ("vpc-flow", None) => Log::VpcFlow(FieldList::default()),
        ("vpc-flow", Some(fields)) => Log::VpcFlow(flow(fields)?),
        ("cloudfront", None) => Log::CloudFront,
        ("cloudfront-json", None) => Log::CloudFrontJson,
        ("w3c", None) => Log::W3c,
        ("alb", None) => Log::Alb,
        ("combined", None) => Log::Combined,
        ("akamai", None) => Log::Akamai,
        _ => {
            return Err(LogNameError(format!(
                "{name:?} is no log: expected {EXPECTED}; fields, as in vpc-flow:srcaddr,start, are for \
                 cloudfront-real-time and vpc-flow"
            )));
        }
    };
    Ok(log)
}

fn real_time(fields: &str) -> Result<FieldList, LogNameError> {
    let known = |name: &str| columns::REAL_TIME.contains(&name) || Name::of(name).is_some();
    let list = listed(fields, known, "CloudFront's real-time logs")?;
    let has = |name: &str| list.0.iter().any(|known| known == name);
    let has_time = has("timestamp") || has("date") && has("time");
    if !has_time {
        return Err(lacks("cloudfront-real-time", "timestamp"));
    }
    for name in ["sc-status", "cs-uri-stem"] {
        if !has(name) {
            return Err(lacks("cloudfront-real-time", name));
        }
    }
    Ok(list)
}

fn flow(fields: &str) -> Result<FieldList, LogNameError> {
    let known = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let list = listed(fields, known, "VPC flow logs")?;
    if !list.0.iter().any(|name| name == "start") {
        return Err(lacks("vpc-flow", "start"));
    }
    Ok(list)
}

/// Names with commas or blanks between them, also as `${name}`, which is how AWS is told them.
fn listed(fields: &str, known: impl Fn(&str) -> bool, of: &str) -> Result<FieldList, LogNameError> {
    let mut names: Vec<String> = Vec::new();
    for field in fields.split([',', ' ']).filter(|field| !field.is_empty()) {
        let inner = field
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        let name = inner.unwrap_or(field);
        if !known(name) {
            return Err(LogNameError(format!("{name:?} is no field of {of}")));
        }
        if names.iter().any(|known| known == name) {
            return Err(LogNameError(format!("the field {name} is named twice")));
        }
        names.push(name.to_owned());
    }
    Ok(FieldList(names))
}

fn lacks(format: &str, field: &str) -> LogNameError {
    LogNameError(format!(
        "{format} lacks the field {field}: expected it among the others, in the order of the columns"
    ))
}

/// The name that it is said by; of a described one, `described`.
impl Log {
    /// Its name without fields; `described` for what a file describes.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CloudFront => "cloudfront",
            Self::CloudFrontJson => "cloudfront-json",
            Self::CloudFrontRealTime(_) => "cloudfront-real-time",
            Self::W3c => "w3c",
            Self::Alb => "alb",
            Self::Combined => "combined",
            Self::Akamai => "akamai",
            Self::VpcFlow(_) => "vpc-flow",
            Self::Described(_) => "described",
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let fields = match self {
            Self::CloudFrontRealTime(fields) | Self::VpcFlow(fields) => Some(fields),
            _ => None,
        };
        match fields.filter(|fields| !fields.0.is_empty()) {
            None => Ok(()),
            Some(fields) => write!(f, ":{}", fields.0.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_said_again_as_it_was() {
        for name in [
            "cloudfront",
            "cloudfront-json",
            "cloudfront-real-time",
            "cloudfront-real-time:timestamp,c-ip,sc-status,cs-uri-stem",
            "w3c",
            "alb",
            "combined",
            "akamai",
            "vpc-flow",
            "vpc-flow:srcaddr,start,action",
        ] {
            assert_eq!(log(name).map(|log| log.to_string()).as_deref(), Ok(name));
        }
        let pasted = log("vpc-flow:${srcaddr} ${start}").map(|log| log.to_string());
        assert_eq!(pasted.as_deref(), Ok("vpc-flow:srcaddr,start"));
    }

    #[test]
    fn a_wrong_name_is_told_what_was_expected() {
        for (name, expected) in [
            ("", "expected cloudfront,"),
            ("CloudFront", "expected cloudfront,"),
            ("alb:time", "fields, as in"),
            ("vpc-flow:srcaddr", "lacks the field start"),
            ("vpc-flow:Start", "\"Start\" is no field"),
            ("vpc-flow:start,start", "start is named twice"),
            (
                "cloudfront-real-time:timestamp",
                "lacks the field sc-status",
            ),
            ("cloudfront-real-time:c-ip", "lacks the field timestamp"),
            ("cloudfront-real-time:foo", "\"foo\" is no field"),
        ] {
            let error = log(name).expect_err(name).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
