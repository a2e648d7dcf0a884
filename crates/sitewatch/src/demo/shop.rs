//! A shop on the day of a flash sale: the same orders every time.

use std::collections::VecDeque;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::replay::Parcel;

/// When it begins: a Black Friday.
pub(super) const OPENS: DateTime<Utc> =
    DateTime::from_timestamp(1_764_320_400, 0).expect("in range");
/// How long it is looked at: until the end of the alarm is told.
pub(super) const SECONDS: i64 = 361;
/// The sale's first and last second.
const SALE: std::ops::Range<i64> = 60..165;
/// How likely each of so many visitors is to order in a second, in percent: on an
/// ordinary day and in the sale.
const VISITORS: u32 = 10;
const QUIET: u32 = 4;
const BUSY: u32 = 40;
/// What the rate looks back over, as the rule does.
const WINDOW: TimeDelta = TimeDelta::seconds(15);

const ARTICLES: [(&str, &str, &str); 10] = [
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

/// The shop's orders, and what is known of them.
#[derive(Debug)]
pub(super) struct Shop {
    random: fastrand::Rng,
    next_invoice: u32,
    /// All lines, each once.
    lines: Vec<String>,
    /// Lines that are no order lines.
    bad: u64,
    /// Lines that were sent twice.
    twice: u64,
    orders: u64,
    /// When the last orders came.
    window: VecDeque<DateTime<Utc>>,
}

impl Shop {
    pub(super) fn new() -> Self {
        Self {
            random: fastrand::Rng::with_seed(15),
            next_invoice: 600_000,
            lines: Vec::new(),
            bad: 0,
            twice: 0,
            orders: 0,
            window: VecDeque::new(),
        }
    }

    /// The lines of a second's orders, as a web server sends them: raw CSV, a record
    /// each, in order per invoice.
    pub(super) fn orders(&mut self, now: DateTime<Utc>) -> Vec<Parcel> {
        while self
            .window
            .front()
            .is_some_and(|first| *first <= now - WINDOW)
        {
            self.window.pop_front();
        }
        let second = (now - OPENS).num_seconds();
        let chance = if SALE.contains(&second) { BUSY } else { QUIET };
        let mut parcels = Vec::new();
        for _ in 0..VISITORS {
            if self.random.u32(0..100) < chance {
                self.order(now, &mut parcels);
            }
        }
        parcels
    }

    fn order(&mut self, now: DateTime<Utc>, parcels: &mut Vec<Parcel>) {
        let invoice = self.next_invoice.to_string();
        self.next_invoice += 1;
        let guest = self.random.u32(0..4) == 0;
        let customer = if guest {
            String::new()
        } else {
            self.random.u32(12_346..18_288).to_string()
        };
        let country = self.random.choice(COUNTRIES).unwrap_or_default();
        for number in 1..=self.random.u32(1..=5) {
            let line = self.line(&invoice, number, (&customer, country), now);
            // A producer that misses the answer sends a record again.
            let copies = if self.random.u32(0..50) == 0 { 2 } else { 1 };
            self.twice += copies - 1;
            for _ in 0..copies {
                parcels.push(Parcel {
                    line: parcels.len() as u64 + 1,
                    key: invoice.clone(),
                    data: line.clone().into_bytes(),
                });
            }
            self.lines.push(line);
        }
        self.orders += 1;
        self.window.push_back(now);
    }

    fn line(
        &mut self,
        invoice: &str,
        number: u32,
        (customer, country): (&str, &str),
        now: DateTime<Utc>,
    ) -> String {
        let (code, name, price) = ARTICLES[self.random.usize(0..ARTICLES.len())];
        // Every order has a first line that is good: it counts.
        let is_bad = number > 1 && self.random.u32(0..80) == 0;
        self.bad += u64::from(is_bad);
        let quantity = if is_bad {
            "a dozen".to_owned()
        } else {
            self.random.u32(1..=12).to_string()
        };
        let date = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{invoice},{code},{name},{quantity},{date},{price},{customer},{country},{number}")
    }

    /// Orders of the last seconds, as many as the rule looks back over.
    pub(super) fn rate(&self) -> u64 {
        self.window.len() as u64
    }

    /// Different lines that were sent.
    pub(super) fn lines(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Those of them that are no order lines.
    pub(super) fn bad(&self) -> u64 {
        self.bad
    }

    /// Those of them that were sent twice.
    pub(super) fn twice(&self) -> u64 {
        self.twice
    }

    /// Orders, each of one or more lines.
    pub(super) fn placed(&self) -> u64 {
        self.orders
    }

    /// All lines as a file.
    pub(super) fn csv(&self) -> String {
        let mut csv = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,LineNo\n".to_owned();
        for line in &self.lines {
            let _ = writeln!(csv, "{line}");
        }
        csv
    }
}
