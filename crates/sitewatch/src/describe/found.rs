//! What a format makes of a sample.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{Cancellation, Customer, Decoded, OrderFormat, OrderLine, Reason};

/// Rows that are kept to be shown.
const FIRST_ROWS: usize = 5;
/// Lines that are looked at for examples: each may lie in an order as large as the sample.
const LINES_OF_EXAMPLES: usize = 50;

/// What comes of a sample.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Lines of orders, refused ones too.
    pub(super) lines: u64,
    pub(super) stored: u64,
    pub(super) orders: u64,
    /// Lines that are no part of a rate.
    pub(super) cancelled: u64,
    /// Lines of customers without a number or text.
    pub(super) guests: u64,
    /// Lines whose key another line has, too.
    pub(super) copies: u64,
    pub(super) first: Vec<Row>,
    pub(super) rejects: BTreeMap<Reason, Rejects>,
    /// A value of each field, as the shop wrote it.
    pub(super) examples: HashMap<String, String>,
}

/// A row as it would be stored.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) customer_id: String,
    pub(super) customer_ref: Option<String>,
    pub(super) order_id: String,
    pub(super) order_date: String,
    pub(super) quantity: String,
    pub(super) unit_price: String,
    pub(super) country: String,
    pub(super) currency: Option<String>,
    pub(super) is_marked: bool,
}

/// Lines that are refused for one reason.
#[derive(Debug)]
pub(super) struct Rejects {
    pub(super) lines: u64,
    /// Where the first of them is.
    pub(super) first: String,
    /// What is wrong with it.
    pub(super) message: String,
}

impl Found {
    /// Decodes a sample.
    pub(super) fn of(format: &OrderFormat, bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let (mut orders, mut keys) = (HashSet::new(), HashSet::new());
        let fields = format.fields().len();
        let mut looked_at = 0;
        for decoded in format.decode(bytes) {
            found.lines += 1;
            if found.examples.len() < fields && looked_at < LINES_OF_EXAMPLES {
                looked_at += 1;
                for (field, text) in format.values(&decoded) {
                    found.examples.entry(field).or_insert(text);
                }
            }
            match &decoded.line {
                Ok(line) => {
                    found.line(line);
                    orders.insert(line.invoice_no.clone().into_owned());
                    let is_new = keys.insert((line.customer_key(), line.order_id()));
                    found.copies += u64::from(!is_new);
                }
                Err(reject) => found.reject(&decoded, reject.reason, || {
                    format.explain(reject).to_string()
                }),
            }
        }
        found.orders = orders.len() as u64;
        found
    }

    /// How many lines are refused.
    pub(super) fn refused(&self) -> u64 {
        self.lines - self.stored
    }

    fn line(&mut self, line: &OrderLine<'_>) {
        self.stored += 1;
        self.cancelled += u64::from(line.cancellation != Cancellation::No);
        self.guests += u64::from(line.customer == Customer::Guest);
        if self.first.len() < FIRST_ROWS {
            self.first.push(Row::of(line));
        }
    }

    fn reject(&mut self, decoded: &Decoded<'_>, reason: Reason, message: impl FnOnce() -> String) {
        let rejects = self.rejects.entry(reason);
        let rejects = rejects.or_insert_with(|| Rejects {
            lines: 0,
            first: match decoded.position.item {
                Some(item) => format!("{}, item {item}", decoded.position.line),
                None => decoded.position.line.to_string(),
            },
            message: message(),
        });
        rejects.lines += 1;
    }
}

impl Row {
    fn of(line: &OrderLine<'_>) -> Self {
        Self {
            customer_id: line.customer_key().to_string(),
            customer_ref: match &line.customer {
                Customer::Text(text) => Some(text.clone().into_owned()),
                Customer::Registered(_) | Customer::Guest => None,
            },
            order_id: line.order_id(),
            order_date: line.order_date.to_string(),
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            country: line.country.clone().into_owned(),
            currency: line.currency.map(|currency| currency.as_str().to_owned()),
            is_marked: line.cancellation == Cancellation::Marked,
        }
    }
}
