//! An order format's file: its text, checked once and as a whole, becomes what decoding
//! needs. Each mistake is refused with its line and what was expected.

mod options;
mod places;
mod shape;

use super::fields::{Fields, Mark, Place, Source};
use super::{Described, Shape};
use crate::dates::DateForm;
use crate::reject::Field;
use crate::table::{FormatError, Item, Table, document};

/// What marks a cancellation: a key beside the fields.
const CANCELLED: &str = "Cancelled";
/// What must be said: a line without it can be no row.
const REQUIRED: [Field; 6] = [
    Field::InvoiceNo,
    Field::StockCode,
    Field::Quantity,
    Field::InvoiceDate,
    Field::UnitPrice,
    Field::Country,
];
/// What tells orders, lines and moments apart and so must be in the data.
const NEVER_CONSTANT: [Field; 3] = [Field::InvoiceNo, Field::InvoiceDate, Field::LineNo];
/// The names of a field's places, together: they stand in messages.
const LONGEST_NAME: usize = 500;

/// Reads a file's text.
pub(super) fn parse(text: &str) -> Result<Described, FormatError> {
    let document = document(text)?;
    let top = Table::top("an order format", text, &document);
    top.only(&[
        "format",
        "lines",
        "delimiter",
        "columns",
        "decimal",
        "thousands",
        "order",
        "line",
    ])?;
    let format = top.get("format");
    let format =
        format.ok_or_else(|| top.error("format is not said: expected \"json\" or \"csv\""))?;
    let shape = match format.text() {
        Some("json") => Shape::Json(shape::json(&top)?),
        Some("csv") => Shape::Csv(shape::csv(&top)?),
        _ => return Err(format.expected("\"json\" or \"csv\"")),
    };
    let mut reader = Reader {
        shape,
        fields: Fields {
            numbers: shape::numbers(&top)?,
            ..Fields::default()
        },
        used: [Vec::new(), Vec::new()],
    };
    let line = top.get("line");
    let line =
        line.ok_or_else(|| top.error("there is no [line], which says where a line's fields are"))?;
    let line = line
        .table("[line]")
        .ok_or_else(|| line.expected("a table of fields"))?;
    let order = match top.get("order") {
        None => None,
        Some(order) if reader.has_orders() => Some(
            order
                .table("[order]")
                .ok_or_else(|| order.expected("a table of fields"))?,
        ),
        Some(order) => {
            return Err(order.error("[order] is for whole orders: expected lines = \"/…\", where a JSON order's lines are"));
        }
    };
    reader.read(&line, order.as_ref())?;
    Ok(reader.finish())
}

/// What is read so far.
struct Reader {
    shape: Shape,
    fields: Fields,
    /// How often each slot is read: of a line, of an order.
    used: [Vec<usize>; 2],
}

impl Reader {
    fn has_orders(&self) -> bool {
        matches!(&self.shape, Shape::Json(paths) if paths.lines.is_some())
    }

    fn read(&mut self, line: &Table<'_>, order: Option<&Table<'_>>) -> Result<(), FormatError> {
        let names = Field::ALL.map(|field| format!("{field:?}"));
        let mut known: Vec<&str> = names.iter().map(String::as_str).collect();
        known.push(CANCELLED);
        line.only(&known)?;
        if let Some(order) = order {
            order.only(&known)?;
        }
        let find = |name: &str| -> Result<Option<(Item<'_>, bool)>, FormatError> {
            let of_order = order.and_then(|order| order.get(name));
            match (line.get(name), of_order) {
                (Some(_), Some(item)) => Err(item.error(format_args!(
                    "{name} stands in [order] and in [line]: expected it in one of them"
                ))),
                (Some(item), None) => Ok(Some((item, false))),
                (None, of_order) => Ok(of_order.map(|item| (item, true))),
            }
        };
        for (field, name) in Field::ALL.into_iter().zip(&names) {
            match find(name)? {
                Some((item, true)) if field == Field::LineNo => {
                    return Err(item.error("LineNo stands in [order]: expected it in [line], since it tells an order's lines apart"));
                }
                Some((item, in_order)) => self.field(field, &item, in_order)?,
                None if REQUIRED.contains(&field) => {
                    let constant = if NEVER_CONSTANT.contains(&field) {
                        String::new()
                    } else {
                        format!(", or a constant: {name} = {{ value = … }}")
                    };
                    let place = if self.has_orders() {
                        "[order] or [line]"
                    } else {
                        "[line]"
                    };
                    return Err(line.error(format_args!(
                        "{name} is not said: expected where it is, in {place}{constant}"
                    )));
                }
                None => {}
            }
        }
        if let Some((item, in_order)) = find(CANCELLED)? {
            self.fields.mark = self.mark(&item, in_order)?;
        }
        Ok(())
    }

    fn field(&mut self, field: Field, item: &Item<'_>, in_order: bool) -> Result<(), FormatError> {
        let Some(table) = item.table(item.key) else {
            let source = self.source(&item.elements(), item, in_order)?;
            self.fields.sources[field as usize] = source;
            return Ok(());
        };
        let mut known = vec!["at", "value", "default"];
        known.extend_from_slice(match field {
            Field::InvoiceDate => &["format", "zone"],
            Field::UnitPrice => &["scale"],
            Field::CustomerID => &["text", "guest"],
            _ => &[],
        });
        table.only(&known)?;
        let mut source = match table.get("at") {
            Some(at) => self.source(&at.elements(), &at, in_order)?,
            None => Source::default(),
        };
        source.constant = options::constant(field, item, &table)?;
        self.fields.sources[field as usize] = source;
        match field {
            Field::InvoiceDate => self.fields.dates = DateForm::described(&table)?,
            Field::UnitPrice => self.fields.scale = options::scale(&table)?,
            Field::CustomerID => self.customer(&table)?,
            _ => {}
        }
        match self.fields.constant_problem(field) {
            Some(problem) => Err(item.error(format_args!("{}'s constant: {problem}", item.key))),
            None => Ok(()),
        }
    }

    fn customer(&mut self, table: &Table<'_>) -> Result<(), FormatError> {
        if let Some(item) = table.get("text") {
            let is = item.boolean();
            self.fields.text_customers = is.ok_or_else(|| item.expected("true or false"))?;
        }
        if let Some(item) = table.get("guest") {
            self.fields.guests = options::scalars(&item)?;
        }
        Ok(())
    }

    fn mark(&mut self, item: &Item<'_>, in_order: bool) -> Result<Mark, FormatError> {
        let expected =
            "{ at = … }, { at = …, is = [ … ] } or { prefix = \"…\" } of the invoice number";
        let Some(table) = item.table(CANCELLED) else {
            let source = self.source(&item.elements(), item, in_order)?;
            return Ok(Mark::Field(source, None));
        };
        table.only(&["at", "is", "prefix"])?;
        match (table.get("at"), table.get("is"), table.get("prefix")) {
            (Some(at), is, None) => {
                let source = self.source(&at.elements(), &at, in_order)?;
                let values = is.map(|is| options::scalars(&is)).transpose()?;
                Ok(Mark::Field(source, values))
            }
            (None, None, Some(prefix)) => match prefix.text() {
                Some(text) if !text.is_empty() => Ok(Mark::Prefix(text.to_owned())),
                _ => Err(prefix.expected("what the invoice numbers of cancellations begin with")),
            },
            _ => Err(item.error(format_args!("{CANCELLED}: expected {expected}"))),
        }
    }

    /// The places that `at` names.
    fn source(
        &mut self,
        at: &[Item<'_>],
        whole: &Item<'_>,
        in_order: bool,
    ) -> Result<Source, FormatError> {
        let mut source = Source::default();
        for item in at {
            let (slot, name) = match &mut self.shape {
                Shape::Csv(columns) => places::column(columns, item)?,
                Shape::Json(paths) => places::path(paths, item, in_order)?,
            };
            self.used[usize::from(in_order)].push(slot);
            source.name += if source.name.is_empty() { "" } else { " or " };
            source.name += &name;
            source.places.push(Place {
                in_order,
                slot,
                is_shared: false,
            });
        }
        if source.places.is_empty() {
            return Err(whole.expected("where the field is"));
        }
        if source.name.len() > LONGEST_NAME {
            return Err(whole.error(format_args!(
                "{}: expected places of at most {LONGEST_NAME} bytes",
                whole.key
            )));
        }
        Ok(source)
    }

    fn finish(mut self) -> Described {
        let used = self.used;
        let marks = match &mut self.fields.mark {
            Mark::Field(source, _) => Some(source),
            Mark::None | Mark::Prefix(_) => None,
        };
        for source in self.fields.sources.iter_mut().chain(marks) {
            for place in &mut source.places {
                let readers = used[usize::from(place.in_order)].iter();
                place.is_shared = readers.filter(|slot| **slot == place.slot).count() > 1;
            }
        }
        Described {
            shape: self.shape,
            fields: self.fields,
        }
    }
}
