//! The rule: when a site's rate of orders is a surge.

use function::env::{ConfigError, Env};
use model::{Measure, is_site_name};

use crate::gauge::Gauge;

/// The longest window, in seconds: a look reads that much of every shard.
const LONGEST_WINDOW: u32 = 300;
/// The longest evaluation and recovery, in seconds.
const LONGEST_RUN: u32 = 3_600;
/// The longest pause between reminders, in seconds: a week.
const LONGEST_REPEAT: u32 = 7 * 24 * 3_600;
/// When a site is in surge. Can only be built in a way that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(crate) site: String,
    pub(crate) gauge: Gauge,
    pub(crate) window: u32,
    pub(crate) threshold: u64,
    pub(crate) evaluation: u32,
    pub(crate) datapoints: u32,
    pub(crate) recovery: u32,
    pub(crate) repeat: u32,
}

impl Rule {
    /// The highest threshold that a rule can have.
    pub const HIGHEST_THRESHOLD: u64 = 1_000_000_000_000;

    /// Reads the rule from `SITE`, `COUNT`, `CONTRIBUTORS`, `WINDOW_SECONDS`, `ORDER_THRESHOLD`,
    /// `EVALUATION_SECONDS`, `DATAPOINTS_TO_ALARM`, `RECOVERY_SECONDS` and
    /// `REPEAT_SECONDS`, each of which has a default.
    ///
    /// # Errors
    /// The first variable that is malformed or contradicts the others.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let seconds = |name, most, expected, default| {
            let parse = |text: &str| whole(text).filter(|n| (1..=u64::from(most)).contains(n));
            let number = env.optional(name, expected, parse)?;
            Ok(number.map_or(default, |n| u32::try_from(n).unwrap_or(most)))
        };
        let window = "a whole number of seconds from 1 to 300";
        let run = "a whole number of seconds from 1 to 3600";
        let evaluation = seconds("EVALUATION_SECONDS", LONGEST_RUN, run, 60)?;
        let rule = Self {
            site: env
                .optional("SITE", "1 to 64 letters, digits, '_', '-', '.'", site)?
                .unwrap_or_else(|| "website".to_owned()),
            gauge: Gauge::from_env(env)?,
            window: seconds("WINDOW_SECONDS", LONGEST_WINDOW, window, 15)?,
            threshold: env
                .optional(
                    "ORDER_THRESHOLD",
                    "a whole number from 1 to 10^12",
                    |text| whole(text).filter(|n| (1..=Self::HIGHEST_THRESHOLD).contains(n)),
                )?
                .unwrap_or(15),
            evaluation,
            datapoints: env
                .optional(
                    "DATAPOINTS_TO_ALARM",
                    "a whole number from 1 to EVALUATION_SECONDS",
                    |text| {
                        let n = whole(text).and_then(|n| u32::try_from(n).ok());
                        n.filter(|n| (1..=evaluation).contains(n))
                    },
                )?
                .unwrap_or(evaluation),
            recovery: seconds("RECOVERY_SECONDS", LONGEST_RUN, run, 60)?,
            repeat: env
                .optional(
                    "REPEAT_SECONDS",
                    "a whole number of seconds from 0 to 604800",
                    |text| {
                        let n = whole(text).and_then(|n| u32::try_from(n).ok());
                        n.filter(|n| *n <= LONGEST_REPEAT)
                    },
                )?
                .unwrap_or(3_600),
        };
        if rule.recovery + rule.datapoints <= rule.evaluation {
            return Err(ConfigError::Malformed {
                name: "RECOVERY_SECONDS",
                value: rule.recovery.to_string(),
                expected: "more than EVALUATION_SECONDS - DATAPOINTS_TO_ALARM: \
                           the breaches of a surge that is over would raise the next alarm at once",
            });
        }
        Ok(rule)
    }

    /// The site that the rule watches.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.site
    }

    /// What the rate counts.
    #[must_use]
    pub fn count(&self) -> Measure {
        self.gauge.measure()
    }

    /// What the rate counts, and by what it is taken apart.
    #[must_use]
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// The window's length in seconds.
    #[must_use]
    pub fn window(&self) -> u32 {
        self.window
    }

    /// The rate from which on a second is in breach.
    #[must_use]
    pub fn threshold(&self) -> u64 {
        self.threshold
    }

    /// How many of the last seconds decide about an alarm.
    #[must_use]
    pub fn evaluation(&self) -> u32 {
        self.evaluation
    }

    /// How many of the evaluated seconds have to be in breach for an alarm.
    #[must_use]
    pub fn datapoints(&self) -> u32 {
        self.datapoints
    }

    /// After how many seconds without a breach a surge is over.
    #[must_use]
    pub fn recovery(&self) -> u32 {
        self.recovery
    }

    /// The seconds between reminders; 0 for none.
    #[must_use]
    pub fn repeat(&self) -> u32 {
        self.repeat
    }

    /// Whether alarms tell who is behind them.
    pub(crate) fn asks_who(&self) -> bool {
        !self.gauge.dimensions().is_empty()
    }

    /// How far back, in seconds, the breaches matter that decide about a second.
    pub(crate) fn memory(&self) -> i64 {
        i64::from(self.evaluation.max(self.recovery))
    }
}

fn whole(text: &str) -> Option<u64> {
    // parse() would take a plus sign.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn site(name: &str) -> Option<String> {
    is_site_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(variables: &[(&str, &str)]) -> Result<Rule, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Rule::from_env(&Env::new(&lookup)).map_err(|e| e.to_string())
    }

    #[test]
    fn without_variables_the_rule_is_fifteen_orders_in_fifteen_seconds_for_a_minute() {
        let rule = rule(&[]).expect("a rule");
        assert_eq!((rule.site(), rule.count()), ("website", Measure::Orders));
        assert_eq!((rule.window, rule.threshold), (15, 15));
        assert_eq!((rule.evaluation, rule.datapoints), (60, 60));
        assert_eq!((rule.recovery, rule.repeat), (60, 3_600));
    }

    #[test]
    fn the_datapoints_follow_the_evaluation() {
        let rule = rule(&[("EVALUATION_SECONDS", "30")]).expect("a rule");
        assert_eq!(rule.datapoints, 30);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (name, values) in [
            ("SITE", &["a b", "a#b"][..]),
            ("COUNT", &["Orders", "rows"]),
            ("WINDOW_SECONDS", &["0", "-1", "301", "1.5", "+5", "x"]),
            ("ORDER_THRESHOLD", &["0", "-1", "99999999999999999999"]),
            ("EVALUATION_SECONDS", &["0", "3601"]),
            ("DATAPOINTS_TO_ALARM", &["0", "61"]),
            ("RECOVERY_SECONDS", &["0", "3601"]),
            ("REPEAT_SECONDS", &["-1", "604801"]),
        ] {
            for value in values {
                let error = rule(&[(name, value)]).expect_err(value);
                assert!(
                    error.starts_with(&format!("{name} is \"{value}\"")),
                    "{error}"
                );
            }
        }
        let flapping = [("DATAPOINTS_TO_ALARM", "1"), ("RECOVERY_SECONDS", "59")];
        let error = rule(&flapping).expect_err("it would fire again at once");
        assert!(error.starts_with("RECOVERY_SECONDS is \"59\""), "{error}");
        assert!(rule(&[("REPEAT_SECONDS", "0")]).is_ok());
    }
}
