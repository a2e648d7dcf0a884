//! Order lines and what should become of them, and records that carry them. Nothing here
//! is the pipeline's own code.

use md5::{Digest as _, Md5};
use sha2::Sha256;

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// `InvoiceNo`.
    pub invoice: String,
    /// `StockCode`.
    pub stock: String,
    /// `Description`.
    pub description: String,
    /// `Quantity`.
    pub quantity: i64,
    /// `UnitPrice`, in hundredths.
    pub cents: u32,
    /// `CustomerID`.
    pub customer: Customer,
    /// `LineNo`, where the shop sends it.
    pub number: Option<u64>,
    /// `InvoiceDate`, as it is sent and as a row has it.
    pub date: [&'static str; 2],
    /// `Currency`, where the shop sends it.
    pub currency: Option<&'static str>,
    /// Whether the shop says that it is cancelled, and how.
    pub cancelled: Cancelled,
}

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Customer {
    /// Somebody with a number.
    Number(i64),
    /// Somebody with a text.
    Text(String),
    /// A guest.
    Guest,
}

/// How a shop says that an order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cancelled {
    /// It does not.
    No,
    /// By its invoice number.
    ByNumber,
    /// By a mark beside it, which a row has, too.
    ByMark,
}

/// What the rows table refuses, in the description.
pub const REFUSED: &str = "FORBIDDEN";

impl Line {
    /// Whether the rows table refuses it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.description.contains(REFUSED)
    }

    /// Whether it is a cancellation: no part of any rate.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.quantity < 0 || self.cancelled != Cancelled::No
    }

    /// The row's partition key. Simulated guests have invoice numbers of a few digits.
    #[must_use]
    pub fn customer_key(&self) -> i64 {
        match &self.customer {
            Customer::Number(number) => *number,
            Customer::Text(text) => {
                let first: u64 = hash(text)[..8]
                    .iter()
                    .fold(0, |n, b| n << 8 | u64::from(*b));
                -2_000_000_000_000_000_000 - (first >> 2) as i64
            }
            Customer::Guest => {
                let digits = self.invoice.trim_start_matches('C');
                -digits.parse::<i64>().expect("an invoice number of digits")
            }
        }
    }

    /// The row's sort key; of a line without a number, all that is before the hash of its
    /// content.
    #[must_use]
    pub fn order_id(&self) -> String {
        let known = format!("{}-{}#", self.invoice, self.stock);
        match (self.number, &self.customer) {
            (None, _) => known,
            (Some(number), Customer::Text(text)) => {
                let hash = hash(text);
                let digits = hash[8..16].iter().map(|b| format!("{b:02x}"));
                format!("{known}{number}~{}", digits.collect::<String>())
            }
            (Some(number), _) => format!("{known}{number}"),
        }
    }

    /// The price with two decimals.
    #[must_use]
    pub fn price(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// The price as a row has it.
    #[must_use]
    pub fn row_price(&self) -> String {
        let price = self.price();
        price.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The line in one of the Online Retail forms, as CSV or JSON.
    #[must_use]
    pub fn written(&self, as_json: bool) -> String {
        let Self {
            invoice,
            stock,
            description,
            quantity,
            ..
        } = self;
        let (price, number) = (self.price(), self.number);
        let customer = match &self.customer {
            Customer::Number(number) => number.to_string(),
            Customer::Text(_) | Customer::Guest => String::new(),
        };
        if as_json {
            let customer = if customer.is_empty() {
                "null"
            } else {
                &customer
            };
            let number = number.map_or(String::new(), |n| format!(",\"LineNo\":{n}"));
            return format!(
                "{{\"InvoiceNo\":\"{invoice}\",\"StockCode\":\"{stock}\",\"Description\":\"{description}\",\
                 \"Quantity\":{quantity},\"InvoiceDate\":\"2010-12-01T08:26\",\"UnitPrice\":{price},\
                 \"CustomerID\":{customer},\"Country\":\"France\"{number}}}"
            );
        }
        let number = number.map_or(String::new(), |n| format!(",{n}"));
        format!(
            "{invoice},{stock},\"{description}\",{quantity},12/1/2010 8:26,{price},{customer},France{number}"
        )
    }
}

/// What is sent in one piece: a line, a whole order, or what is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// An order line and its bytes.
    Good(Line, Vec<u8>),
    /// A whole order's lines, each an order line or what is none, and its bytes.
    Order(Vec<Option<Line>>, Vec<u8>),
    /// What can never be a row.
    Bad(Vec<u8>),
    /// What holds nothing, as a header.
    Nothing(Vec<u8>),
}

impl Sent {
    /// The bytes as they were sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Good(_, bytes)
            | Self::Order(_, bytes)
            | Self::Bad(bytes)
            | Self::Nothing(bytes) => bytes,
        }
    }

    /// Its order lines, each with its place in its order, from 1, if it is of a whole one.
    pub fn lines(&self) -> impl Iterator<Item = (Option<u64>, &Line)> {
        let (alone, items) = match self {
            Self::Good(line, _) => (Some((None, line)), &[][..]),
            Self::Order(items, _) => (None, &items[..]),
            Self::Bad(_) | Self::Nothing(_) => (None, &[][..]),
        };
        let items = (1..).zip(items);
        let items = items.filter_map(|(item, line)| Some((Some(item), line.as_ref()?)));
        alone.into_iter().chain(items)
    }
}

/// What one record carries: user records of lines or orders, more than one only if it is
/// aggregated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// What is in each user record.
    pub parts: Vec<Vec<Sent>>,
    /// Whether it is in the Kinesis Producer Library's form.
    pub aggregated: bool,
    /// Whether each part is a JSON array of whole orders.
    pub arrays: bool,
}

impl Payload {
    /// All that it carries, with the user record and the line that it begins in, from 1.
    pub fn sent(&self) -> impl Iterator<Item = (Option<u64>, u64, &Sent)> {
        let part = |(part, all): (usize, _)| {
            let user_record = self.aggregated.then_some(part as u64 + 1);
            let all: &Vec<Sent> = all;
            let mut line = 1;
            let at = move |sent: &'_ Sent| {
                let begins = line;
                line += sent.bytes().iter().filter(|b| **b == b'\n').count() as u64 + 1;
                begins
            };
            let places: Vec<u64> = all.iter().map(at).collect();
            let places = places.into_iter().zip(all);
            places.map(move |(line, sent)| (user_record, line, sent))
        };
        self.parts.iter().enumerate().flat_map(part)
    }

    /// All its order lines.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let sent = self.parts.iter().flatten();
        sent.flat_map(|sent| sent.lines().map(|(_, line)| line))
    }

    /// The record's data.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let part = |all: &Vec<Sent>| {
            let all: Vec<&[u8]> = all.iter().map(Sent::bytes).collect();
            if self.arrays {
                [b"[", &all.join(&b",\n"[..])[..], b"]"].concat()
            } else {
                all.iter()
                    .flat_map(|bytes| [bytes, &b"\n"[..]].concat())
                    .collect::<Vec<u8>>()
            }
        };
        if self.aggregated {
            let parts: Vec<Vec<u8>> = self.parts.iter().map(part).collect();
            aggregate(&parts)
        } else {
            self.parts.iter().flat_map(part).collect()
        }
    }
}

/// User records in the Kinesis Producer Library's form.
///
/// Source: <https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md>
fn aggregate(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut message = field(1, b"key");
    for part in parts {
        // Partition key 0 of the table before it, and the data.
        let record = [vec![8, 0], field(3, part)].concat();
        message.extend(field(3, &record));
    }
    let checksum = Md5::digest(&message);
    [&[0xF3, 0x89, 0x9A, 0xC2], &message[..], &checksum[..]].concat()
}

/// A protobuf field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
