//! An order line, and how the raw values of a payload become one.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::date::OrderDate;
use crate::order::value::Value;
use crate::reject::{Field, Reason, Reject};

/// One line of an order, its texts borrowed from the record where they can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine<'a> {
    /// The order's number; a leading `C` marks a cancellation.
    pub invoice_no: Cow<'a, str>,
    /// The article's code. Case-sensitive, not always numeric.
    pub stock_code: Cow<'a, str>,
    /// The article's name; may be empty.
    pub description: Cow<'a, str>,
    /// How many; negative for what is taken back.
    pub quantity: i64,
    /// When the order was placed.
    pub order_date: OrderDate,
    /// Price of one unit in the shop's currency, exact, without trailing zeros.
    pub unit_price: Decimal,
    /// Who ordered.
    pub customer: Customer<'a>,
    /// The country's name.
    pub country: Cow<'a, str>,
    /// The line's number, where the producer gives one.
    pub line_no: Option<u64>,
    /// The price's currency, where the producer gives one.
    pub currency: Option<Currency>,
    /// Whether the line takes an order back.
    pub cancellation: Cancellation,
}

/// Who placed an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Customer<'a> {
    /// A registered customer's number, 1 or more.
    Registered(i64),
    /// A registered customer's text, where the shop's customers are no numbers.
    Text(Cow<'a, str>),
    /// Somebody without an account.
    Guest,
}

/// Whether an order line takes an order back. Such a line is no part of any rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Cancellation {
    /// It does not.
    #[default]
    No,
    /// It does, which its quantity or invoice number shows.
    Shown,
    /// It does, which a field of the payload says that no row holds otherwise.
    Marked,
}

/// A currency's code: three letters, in capitals. Source: ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a code, in capitals or not; `None` if it is none.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        let letters = code.iter().all(u8::is_ascii_alphabetic);
        letters.then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters are ASCII")
    }
}

/// A line's values before they are judged.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) invoice_no: Value<'a>,
    pub(crate) stock_code: Value<'a>,
    pub(crate) description: Value<'a>,
    pub(crate) quantity: Value<'a>,
    pub(crate) invoice_date: Value<'a>,
    pub(crate) unit_price: Value<'a>,
    pub(crate) customer_id: Value<'a>,
    pub(crate) country: Value<'a>,
    pub(crate) line_no: Value<'a>,
}

impl<'a> Fields<'a> {
    /// Every field with its value, in column order.
    pub(crate) fn all_mut(&mut self) -> [(Field, &mut Value<'a>); 9] {
        [
            (Field::InvoiceNo, &mut self.invoice_no),
            (Field::StockCode, &mut self.stock_code),
            (Field::Description, &mut self.description),
            (Field::Quantity, &mut self.quantity),
            (Field::InvoiceDate, &mut self.invoice_date),
            (Field::UnitPrice, &mut self.unit_price),
            (Field::CustomerID, &mut self.customer_id),
            (Field::Country, &mut self.country),
            (Field::LineNo, &mut self.line_no),
        ]
    }

    /// Whether these are the column names: a CSV file's first line, which a
    /// shipper sends like any other.
    pub(crate) fn is_header(&self) -> bool {
        let is = |value: &Value<'_>, names: &[&str]| matches!(value, Value::Text(text) if names.iter().any(|n| text.eq_ignore_ascii_case(n)));
        is(&self.invoice_no, &["InvoiceNo"])
            && is(&self.stock_code, &["StockCode"])
            && is(&self.description, &["Description"])
            && is(&self.quantity, &["Quantity"])
            && is(&self.invoice_date, &["InvoiceDate"])
            && is(&self.unit_price, &["UnitPrice"])
            && is(&self.customer_id, &["CustomerID", "Customer"])
            && is(&self.country, &["Country"])
    }

    /// The order line these values are.
    ///
    /// # Errors
    /// The first field, in column order, that cannot be what it must be.
    pub(crate) fn into_line(self) -> Result<OrderLine<'a>, Reject> {
        let invoice_no = self.invoice_no.into_code(Field::InvoiceNo)?;
        let stock_code = self.stock_code.into_code(Field::StockCode)?;
        let description = self.description.into_description(Field::Description)?;
        let quantity = self.quantity.whole(Field::Quantity)?;
        let is_cancelled = quantity < 0 || invoice_no.as_bytes().first() == Some(&b'C');
        Ok(OrderLine {
            invoice_no,
            stock_code,
            description,
            quantity,
            order_date: order_date(self.invoice_date)?,
            unit_price: self.unit_price.decimal(Field::UnitPrice)?,
            customer: customer(&self.customer_id)?,
            country: self.country.into_code(Field::Country)?,
            line_no: line_no(&self.line_no)?,
            currency: None,
            cancellation: if is_cancelled {
                Cancellation::Shown
            } else {
                Cancellation::No
            },
        })
    }
}

fn order_date(value: Value<'_>) -> Result<OrderDate, Reject> {
    let found = value.found();
    let text = value.into_code(Field::InvoiceDate)?;
    OrderDate::parse(&text).ok_or(Reject::field(Reason::NotADate, Field::InvoiceDate, found))
}

pub(crate) fn customer(value: &Value<'_>) -> Result<Customer<'static>, Reject> {
    if value.is_blank() {
        return Ok(Customer::Guest);
    }
    match value.whole(Field::CustomerID)? {
        number @ 1.. => Ok(Customer::Registered(number)),
        // Zero and below are the guests' keys.
        _ => Err(Reject::field(
            Reason::OutOfRange,
            Field::CustomerID,
            value.found(),
        )),
    }
}

pub(crate) fn line_no(value: &Value<'_>) -> Result<Option<u64>, Reject> {
    if value.is_blank() {
        return Ok(None);
    }
    u64::try_from(value.whole(Field::LineNo)?)
        .map(Some)
        .map_err(|_| Reject::field(Reason::OutOfRange, Field::LineNo, value.found()))
}
