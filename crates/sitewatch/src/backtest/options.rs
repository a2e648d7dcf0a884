//! What can be said on the command line, and the rule that it makes.
//!
//! The rule is read by the function's own code from the function's own variables;
//! a flag stands in for its variable.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser as Text;
use function::env::{ConfigError, Env};
use surge::Rule;
use thiserror::Error;

use crate::orders::Orders;

/// What to run the rule over, and how to show what comes of it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Past orders: CSV in the Online Retail columns or JSON lines, or what --orders says; plain, .zst or .gz
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Leave the lines of a minute at its beginning
    #[arg(long)]
    pub(crate) no_spread: bool,

    /// Show every alarm, in the order of time, instead of the 20 with the highest peaks
    #[arg(long)]
    pub(crate) all: bool,

    /// Print one JSON document instead: lines, rule, alarms, records, thresholds
    #[arg(long)]
    pub(crate) json: bool,

    /// Also write a page with the rate, the threshold and the alarms drawn; needs no network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) orders: Orders,

    #[command(flatten)]
    rule: RuleOptions,
}

/// The `surge` function's variables, as flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The rule (each also read from the surge function's variable)")]
struct RuleOptions {
    /// The site's name in the alarms [env: SITE] [default: website]
    #[arg(long, value_name = "NAME", value_parser = Text::new(), allow_hyphen_values = true)]
    site: Option<String>,

    /// What a rate counts: orders, lines or units [env: COUNT] [default: orders]
    #[arg(long, value_name = "WHAT", value_parser = Text::new())]
    count: Option<String>,

    /// Who is behind an alarm: customer, country, article, or none [env: CONTRIBUTORS] [default: all]
    #[arg(long, value_name = "LIST", value_parser = Text::new())]
    contributors: Option<String>,

    /// How many seconds a rate looks back over [env: WINDOW_SECONDS] [default: 15]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    window_seconds: Option<String>,

    /// The rate from which on a second is in breach [env: ORDER_THRESHOLD] [default: 15]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    order_threshold: Option<String>,

    /// How many of the last seconds decide about an alarm [env: EVALUATION_SECONDS] [default: 60]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    evaluation_seconds: Option<String>,

    /// How many of them have to be in breach [env: DATAPOINTS_TO_ALARM] [default: all]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    datapoints_to_alarm: Option<String>,

    /// After how many seconds without a breach it is over [env: RECOVERY_SECONDS] [default: 60]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    recovery_seconds: Option<String>,

    /// Seconds between reminders, 0 for none [env: REPEAT_SECONDS] [default: 3600]
    #[arg(long, value_name = "N", value_parser = Text::new(), allow_hyphen_values = true)]
    repeat_seconds: Option<String>,

    /// Not what the environment says.
    #[arg(skip)]
    flags_alone: bool,
}

/// A mistake on the command line or in the environment: exit code 2.
#[derive(Debug, Error)]
#[error("--{flag}, or the variable {variable}, is {value:?}: expected {expected}")]
pub(crate) struct Usage {
    flag: String,
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl RuleOptions {
    /// The flag that stands in for a variable.
    fn flag(&self, variable: &str) -> Option<&String> {
        match variable {
            "SITE" => self.site.as_ref(),
            "COUNT" => self.count.as_ref(),
            "CONTRIBUTORS" => self.contributors.as_ref(),
            "WINDOW_SECONDS" => self.window_seconds.as_ref(),
            "ORDER_THRESHOLD" => self.order_threshold.as_ref(),
            "EVALUATION_SECONDS" => self.evaluation_seconds.as_ref(),
            "DATAPOINTS_TO_ALARM" => self.datapoints_to_alarm.as_ref(),
            "RECOVERY_SECONDS" => self.recovery_seconds.as_ref(),
            "REPEAT_SECONDS" => self.repeat_seconds.as_ref(),
            _ => None,
        }
    }
}

impl Options {
    /// The default rule over a file, whatever the environment says.
    pub(crate) fn of_default_rule(file: PathBuf) -> Self {
        Self {
            file,
            no_spread: false,
            all: false,
            json: false,
            html: None,
            orders: Orders::default(),
            rule: RuleOptions {
                flags_alone: true,
                ..RuleOptions::default()
            },
        }
    }

    /// The rule that flags and environment give.
    ///
    /// # Errors
    /// The first value that the function would refuse to start with.
    pub(crate) fn rule(&self) -> Result<Rule, Usage> {
        self.read(None)
    }

    /// The same rule with another threshold.
    ///
    /// # Errors
    /// As [`Options::rule`], if the threshold is none that a rule can have.
    pub(crate) fn rule_with_threshold(&self, threshold: u64) -> Result<Rule, Usage> {
        self.read(Some(threshold))
    }

    fn read(&self, threshold: Option<u64>) -> Result<Rule, Usage> {
        let environment = Env::process();
        let lookup = |name: &str| match threshold {
            Some(threshold) if name == "ORDER_THRESHOLD" => Some(threshold.to_string()),
            // Of other thresholds it is the number of alarms that is shown.
            Some(_) if name == "CONTRIBUTORS" => Some("none".to_owned()),
            _ => {
                let flag = self.rule.flag(name).cloned();
                let asked = !self.rule.flags_alone;
                flag.or_else(|| environment.value(name).filter(|_| asked))
            }
        };
        Rule::from_env(&Env::new(&lookup)).map_err(|error| {
            let (variable, value, expected) = match error {
                ConfigError::Missing { name, expected }
                | ConfigError::MalformedPrivate { name, expected } => {
                    (name, String::new(), expected)
                }
                ConfigError::Malformed {
                    name,
                    value,
                    expected,
                } => (name, value, expected),
                // The rule has none.
                ConfigError::File { name, path, .. } => (name, path, "a file"),
            };
            Usage {
                flag: variable.to_lowercase().replace('_', "-"),
                variable,
                value,
                expected,
            }
        })
    }
}
