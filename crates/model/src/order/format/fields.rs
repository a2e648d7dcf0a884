//! Where a line's fields are in a shop's data, and how they become an order line.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::dates::DateForm;
use crate::number::NumberForm;
use crate::order::line::{self, Cancellation, Currency, Customer, OrderLine};
use crate::order::value::Value;
use crate::reject::{Field, Reason, Reject};

/// The values of a line and of the order that it stands in, each in its slot. Without
/// whole orders all are the line's; in CSV a slot is a column.
#[derive(Debug, Default)]
pub(crate) struct Slots<'a> {
    pub(crate) order: Vec<Value<'a>>,
    pub(crate) line: Vec<Value<'a>>,
    /// Whether the order is marked as cancelled, as a whole.
    order_is_marked: bool,
}

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) in_order: bool,
    pub(crate) slot: usize,
    /// Whether another field reads it, too.
    pub(crate) is_shared: bool,
}

/// Where one field is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// The first one that holds something counts.
    pub(crate) places: Vec<Place>,
    /// What stands for it where none does.
    pub(crate) constant: Option<Constant>,
    /// The shop's own names for it.
    pub(crate) name: String,
}

/// A value that the file gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) text: String,
    /// Whether it is a number, and so is not written with the shop's own signs.
    pub(crate) is_number: bool,
}

impl Constant {
    fn value(&self) -> Value<'_> {
        if self.is_number {
            Value::Number(&self.text)
        } else {
            Value::borrowed(&self.text)
        }
    }
}

impl Source {
    fn value<'a>(&'a self, slots: &mut Slots<'a>) -> Value<'a> {
        let mut blank = None;
        for place in &self.places {
            let value = slots.at(*place);
            if value.is_blank() {
                blank.get_or_insert_with(|| value.clone());
            } else if place.is_shared || place.in_order {
                return value.clone();
            } else {
                return std::mem::take(value);
            }
        }
        match &self.constant {
            Some(constant) => constant.value(),
            None => blank.unwrap_or_default(),
        }
    }
}

impl<'a> Slots<'a> {
    fn get(&self, place: Place) -> &Value<'a> {
        let slots = if place.in_order {
            &self.order
        } else {
            &self.line
        };
        &slots[place.slot]
    }

    fn at(&mut self, place: Place) -> &mut Value<'a> {
        let slots = if place.in_order {
            &mut self.order
        } else {
            &mut self.line
        };
        &mut slots[place.slot]
    }

    /// How long the order's texts are that its lines may inherit.
    pub(crate) fn inherited(&self) -> usize {
        let texts = self.order.iter().map(|value| match value {
            Value::Text(text) => text.len(),
            Value::Number(text) => text.len(),
            _ => 0,
        });
        texts.sum()
    }
}

/// What marks a cancellation, beside a negative quantity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    #[default]
    None,
    /// An invoice number that begins like this.
    Prefix(String),
    /// Something in a field, or one of some values.
    Field(Source, Option<Vec<String>>),
}

/// Every field of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// By [`Field`].
    pub(crate) sources: [Source; Field::ALL.len()],
    pub(crate) mark: Mark,
    pub(crate) numbers: NumberForm,
    pub(crate) dates: DateForm,
    /// How many of a price's last digits are decimals, beside those that are written.
    pub(crate) scale: u32,
    /// Whether customers are texts.
    pub(crate) text_customers: bool,
    /// Values of the customer that mean a guest.
    pub(crate) guests: Vec<String>,
}

impl Fields {
    /// Where a field is.
    pub(crate) fn source(&self, field: Field) -> &Source {
        &self.sources[field as usize]
    }

    /// The order line that values make.
    ///
    /// # Errors
    /// The first field, in the order of the columns, that cannot be what it must be.
    pub(crate) fn line<'a>(&'a self, slots: &mut Slots<'a>) -> Result<OrderLine<'a>, Reject> {
        let marked = match self.mark_of(false, slots) {
            Some(marked) => marked,
            None => slots.order_is_marked,
        };
        let mut value = |field| self.source(field).value(slots);
        let invoice_no = value(Field::InvoiceNo).into_code(Field::InvoiceNo)?;
        let stock_code = value(Field::StockCode).into_code(Field::StockCode)?;
        let description = value(Field::Description).into_description(Field::Description)?;
        let quantity = self
            .number(value(Field::Quantity), Field::Quantity)?
            .whole(Field::Quantity)?;
        let order_date = self.date(value(Field::InvoiceDate))?;
        let unit_price = self.price(value(Field::UnitPrice))?;
        let customer = self.customer(value(Field::CustomerID))?;
        let country = value(Field::Country).into_code(Field::Country)?;
        let line_no = line::line_no(&self.number(value(Field::LineNo), Field::LineNo)?)?;
        let currency = currency(&value(Field::Currency))?;
        let is_prefixed = match &self.mark {
            Mark::Prefix(prefix) => invoice_no.starts_with(prefix.as_str()),
            Mark::None | Mark::Field(..) => false,
        };
        let line = OrderLine {
            invoice_no,
            stock_code,
            description,
            quantity,
            order_date,
            unit_price,
            customer,
            country,
            line_no,
            currency,
            cancellation: if marked {
                Cancellation::Marked
            } else if is_prefixed || quantity < 0 {
                Cancellation::Shown
            } else {
                Cancellation::No
            },
        };
        if line.fits_a_row() {
            Ok(line)
        } else {
            Err(Reject::line(Reason::TooLarge))
        }
    }

    /// Finds out, once for all of its lines, whether an order is marked as cancelled.
    pub(crate) fn mark_order(&self, slots: &mut Slots<'_>) {
        slots.order_is_marked = self.mark_of(true, slots).unwrap_or(false);
    }

    /// Whether a line or an order is marked as cancelled; `None` if the mark is not its own.
    fn mark_of(&self, order: bool, slots: &Slots<'_>) -> Option<bool> {
        let Mark::Field(source, values) = &self.mark else {
            return None;
        };
        let mut places = source
            .places
            .iter()
            .filter(|place| place.in_order == order)
            .peekable();
        places.peek()?;
        let mut values_there = places.map(|place| slots.get(*place));
        let value = values_there.find(|value| !value.is_blank());
        Some(value.is_some_and(|value| is_marked(value, values.as_deref())))
    }

    /// What is wrong with the constant that a field has.
    pub(crate) fn constant_problem(&self, field: Field) -> Option<Reject> {
        let value = self.source(field).constant.as_ref()?.value();
        let problem = match field {
            Field::Quantity => self.number(value, field).and_then(|n| n.whole(field)).err(),
            Field::UnitPrice => self.price(value).err(),
            Field::CustomerID => self.customer(value).err(),
            Field::Currency => currency(&value).err(),
            _ => None,
        };
        // Its name is told already.
        problem.map(|reject| Reject {
            field: None,
            ..reject
        })
    }

    /// A number in a text, as the shop writes it, as it is written elsewhere.
    fn number<'a>(&self, value: Value<'a>, field: Field) -> Result<Value<'a>, Reject> {
        let not_a_number = Reject::field(Reason::NotANumber, field, value.found());
        let Value::Text(text) = value else {
            return Ok(value);
        };
        let plain = match text {
            Cow::Borrowed(text) => self.numbers.plain(text),
            Cow::Owned(text) => self
                .numbers
                .plain(&text)
                .map(|plain| plain.into_owned().into()),
        };
        plain.map(Value::Text).ok_or(not_a_number)
    }

    fn price(&self, value: Value<'_>) -> Result<Decimal, Reject> {
        let found = value.found();
        let mut price = self
            .number(value, Field::UnitPrice)?
            .decimal(Field::UnitPrice)?;
        if self.scale > 0 && !price.is_zero() {
            let scaled = price.set_scale(price.scale() + self.scale);
            scaled.map_err(|_| Reject::field(Reason::OutOfRange, Field::UnitPrice, found))?;
        }
        Ok(price.normalize())
    }

    fn date(&self, value: Value<'_>) -> Result<crate::OrderDate, Reject> {
        let not_a_date = Reject::field(Reason::NotADate, Field::InvoiceDate, value.found());
        let value = if self.dates.kind.is_number() {
            self.number(value, Field::InvoiceDate)
                .map_err(|_| not_a_date)?
        } else {
            value
        };
        let text = value.scalar(Field::InvoiceDate, Reason::NotADate)?;
        self.dates.read(text).ok_or(not_a_date)
    }

    fn customer<'a>(&self, value: Value<'a>) -> Result<Customer<'a>, Reject> {
        let is_guest = |text: &str| self.guests.iter().any(|guest| guest == text);
        match &value {
            Value::Text(text) if is_guest(text) => return Ok(Customer::Guest),
            Value::Number(text) if is_guest(text) => return Ok(Customer::Guest),
            _ => {}
        }
        if !self.text_customers {
            return line::customer(&self.number(value, Field::CustomerID)?);
        }
        if value.is_blank() {
            return Ok(Customer::Guest);
        }
        value.into_code(Field::CustomerID).map(Customer::Text)
    }

    /// What was expected of a field instead, in words.
    fn expected(&self, reject: &Reject) -> String {
        let NumberForm { decimal, thousands } = self.numbers;
        match (reject.reason, reject.field) {
            (Reason::NotADate, _) => self.dates.kind.to_string(),
            (Reason::NotANumber, Some(Field::CustomerID)) => {
                "expected a number, or text = true in the order format".to_owned()
            }
            (Reason::NotANumber, Some(Field::Quantity | Field::UnitPrice))
                if self.numbers != NumberForm::default() =>
            {
                let thousands = thousands
                    .map(|sign| format!(" and {sign:?} between thousands"))
                    .unwrap_or_default();
                format!("expected a number with {decimal:?} before its decimals{thousands}")
            }
            (reason, _) => reason.expected().to_owned(),
        }
    }
}

/// Whether a value marks a cancellation: that it is one of these, or that it is there and
/// does not deny it.
fn is_marked(value: &Value<'_>, values: Option<&[String]>) -> bool {
    let text = match value {
        Value::Text(text) => text.as_ref(),
        Value::Number(text) => text,
        Value::Boolean(true) => "true",
        Value::Boolean(false) => "false",
        Value::Absent | Value::Null => "",
        Value::Nested(json) => {
            return values.is_none() && !json[1..json.len() - 1].trim().is_empty();
        }
    };
    match values {
        Some(values) => values.iter().any(|known| known == text),
        None => !matches!(text, "" | "0") && !text.eq_ignore_ascii_case("false"),
    }
}

fn currency(value: &Value<'_>) -> Result<Option<Currency>, Reject> {
    if value.is_blank() {
        return Ok(None);
    }
    let code = value.scalar(Field::Currency, Reason::NotACurrency)?;
    let not_a_currency = Reject::field(Reason::NotACurrency, Field::Currency, value.found());
    Currency::parse(code).map(Some).ok_or(not_a_currency)
}

/// The shop's own name of a field beside ours.
pub(crate) struct Named<'a>(pub(crate) &'a Source, pub(crate) Field);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(source, field) = self;
        if source.name.is_empty() {
            write!(f, "{field:?}")
        } else {
            write!(f, "{} ({field:?})", source.name)
        }
    }
}

/// Why a line is none, in the shop's own words.
pub(crate) fn explain(fields: &Fields, reject: &Reject, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(field) = reject.field {
        write!(f, "{}: ", Named(fields.source(field), field))?;
    }
    f.write_str(&fields.expected(reject))?;
    if let Some(found) = reject.found {
        write!(f, ", found {}", found.words())?;
    }
    Ok(())
}
