//! What identifies an order line for good: the two parts of its table key.
//!
//! Both are functions of the line alone, so that every delivery of it, by
//! whatever producer and in whatever format, names the same row.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::digits::{push_decimal, push_integer};
use crate::order::line::{Cancellation, Customer, OrderLine};

/// A DynamoDB item's largest size. <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const ROW_BYTES: usize = 400 * 1024;
/// A sort key's largest size, from the same page.
const ORDER_ID_BYTES: usize = 1024;
/// More than all names, numbers and dates of a row take together: some 300. So the
/// limit is drawn about 200 bytes below DynamoDB's own, on the safe side.
const FIXED_BYTES: usize = 512;
/// The digits of a content's hash.
const HASH_DIGITS: usize = 24;
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// Keys of guests whose invoice number has no usable digits lie below this.
const BELOW_DIGITS: i64 = -1_000_000_000_000_000_000;
/// Keys of customers that are texts begin here and go down by up to 2^62.
const TEXTS: i64 = -2_000_000_000_000_000_000;
/// What an `OrderID` with a line number ends in where the customer is a text: a sign and
/// digits of the text's hash.
const TEXT_DIGITS: usize = 1 + 16;

impl OrderLine<'_> {
    /// The partition key: the customer's number, or for a guest a negative number
    /// of the invoice's own.
    ///
    /// A guest's key is the number that the digits of the invoice number spell,
    /// negated: invoice `536414` is at `-536414`, `C536379` at `-536379`. Where
    /// they spell 0 or more than 18 digits, or there are none, it is
    /// `-1000000000000000000 - CRC-32(invoice number)`.
    ///
    /// A customer that is a text is at `-2000000000000000000 - h`, where h is the first
    /// 62 bits of the text's SHA-256. Two of n customers share a key with a probability
    /// of about n² / 2^63, one in nine million for a million customers; their rows do not:
    /// see [`order_id`](Self::order_id).
    #[must_use]
    pub fn customer_key(&self) -> i64 {
        let key = self.customer.key();
        key.unwrap_or_else(|| guest_key(&self.invoice_no))
    }

    /// The sort key: `<InvoiceNo>-<StockCode>#` and what tells this line from the
    /// others of the same invoice and article.
    ///
    /// - With a line number, that number: `536365-85123A#7`. Behind an invoice
    ///   number that itself holds a `-`, its length in bytes follows, so that two
    ///   lines never share an id: `2010-12-85123A#7.7`.
    ///   A customer that is a text adds `~` and 16 hexadecimal digits of the text's
    ///   SHA-256, other ones than its key is made of.
    /// - Without, 24 hexadecimal digits of the SHA-256 of everything the line says.
    #[must_use]
    pub fn order_id(&self) -> String {
        let mut id = String::with_capacity(self.order_id_len());
        id.push_str(&self.invoice_no);
        id.push('-');
        id.push_str(&self.stock_code);
        id.push('#');
        match self.line_no {
            None => {
                let digits = self.content_hash();
                id.push_str(std::str::from_utf8(&digits).expect("digits are ASCII"));
            }
            Some(line) => {
                // Writing to a String cannot fail.
                let _ = write!(id, "{line}");
                if self.invoice_no.contains('-') {
                    let _ = write!(id, ".{}", self.invoice_no.len());
                }
                if let Customer::Text(text) = &self.customer {
                    let _ = write!(id, "~{:016x}", text_key(text).1);
                }
            }
        }
        id
    }

    /// The length of [`order_id`](Self::order_id) in bytes.
    fn order_id_len(&self) -> usize {
        let digits = |number: u64| number.checked_ilog10().unwrap_or(0) as usize + 1;
        let behind = match self.line_no {
            None => HASH_DIGITS,
            Some(line) => {
                let length = if self.invoice_no.contains('-') {
                    1 + digits(self.invoice_no.len() as u64)
                } else {
                    0
                };
                let is_text = matches!(self.customer, Customer::Text(_));
                digits(line) + length + if is_text { TEXT_DIGITS } else { 0 }
            }
        };
        self.invoice_no.len() + 1 + self.stock_code.len() + 1 + behind
    }

    /// The size of the line's row in bytes, at the most.
    #[must_use]
    pub fn row_size(&self) -> usize {
        let texts = [
            &self.invoice_no,
            &self.stock_code,
            &self.description,
            &self.country,
        ];
        let customer = match &self.customer {
            Customer::Text(text) => text.len(),
            Customer::Registered(_) | Customer::Guest => 0,
        };
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        FIXED_BYTES + self.order_id_len() + texts + customer
    }

    /// Whether a row and its key can hold the line.
    pub(crate) fn fits_a_row(&self) -> bool {
        self.order_id_len() <= ORDER_ID_BYTES && self.row_size() <= ROW_BYTES
    }

    /// The first 96 bits, in hexadecimal digits, of the SHA-256 of the line's
    /// canonical content: each field as text, behind its length so that no two
    /// contents run together.
    fn content_hash(&self) -> [u8; HASH_DIGITS] {
        let mut content = Vec::with_capacity(self.row_size());
        for text in [
            &self.invoice_no,
            &self.stock_code,
            &self.description,
            &self.country,
        ] {
            content.extend_from_slice(&(text.len() as u64).to_be_bytes());
            content.extend_from_slice(text.as_bytes());
        }
        let length = content.len();
        content.extend_from_slice(&[0; 8]);
        push_integer(&mut content, self.quantity);
        content.push(b' ');
        self.order_date.push_to(&mut content);
        content.push(b' ');
        push_decimal(&mut content, self.unit_price);
        content.push(b' ');
        push_integer(&mut content, self.customer_key());
        let rest = (content.len() - length - 8) as u64;
        content[length..length + 8].copy_from_slice(&rest.to_be_bytes());
        self.push_described(&mut content);
        let hash: [u8; 32] = Sha256::digest(&content).into();
        std::array::from_fn(|digit| {
            let byte = hash[digit / 2];
            HEXADECIMAL[usize::from(if digit % 2 == 0 { byte >> 4 } else { byte & 15 })]
        })
    }
}

impl OrderLine<'_> {
    /// Appends what only orders of a described format have, each behind a letter and its
    /// length: nothing for the others, whose ids are older than these fields.
    fn push_described(&self, content: &mut Vec<u8>) {
        let mut push = |kind: u8, text: &str| {
            content.push(kind);
            content.extend_from_slice(&(text.len() as u64).to_be_bytes());
            content.extend_from_slice(text.as_bytes());
        };
        if let Customer::Text(text) = &self.customer {
            push(b'C', text);
        }
        if let Some(currency) = &self.currency {
            push(b'M', currency.as_str());
        }
        if self.cancellation == Cancellation::Marked {
            push(b'X', "");
        }
    }
}

impl Customer<'_> {
    /// The partition key of all lines of a registered customer; a guest's is the
    /// invoice's own. See [`OrderLine::customer_key`].
    #[must_use]
    pub fn key(&self) -> Option<i64> {
        match self {
            Self::Registered(number) => Some(*number),
            Self::Text(text) => Some(text_key(text).0),
            Self::Guest => None,
        }
    }
}

/// The key of a customer that is a text, and another 64 bits of its hash.
fn text_key(text: &str) -> (i64, u64) {
    let hash: [u8; 32] = Sha256::digest(text).into();
    let word = |at: usize| {
        let bytes = std::array::from_fn(|index| hash[at + index]);
        u64::from_be_bytes(bytes)
    };
    (TEXTS - (word(0) >> 2).cast_signed(), word(8))
}

fn guest_key(invoice_no: &str) -> i64 {
    let mut digits = invoice_no.bytes().filter(u8::is_ascii_digit).peekable();
    while digits.next_if_eq(&b'0').is_some() {}
    let mut number = 0_i64;
    for digit in digits {
        number = number
            .saturating_mul(10)
            .saturating_sub(i64::from(digit - b'0'));
    }
    if number < 0 && number > BELOW_DIGITS {
        number
    } else {
        BELOW_DIGITS - i64::from(crc32fast::hash(invoice_no.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::date::OrderDate;

    fn line<'a>(invoice_no: &'a str, stock_code: &'a str, line_no: Option<u64>) -> OrderLine<'a> {
        OrderLine {
            invoice_no: invoice_no.into(),
            stock_code: stock_code.into(),
            description: "HOLDER".into(),
            quantity: 6,
            order_date: OrderDate::parse("12/1/2010 8:26").expect("a date"),
            unit_price: Decimal::new(255, 2),
            customer: Customer::Registered(17850),
            country: "United Kingdom".into(),
            line_no,
            currency: None,
            cancellation: Cancellation::No,
        }
    }

    #[test]
    fn ids_do_not_change_between_versions() {
        // Rows are stored under these for years: a change here doubles them.
        assert_eq!(
            line("536365", "85123A", None).order_id(),
            "536365-85123A#3bf78745e41aac84f7030081"
        );
        assert_eq!(
            line("536365", "85123A", Some(7)).order_id(),
            "536365-85123A#7"
        );
        assert_eq!(
            line("2010-12", "85123A", Some(7)).order_id(),
            "2010-12-85123A#7.7"
        );
    }

    #[test]
    fn ids_of_described_lines_do_not_change_either() {
        let mut described = line("536365", "85123A", None);
        described.customer = Customer::Text("cus_7".into());
        described.currency = crate::Currency::parse("EUR");
        described.cancellation = Cancellation::Marked;
        assert_eq!(
            described.order_id(),
            "536365-85123A#912cf8aa7c9f0855181d6bc0"
        );
    }

    #[test]
    fn every_field_makes_a_difference() {
        let id = line("536365", "85123A", None).order_id();
        let changes: [fn(&mut OrderLine<'_>); 6] = [
            |l| l.description = "HOLDERS".into(),
            |l| l.quantity = -6,
            |l| l.order_date = OrderDate::parse("2010-12-01T08:26Z").expect("a date"),
            |l| l.unit_price = Decimal::new(256, 2),
            |l| l.customer = Customer::Guest,
            |l| l.country = "France".into(),
        ];
        for change in changes {
            let mut other = line("536365", "85123A", None);
            change(&mut other);
            assert_ne!(other.order_id(), id, "{other:?}");
        }
    }

    #[test]
    fn a_guests_key_is_worked_out_from_the_invoice_number() {
        for (invoice_no, key) in [
            ("536414", -536_414),
            ("C536379", -536_379),
            ("A1-2", -12),
            ("000000000000000000000007", -7),
            ("999999999999999999", -999_999_999_999_999_999),
            ("ABC", -1_000_000_000_000_000_000 - 0xA383_0348),
        ] {
            let mut guest = line(invoice_no, "X", None);
            guest.customer = Customer::Guest;
            assert_eq!(guest.customer_key(), key, "{invoice_no}");
        }
        assert_eq!(line("536414", "X", None).customer_key(), 17850);
    }

    #[test]
    fn guests_without_digits_are_spread_too_and_below_all_others() {
        for invoice_no in [
            "",
            "0",
            "C000",
            "1000000000000000000",
            "99999999999999999999999",
        ] {
            assert!(guest_key(invoice_no) <= BELOW_DIGITS, "{invoice_no}");
        }
        assert_ne!(guest_key("ABC"), guest_key("ABD"));
    }

    proptest! {
        #[test]
        fn numbered_lines_share_an_id_only_if_they_are_the_same(
            a in ("[0-9A#.-]{1,6}", "[0-9A#.-]{1,6}", 0u64..30),
            b in ("[0-9A#.-]{1,6}", "[0-9A#.-]{1,6}", 0u64..30),
        ) {
            let id = |(i, s, n): &(String, String, u64), customer| {
                let mut line = line(i, s, Some(*n));
                line.customer = customer;
                line.order_id()
            };
            for customer in [Customer::Guest, Customer::Text("cus_7".into())] {
                prop_assert_eq!(id(&a, customer.clone()) == id(&b, customer), a == b);
            }
        }

        #[test]
        fn an_ids_length_is_known_before_it_is_made(
            invoice_no in "[0-9-]{1,12}",
            line_no in proptest::option::of(any::<u64>()),
        ) {
            let mut line = line(&invoice_no, "85123A", line_no);
            prop_assert_eq!(line.order_id_len(), line.order_id().len());
            line.customer = Customer::Text("cus_7".into());
            prop_assert_eq!(line.order_id_len(), line.order_id().len());
        }

        #[test]
        fn a_guests_key_is_never_a_customers(invoice_no in ".{0,30}") {
            prop_assert!(guest_key(&invoice_no) < 0);
        }
    }
}
