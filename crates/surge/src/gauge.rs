//! What a rate counts, and by which dimensions it is taken apart.

use std::borrow::Cow;

use function::env::{ConfigError, Env};
use model::{Customer, Dimension, Measure, OrderLine};

/// Values that are told apart in a second of a shard, over all dimensions. More than
/// these fit into a granule's item neither with the orders of its seconds nor with the
/// longest values.
const VALUES: usize = 192;

/// The longest value, in bytes; of a longer one so many as leave room for its hash.
const LONGEST_VALUE: usize = 48;
const KEPT_OF_LONGER: usize = 38;

/// What is counted and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    measure: Measure,
    dimensions: Vec<Dimension>,
}

impl Gauge {
    /// Counts by `measure`, and takes what it counts apart by `dimensions`.
    #[must_use]
    pub fn new(measure: Measure, dimensions: Vec<Dimension>) -> Self {
        Self {
            measure,
            dimensions,
        }
    }

    /// Counts by `measure`, without asking who is behind it.
    #[must_use]
    pub fn of(measure: Measure) -> Self {
        Self::new(measure, Vec::new())
    }

    /// Reads `COUNT` and `CONTRIBUTORS`.
    pub(crate) fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let measure = env.optional("COUNT", "one of orders, lines, units", measure)?;
        let expected = "none, or some of customer, country, article, separated by commas";
        let dimensions = env.optional("CONTRIBUTORS", expected, dimensions)?;
        Ok(Self {
            measure: measure.unwrap_or(Measure::Orders),
            dimensions: dimensions.unwrap_or_else(|| Dimension::ALL.to_vec()),
        })
    }

    /// What the rate counts.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// By what it is taken apart.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// What is counted for a dimension's values. An order has many articles, so it is
    /// their lines that are.
    #[must_use]
    pub fn measure_of(&self, dimension: Dimension) -> Measure {
        match (self.measure, dimension) {
            (Measure::Orders, Dimension::Article) => Measure::Lines,
            (measure, _) => measure,
        }
    }

    /// How many values of each dimension are told apart in a second of a shard. A
    /// count is too low by no more than the total, divided by this many plus one.
    pub(crate) fn capacity(&self) -> usize {
        VALUES / self.dimensions.len().max(1)
    }

    /// A line's value of each dimension.
    #[must_use]
    pub fn values<'a>(&self, line: &OrderLine<'a>) -> Vec<Cow<'a, str>> {
        let value = |dimension: &Dimension| match dimension {
            Dimension::Customer => match &line.customer {
                Customer::Registered(number) => Cow::Owned(number.to_string()),
                Customer::Text(text) => short(text.clone()),
                Customer::Guest => Cow::Borrowed(model::GUEST),
            },
            Dimension::Country if line.country.is_empty() => Cow::Borrowed("unknown"),
            Dimension::Country => short(line.country.clone()),
            Dimension::Article => short(line.stock_code.clone()),
        };
        self.dimensions.iter().map(value).collect()
    }
}

/// A value of bounded length: what is cut off goes on in a hash, so that two long values
/// stay two.
fn short(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.len() <= LONGEST_VALUE {
        return value;
    }
    let hash = crate::bucket::hash_of(&value) >> 32;
    let kept = &value[..value.floor_char_boundary(KEPT_OF_LONGER)];
    Cow::Owned(format!("{kept}~{hash:08x}"))
}

fn measure(name: &str) -> Option<Measure> {
    match name {
        "orders" => Some(Measure::Orders),
        "lines" => Some(Measure::Lines),
        "units" => Some(Measure::Units),
        _ => None,
    }
}

/// The dimensions of a list, each once.
fn dimensions(list: &str) -> Option<Vec<Dimension>> {
    if list == "none" {
        return Some(Vec::new());
    }
    let mut dimensions = Vec::new();
    for name in list.split(',') {
        let dimension = Dimension::named(name.trim())?;
        if dimensions.contains(&dimension) {
            return None;
        }
        dimensions.push(dimension);
    }
    Some(dimensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(contributors: Option<&str>) -> Result<Gauge, String> {
        let lookup = |name: &str| (name == "CONTRIBUTORS").then_some(contributors?.to_owned());
        Gauge::from_env(&Env::new(&lookup)).map_err(|error| error.to_string())
    }

    #[test]
    fn all_dimensions_are_looked_at_unless_some_or_none_are_chosen() {
        let dimensions = |list| gauge(list).expect("a gauge").dimensions;
        assert_eq!(dimensions(None), Dimension::ALL);
        assert_eq!(dimensions(Some("none")), []);
        let chosen = [Dimension::Article, Dimension::Customer];
        assert_eq!(dimensions(Some("article, customer")), chosen);
        for wrong in ["customers", "customer,customer", "none,country", ","] {
            let error = gauge(Some(wrong)).expect_err(wrong);
            assert!(error.starts_with("CONTRIBUTORS is"), "{error}");
        }
    }

    #[test]
    fn long_values_are_cut_and_stay_apart() {
        let long = |end: &str| short(Cow::Owned(format!("{}{end}", "é".repeat(40)))).into_owned();
        assert!(long("a").len() <= LONGEST_VALUE && long("a").starts_with("éé"));
        assert_ne!(long("a"), long("b"));
        assert_eq!(short(Cow::Borrowed("17850")), "17850");
    }
}
