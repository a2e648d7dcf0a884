//! Order lines as a shop makes them, in every form that the pipeline takes, and what
//! should become of them. Nothing here is the pipeline's own code.

use fastrand::Rng;
use md5::{Digest as _, Md5};

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
    /// `CustomerID`; `None` is a guest.
    pub customer: Option<i64>,
    /// `LineNo`, where the shop sends it.
    pub number: Option<u64>,
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
        self.quantity < 0 || self.invoice.starts_with('C')
    }

    /// The row's partition key. Simulated guests have invoice numbers of a few digits.
    #[must_use]
    pub fn customer_key(&self) -> i64 {
        let digits = self.invoice.trim_start_matches('C');
        self.customer
            .unwrap_or_else(|| -digits.parse::<i64>().expect("an invoice number of digits"))
    }

    fn price(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// The price as a row has it.
    #[must_use]
    pub fn row_price(&self) -> String {
        let price = self.price();
        price.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The line as CSV or JSON.
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
        let customer = self.customer;
        if as_json {
            let customer = customer.map_or("null".to_owned(), |c| c.to_string());
            let number = number.map_or(String::new(), |n| format!(",\"LineNo\":{n}"));
            return format!(
                "{{\"InvoiceNo\":\"{invoice}\",\"StockCode\":\"{stock}\",\"Description\":\"{description}\",\
                 \"Quantity\":{quantity},\"InvoiceDate\":\"2010-12-01T08:26\",\"UnitPrice\":{price},\
                 \"CustomerID\":{customer},\"Country\":\"France\"{number}}}"
            );
        }
        let customer = customer.map_or(String::new(), |c| c.to_string());
        let number = number.map_or(String::new(), |n| format!(",{n}"));
        format!(
            "{invoice},{stock},\"{description}\",{quantity},12/1/2010 8:26,{price},{customer},France{number}"
        )
    }
}

/// A line of a record: an order line, or what is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// An order line and its bytes.
    Good(Line, Vec<u8>),
    /// What can never be a row.
    Bad(Vec<u8>),
}

impl Sent {
    /// The bytes as they were sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Good(_, bytes) | Self::Bad(bytes) => bytes,
        }
    }

    /// The order line, if it is one.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Good(line, _) => Some(line),
            Self::Bad(_) => None,
        }
    }
}

/// What one record carries: user records of lines, more than one only if it is
/// aggregated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The lines of each user record.
    pub parts: Vec<Vec<Sent>>,
    /// Whether it is in the Kinesis Producer Library's form.
    pub aggregated: bool,
}

impl Payload {
    /// All its lines, with the user record and the line that they stand in, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (Option<u64>, u64, &Sent)> {
        let part = |(part, lines): (usize, _)| {
            let user_record = self.aggregated.then_some(part as u64 + 1);
            let lines: &Vec<Sent> = lines;
            let at = move |(line, sent)| (user_record, line as u64 + 1, sent);
            lines.iter().enumerate().map(at)
        };
        self.parts.iter().enumerate().flat_map(part)
    }

    /// The record's data.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let part = |lines: &Vec<Sent>| {
            let with_end = |s: &Sent| [s.bytes(), b"\n"].concat();
            lines.iter().flat_map(with_end).collect::<Vec<u8>>()
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

/// An order: lines of one invoice, with line numbers from `first` on if the shop sends
/// any. No two lines of a world share one: a line that is corrected under its number
/// is certain to win only in its shard and in order, which a retry does not keep.
pub fn order(rng: &mut Rng, invoice: u32, first: u64) -> Vec<Line> {
    let cancelled = rng.u32(0..12) == 0;
    let customer = (rng.u32(0..4) > 0).then(|| 10_000 + rng.i64(0..20));
    let numbered = rng.bool();
    let line = |number: u64, rng: &mut Rng| Line {
        invoice: format!("{}{invoice}", if cancelled { "C" } else { "" }),
        stock: format!("{}", 85_000 + rng.u32(0..3)),
        description: match rng.u32(0..40) {
            0 => REFUSED.to_owned(),
            n => format!("HEART, SIZE {}", n % 4),
        },
        quantity: if cancelled { -1 } else { rng.i64(0..5) },
        cents: rng.u32(0..400),
        customer,
        number: numbered.then_some(number),
    };
    (first..first + rng.u64(1..4))
        .map(|number| line(number, rng))
        .collect()
}

/// What is no order line.
pub fn nonsense(rng: &mut Rng) -> Vec<u8> {
    match rng.u32(0..4) {
        0 => format!("?{}", rng.u32(..)).into_bytes(),
        1 => format!(
            "536365,85123A,HEART,many,12/1/2010 8:26,2.55,{},France",
            rng.u32(..)
        )
        .into_bytes(),
        2 => format!("{{\"InvoiceNo\":\"{}\"}}", rng.u32(..)).into_bytes(),
        _ => [b"\xFF\xFE", rng.u32(..).to_string().as_bytes()].concat(),
    }
}
