//! An order format's file: its text, checked once and as a whole, becomes what decoding
//! needs. Each mistake is refused with its line and what was expected.

use jiff::tz::TimeZone;

use super::csv::{Columns, MOST_COLUMNS};
use super::dates::{DateForm, DateKind};
use super::fields::{Constant, Fields, Mark, Place, Source};
use super::json::{Lines, Paths};
use super::table::{FormatError, Item, Table, document, listed};
use super::{Described, Shape};
use crate::order::number::NumberForm;
use crate::reject::Field;

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
/// What tells orders and moments apart and so must be in the data.
const NEVER_CONSTANT: [Field; 2] = [Field::InvoiceNo, Field::InvoiceDate];

/// Reads a file's text.
pub(super) fn parse(text: &str) -> Result<Described, FormatError> {
    let document = document(text)?;
    let top = Table::top(text, &document);
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
        Some("json") => Shape::Json(json(&top)?),
        Some("csv") => Shape::Csv(csv(&top)?),
        _ => return Err(format.expected("\"json\" or \"csv\"")),
    };
    let mut reader = Reader {
        shape,
        fields: Fields {
            numbers: numbers(&top)?,
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

fn json(top: &Table<'_>) -> Result<Paths, FormatError> {
    for key in ["delimiter", "columns"] {
        if let Some(item) = top.get(key) {
            return Err(item.error(format_args!("{key} is for format = \"csv\"")));
        }
    }
    let mut paths = Paths::default();
    if let Some(item) = top.get("lines") {
        let expected =
            "a JSON Pointer (RFC 6901) to the array of an order's lines, such as /line_items";
        let pointer = item.text().ok_or_else(|| item.expected(expected))?;
        let slot = paths.outer.slot(pointer, 0);
        paths.outer_slots = 1;
        paths.lines = Some(Lines {
            slot: slot.ok_or_else(|| item.expected(expected))?,
            pointer: pointer.to_owned(),
            ..Lines::default()
        });
    }
    Ok(paths)
}

fn csv(top: &Table<'_>) -> Result<Columns, FormatError> {
    if let Some(item) = top.get("lines") {
        return Err(
            item.error("lines is for format = \"json\": a line of CSV is a line of an order")
        );
    }
    let delimiter = match top.get("delimiter") {
        None => b',',
        Some(item) => {
            let sign = item
                .text()
                .and_then(|text| <[u8; 1]>::try_from(text.as_bytes()).ok());
            let is_sign = |b: &u8| {
                *b == b'\t' || (b.is_ascii_punctuation() && !matches!(b, b'"' | b'+' | b'-' | b'.'))
            };
            let sign = sign.map(|[sign]| sign).filter(is_sign);
            sign.ok_or_else(|| {
                item.expected("one sign that stands in no number, such as \";\" or \"\\t\"")
            })?
        }
    };
    let mut names = Vec::new();
    if let Some(item) = top.get("columns") {
        let expected = "an array of the columns' names, in their order";
        for name in item.elements().iter().filter(|_| item.is_array()) {
            let name = name
                .text()
                .ok_or_else(|| name.expected("a column's name"))?;
            names.push(name.trim().to_owned());
        }
        if names.is_empty() || names.len() > MOST_COLUMNS {
            return Err(item.expected(format_args!("{expected}, at most {MOST_COLUMNS}")));
        }
    }
    Ok(Columns {
        delimiter,
        least: names.len(),
        names,
    })
}

fn numbers(top: &Table<'_>) -> Result<NumberForm, FormatError> {
    let mut form = NumberForm::default();
    let sign = |key: &str, known: &[&str]| -> Result<Option<char>, FormatError> {
        let Some(item) = top.get(key) else {
            return Ok(None);
        };
        let sign = item.text().filter(|text| known.contains(text));
        let quoted: Vec<String> = known.iter().map(|sign| format!("{sign:?}")).collect();
        let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let sign = sign.ok_or_else(|| item.expected(listed(&quoted)))?;
        Ok(sign.chars().next())
    };
    form.decimal = sign("decimal", &[".", ","])?.unwrap_or(form.decimal);
    form.thousands = sign("thousands", &[".", ",", " ", "'", "_"])?;
    match top.get("thousands") {
        Some(item) if form.thousands == Some(form.decimal) => {
            Err(item.expected("another sign than that before the decimals"))
        }
        _ => Ok(form),
    }
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
                Some((item, in_order)) => self.field(field, &item, in_order)?,
                None if REQUIRED.contains(&field) => {
                    let constant = if NEVER_CONSTANT.contains(&field) {
                        String::new()
                    } else {
                        format!(", or a constant: {name} = {{ value = … }}")
                    };
                    let place = if order.is_some() {
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
        source.constant = constant(field, item, &table)?;
        self.fields.sources[field as usize] = source;
        match field {
            Field::InvoiceDate => self.fields.dates = dates(&table)?,
            Field::UnitPrice => self.fields.scale = scale(&table)?,
            Field::CustomerID => self.customer(&table)?,
            _ => {}
        }
        match self.fields.constant_problem(field) {
            Some(problem) => {
                Err(item.error(format_args!("the constant of {}: {problem}", item.key)))
            }
            None => Ok(()),
        }
    }

    fn customer(&mut self, table: &Table<'_>) -> Result<(), FormatError> {
        if let Some(item) = table.get("text") {
            let is = item.boolean();
            self.fields.text_customers = is.ok_or_else(|| item.expected("true or false"))?;
        }
        if let Some(item) = table.get("guest") {
            self.fields.guests = scalars(&item)?;
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
                let values = is.map(|is| scalars(&is)).transpose()?;
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
                Shape::Csv(columns) => column(columns, item)?,
                Shape::Json(paths) => path(paths, item, in_order)?,
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

/// The slot and name of a column.
fn column(columns: &mut Columns, item: &Item<'_>) -> Result<(usize, String), FormatError> {
    let count = columns.names.len();
    if let Some(number) = item.whole() {
        let most = if count == 0 { MOST_COLUMNS } else { count };
        let slot = usize::try_from(number)
            .ok()
            .filter(|number| (1..=most).contains(number));
        let slot =
            slot.ok_or_else(|| item.expected(format_args!("a column from 1 to {most}")))? - 1;
        columns.least = columns.least.max(slot + 1);
        let named = columns.names.get(slot).filter(|name| !name.is_empty());
        return Ok((
            slot,
            named.map_or_else(|| format!("column {number}"), Clone::clone),
        ));
    }
    let Some(name) = item.text().map(str::trim) else {
        return Err(item.expected("a column's name or number"));
    };
    let mut places = columns
        .names
        .iter()
        .enumerate()
        .filter(|(_, known)| *known == name);
    match (places.next(), places.next()) {
        (Some((slot, _)), None) => Ok((slot, name.to_owned())),
        (Some(_), Some(_)) => {
            Err(item.expected("a column's number, since two columns have that name"))
        }
        _ if count == 0 => {
            Err(item.expected("a column's number, or columns = [ … ] with their names"))
        }
        _ => {
            let known: Vec<&str> = columns.names.iter().map(String::as_str).collect();
            Err(item.expected(format_args!("one of columns: {}", listed(&known))))
        }
    }
}

/// The slot of a path, and its name.
fn path(
    paths: &mut Paths,
    item: &Item<'_>,
    in_order: bool,
) -> Result<(usize, String), FormatError> {
    let Some(pointer) = item.text() else {
        return Err(item.expected("a JSON Pointer (RFC 6901), such as /customer/id"));
    };
    let (tree, slots, before) = match &mut paths.lines {
        Some(lines) if !in_order => {
            let before = format!("{}/*", lines.pointer);
            (&mut lines.inner, &mut lines.inner_slots, before)
        }
        _ => (&mut paths.outer, &mut paths.outer_slots, String::new()),
    };
    let slot = tree.slot(pointer, *slots);
    let slot = slot.ok_or_else(|| {
        item.expected("a JSON Pointer (RFC 6901) of up to 16 steps, such as /customer/id")
    })?;
    *slots = (*slots).max(slot + 1);
    Ok((slot, before + pointer))
}

/// What `value` or `default` say.
fn constant(
    field: Field,
    item: &Item<'_>,
    table: &Table<'_>,
) -> Result<Option<Constant>, FormatError> {
    let (at, value, default) = (table.get("at"), table.get("value"), table.get("default"));
    let constant = match (at, value, default) {
        (None, Some(value), None) => value,
        (Some(_), None, Some(default)) => default,
        (Some(_), None, None) => return Ok(None),
        (Some(_), Some(value), _) => {
            return Err(value
                .error("value stands alone: expected default, for what has nothing at its place"));
        }
        (None, _, Some(default)) => {
            return Err(default.error("default goes with at: expected value, for a constant"));
        }
        (None, None, None) => {
            return Err(item.error(format_args!(
                "{}: expected at, where it is, or value, a constant",
                item.key
            )));
        }
    };
    if NEVER_CONSTANT.contains(&field) {
        return Err(constant.error(format_args!(
            "{} is no constant: expected where it is",
            item.key
        )));
    }
    let text = constant.scalar().map(|text| text.trim().to_owned());
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| constant.expected("a text or a number"))?;
    Ok(Some(Constant {
        is_number: constant.text().is_none(),
        text,
    }))
}

fn scalars(item: &Item<'_>) -> Result<Vec<String>, FormatError> {
    let values = item.elements();
    let texts = values.iter().map(|value| {
        let text = value.scalar();
        text.ok_or_else(|| value.expected("texts or numbers"))
    });
    let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
    if texts.is_empty() {
        return Err(item.expected("one value at least"));
    }
    Ok(texts)
}

fn dates(table: &Table<'_>) -> Result<DateForm, FormatError> {
    let mut form = DateForm::default();
    if let Some(item) = table.get("format") {
        form = item.text().and_then(DateForm::new).ok_or_else(|| {
            item.expected("\"iso\", \"seconds\", \"milliseconds\", or a pattern with year, month and day, such as \"%d.%m.%Y %H:%M\"")
        })?;
    }
    if let Some(item) = table.get("zone") {
        if matches!(form.kind, DateKind::Seconds | DateKind::Milliseconds) {
            return Err(item.error("zone is for local dates: seconds since 1970 have none"));
        }
        let zone = item.text().and_then(|name| TimeZone::get(name).ok());
        form.zone = Some(zone.ok_or_else(|| {
            item.expected("a time zone of the IANA database, such as \"Europe/Berlin\"")
        })?);
    }
    Ok(form)
}

fn scale(table: &Table<'_>) -> Result<u32, FormatError> {
    let Some(item) = table.get("scale") else {
        return Ok(0);
    };
    let scale = item.whole().and_then(|scale| u32::try_from(scale).ok());
    let scale = scale.filter(|scale| *scale <= 9);
    scale.ok_or_else(|| item.expected("how many of a price's last digits are decimals, 0 to 9"))
}
