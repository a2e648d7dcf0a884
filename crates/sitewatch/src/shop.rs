//! A shop's orders, made up: the same for the same seed.

use chrono::{DateTime, SecondsFormat, Utc};

/// The columns of its lines.
pub(crate) const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,LineNo";

/// Codes, names as CSV has them, and prices.
pub(crate) const ARTICLES: [(&str, &str, &str); 10] = [
    ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "2.55"),
    ("71053", "WHITE METAL LANTERN", "3.39"),
    ("84406B", "CREAM CUPID HEARTS COAT HANGER", "2.75"),
    ("22752", "SET 7 BABUSHKA NESTING BOXES", "7.65"),
    ("22719", "\"GUMBALL MONOCHROME, COAT RACK\"", "1.06"),
    ("21730", "GLASS STAR FROSTED T-LIGHT HOLDER", "4.25"),
    ("22633", "HAND WARMER UNION JACK", "1.85"),
    ("84879", "ASSORTED COLOUR BIRD ORNAMENT", "1.69"),
    ("22745", "POPPY'S PLAYHOUSE BEDROOM", "2.1"),
    ("48187", "DOORMAT NEW ENGLAND", "7.95"),
];
const COUNTRIES: [&str; 4] = ["United Kingdom", "France", "Germany", "EIRE"];

/// Where orders are placed.
#[derive(Debug)]
pub(crate) struct Till {
    /// What decides about everything.
    pub(crate) random: fastrand::Rng,
    next_invoice: u32,
}

/// An order.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) invoice: String,
    pub(crate) lines: Vec<PlacedLine>,
}

/// A line of an order.
#[derive(Debug)]
pub(crate) struct PlacedLine {
    /// CSV, without a line break.
    pub(crate) text: String,
    /// Whether it is no order line.
    pub(crate) is_bad: bool,
    /// Whether the producer misses the answer, and sends it again.
    pub(crate) is_sent_twice: bool,
}

impl Till {
    /// The orders of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            next_invoice: 600_000,
        }
    }

    /// The next order.
    pub(crate) fn order(&mut self, now: DateTime<Utc>) -> Placed {
        let invoice = self.next_invoice.to_string();
        self.next_invoice += 1;
        let guest = self.random.u32(0..4) == 0;
        let customer = if guest {
            String::new()
        } else {
            self.random.u32(12_346..18_288).to_string()
        };
        let country = self.random.choice(COUNTRIES).unwrap_or_default();
        let lines = (1..=self.random.u32(1..=5))
            .map(|number| {
                let (text, is_bad) = self.line(&invoice, number, (&customer, country), now);
                PlacedLine {
                    text,
                    is_bad,
                    is_sent_twice: self.random.u32(0..50) == 0,
                }
            })
            .collect();
        Placed { invoice, lines }
    }

    fn line(
        &mut self,
        invoice: &str,
        number: u32,
        (customer, country): (&str, &str),
        now: DateTime<Utc>,
    ) -> (String, bool) {
        let (code, name, price) = ARTICLES[self.random.usize(0..ARTICLES.len())];
        // Every order has a first line that is good: it counts.
        let is_bad = number > 1 && self.random.u32(0..80) == 0;
        let quantity = if is_bad {
            "a dozen".to_owned()
        } else {
            self.random.u32(1..=12).to_string()
        };
        let date = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let line = format!(
            "{invoice},{code},{name},{quantity},{date},{price},{customer},{country},{number}"
        );
        (line, is_bad)
    }
}
