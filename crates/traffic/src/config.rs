//! The function's configuration.

use function::env::{ConfigError, Env, QueueUrl, TableName};
use model::{Log, Routes};

use crate::hosts::{Hosts, Ports};

/// What the `traffic` function must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `TRAFFIC_TABLE`: the table of what is counted, string keys `pk` and `sk`, TTL
    /// attribute `expires_at`.
    pub table: TableName,
    /// `REJECTS_QUEUE_URL`: the queue for lines that are none of their log's format.
    pub rejects: QueueUrl,
    /// `PATTERNS_TABLE`: the table of URL patterns, string key `Id`.
    pub patterns: Option<TableName>,
    /// `METRICS_NAMESPACE`: where requests and flows are published.
    pub namespace: String,
    /// What is counted, and how.
    pub rules: Rules,
}

/// What is counted, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// `LOG_FORMAT` or `LOG_MAPPING`: what the logs are, unless their first lines tell.
    pub log: Option<Log>,
    /// `LOG_ROUTES`: what the log groups of CloudWatch Logs hold.
    pub routes: Option<Routes>,
    /// `HOSTS`: those that requests are told apart by.
    pub hosts: Hosts,
    /// `FLOW_PORTS`: those that flows are told apart by.
    pub ports: Ports,
    /// `MAX_PATTERNS`: how many URL patterns have metrics of their own.
    pub max_patterns: usize,
    /// `SAMPLING_PERCENT`: of a hundred requests, so many are in the log.
    pub sampling_percent: u8,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            log: None,
            routes: None,
            hosts: Hosts::default(),
            ports: Ports::default(),
            max_patterns: 20,
            sampling_percent: 100,
        }
    }
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first variable that is missing, malformed or contradicts the others, or names
    /// a file that is.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let namespace = env.optional(
            "METRICS_NAMESPACE",
            "a namespace of CloudWatch (1 to 255 letters, digits, '_', '-', '.', '/', '#', not AWS/...)",
            namespace,
        )?;
        Ok(Self {
            table: env.required("TRAFFIC_TABLE", TableName::EXPECTED, TableName::parse)?,
            rejects: env.required("REJECTS_QUEUE_URL", QueueUrl::EXPECTED, QueueUrl::parse)?,
            patterns: env.optional("PATTERNS_TABLE", TableName::EXPECTED, TableName::parse)?,
            namespace: namespace.unwrap_or_else(|| "Sitewatch/Traffic".to_owned()),
            rules: Rules::from_env(env)?,
        })
    }
}

impl Rules {
    /// Reads the rules.
    ///
    /// # Errors
    /// As those of [`Config::from_env`].
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let default = Self::default();
        let number =
            |most: u8| move |text: &str| text.parse().ok().filter(|n: &u8| (1..=most).contains(n));
        let percent = "a whole number from 1 to 100";
        let rules = Self {
            log: log(env)?,
            routes: env.file("LOG_ROUTES", Routes::parse)?,
            hosts: env
                .optional("HOSTS", Hosts::EXPECTED, Hosts::parse)?
                .unwrap_or(default.hosts),
            ports: env
                .optional("FLOW_PORTS", Ports::EXPECTED, Ports::parse)?
                .unwrap_or(default.ports),
            max_patterns: env
                .optional("MAX_PATTERNS", "a whole number from 1 to 200", number(200))?
                .map_or(default.max_patterns, usize::from),
            sampling_percent: env
                .optional("SAMPLING_PERCENT", percent, number(100))?
                .unwrap_or(default.sampling_percent),
        };
        let is_sampled = matches!(rules.log, Some(Log::CloudFrontRealTime(_)));
        if rules.sampling_percent < 100 && (!is_sampled || rules.routes.is_some()) {
            return Err(ConfigError::Malformed {
                name: "SAMPLING_PERCENT",
                value: rules.sampling_percent.to_string(),
                expected: "100, unless LOG_FORMAT is cloudfront-real-time and LOG_ROUTES is not set: \
                           no other log is a sample",
            });
        }
        Ok(rules)
    }
}

/// The one format that is configured, if any is.
fn log(env: &Env<'_>) -> Result<Option<Log>, ConfigError> {
    let mapping = env.file("LOG_MAPPING", Log::described)?;
    let name = env
        .value("LOG_FORMAT")
        .filter(|name| !name.is_empty() && name != "auto");
    let Some(name) = name else {
        return Ok(mapping);
    };
    if mapping.is_some() {
        return Err(ConfigError::Malformed {
            name: "LOG_FORMAT",
            value: name,
            expected: "auto where LOG_MAPPING is set: one of them says what the logs are",
        });
    }
    let expected = "auto, or a log: cloudfront, cloudfront-json, cloudfront-real-time, w3c, alb, combined, akamai \
                    or vpc-flow; cloudfront-real-time and vpc-flow may name their fields behind a colon";
    env.optional("LOG_FORMAT", expected, |name| Log::named(name).ok())
}

fn namespace(text: &str) -> Option<String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-./#:".contains(&b);
    let is = (1..=255).contains(&text.len())
        && text.bytes().all(legal)
        && !text.starts_with("AWS/")
        && !text.starts_with(':');
    is.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| {
            let set = [
                ("TRAFFIC_TABLE", "traffic"),
                ("REJECTS_QUEUE_URL", "http://127.0.0.1/1/q"),
            ];
            let mut all = variables.iter().chain(&set);
            let found = all.find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::from_env(&Env::new(&lookup)).map_err(|error| error.to_string())
    }

    #[test]
    fn only_table_and_queue_must_be_set() {
        let config = read(&[]).expect("a configuration");
        assert_eq!(config.rules, Rules::default());
        assert_eq!(config.namespace, "Sitewatch/Traffic");
        assert_eq!(config.patterns, None);
        let error = read(&[("TRAFFIC_TABLE", "")]).expect_err("no table");
        assert!(error.starts_with("TRAFFIC_TABLE is not set"), "{error}");
    }

    #[test]
    fn all_can_be_said() {
        let config = read(&[
            ("PATTERNS_TABLE", "patterns"),
            ("LOG_FORMAT", "combined"),
            ("HOSTS", "www.example.com"),
            ("FLOW_PORTS", "22"),
            ("MAX_PATTERNS", "200"),
            ("METRICS_NAMESPACE", "Shop/Traffic"),
        ])
        .expect("a configuration");
        assert_eq!(config.rules.log, Some(Log::Combined));
        assert_eq!(config.rules.max_patterns, 200);
        assert_eq!(config.namespace, "Shop/Traffic");
        let sampled = read(&[
            ("LOG_FORMAT", "cloudfront-real-time"),
            ("SAMPLING_PERCENT", "5"),
        ]);
        assert_eq!(sampled.expect("a sample").rules.sampling_percent, 5);
    }

    #[test]
    fn what_is_wrong_is_told_by_name() {
        for (name, value) in [
            ("LOG_FORMAT", "apache"),
            ("LOG_ROUTES", "no/such/file"),
            ("LOG_MAPPING", "no/such/file"),
            ("HOSTS", "a b"),
            ("FLOW_PORTS", "ssh"),
            ("MAX_PATTERNS", "0"),
            ("MAX_PATTERNS", "201"),
            ("SAMPLING_PERCENT", "50"),
            ("SAMPLING_PERCENT", "101"),
            ("METRICS_NAMESPACE", "AWS/Lambda"),
            ("PATTERNS_TABLE", "a/b"),
        ] {
            let error = read(&[(name, value)]).expect_err(name);
            assert!(error.starts_with(name), "{error}");
        }
    }
}
