//! Orders of a shop's own form as the data of one record.

mod forms;

use model::{Cancellation, Customer, Decoded, Measure, OrderFormat, OrderLine, Reason, Reject};
use surge::{Gauge, Line};

use crate::memory::bounded;
use crate::order::offset;
use crate::{batch, encode};
use forms::{FORMS, Form};

/// As for lines: texts with escapes and numbers with other signs are copied.
const MEMORY: usize = 8;
/// What an order's lines inherit of it, in bytes, and texts that a format gives.
const INHERITED: usize = 2_048 + 64;
/// An object's end may be looked for in vain so often, where a record is broken; behind
/// that, an object over several lines may be taken for a broken one.
const LOOKS: usize = 8;
/// An input's first byte with this bit goes through the functions, too.
const FUNCTIONS: u8 = 0x80;

/// How many forms there are.
pub const FORM_COUNT: usize = 7;

/// A form's order format.
#[must_use]
pub fn format(form: usize) -> &'static OrderFormat {
    &FORMS[form % FORM_COUNT].format
}

/// An input of that form that goes through the functions, too.
#[must_use]
pub fn input(form: usize, record: &[u8]) -> Vec<u8> {
    let form = (form % FORM_COUNT) as u8 | FUNCTIONS;
    [&[form], record].concat()
}

/// Checks a record of the form that the first byte says; with its highest bit, also what
/// the functions make of it.
///
/// # Panics
/// - if a byte is in no line or order and not passed over, or in two that do not share an
///   order;
/// - if lines are not in the order of their places, or an order's lines are not counted
///   from 1;
/// - if a line or order is another one when it is sent alone;
/// - if a line, written again, is another row, or is one that no table takes;
/// - if texts grow beyond what an order's lines may inherit;
/// - if `surge` does not count exactly the good lines;
/// - if more memory is held than the record's length allows;
/// - for what [`batch::records`] panics for.
pub fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let form = &FORMS[usize::from(choice & !FUNCTIONS) % FORM_COUNT];
    bounded(data.len(), MEMORY, || {
        form.format.decode(data).for_each(drop);
    });
    counted(form, data);
    if choice & FUNCTIONS != 0 {
        batch::record(&form.format, data);
    }
    if !encode::is_sealed(data) {
        record(form, data);
    }
}

/// A line, or an order with what its lines are.
struct Unit<'a> {
    bytes: &'a [u8],
    lines: Vec<Decoded<'a>>,
}

fn record(form: &Form, data: &[u8]) {
    let (mut read, mut breaks) = (0, 0);
    let mut place = None;
    for (number, unit) in units(form, data).iter().enumerate() {
        let start = offset(data, unit.bytes);
        passed_over(form, &data[read..start]);
        breaks += count_breaks(&data[read..start]);
        for decoded in &unit.lines {
            assert_eq!(decoded.position.line as usize, breaks + 1);
            assert_eq!(decoded.position.user_record, None);
            assert!(place < Some(decoded.position), "lines have an order");
            place = Some(decoded.position);
        }
        read = start + unit.bytes.len();
        breaks += count_breaks(unit.bytes);
        let indent = indent(&data[..start]);
        stands_alone(form, &data[start - indent..read], unit, number >= LOOKS);
        fits(unit);
        for line in unit.lines.iter().filter_map(|d| d.line.as_ref().ok()) {
            reads_back(form, line);
        }
    }
    passed_over(form, &data[read..]);
}

/// Lines that share their bytes belong together.
fn units<'a>(form: &'a Form, data: &'a [u8]) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    for decoded in form.format.decode(data) {
        match units.last_mut() {
            Some(unit) if decoded.position.item.is_some_and(|item| item > 1) => {
                assert!(std::ptr::eq(unit.bytes, decoded.bytes), "an order's bytes");
                unit.lines.push(decoded);
            }
            _ => units.push(Unit {
                bytes: decoded.bytes,
                lines: vec![decoded],
            }),
        }
    }
    units
}

/// How many blanks a line begins with, before which `before` stands: they tell where the
/// next object begins.
fn indent(before: &[u8]) -> usize {
    let blanks = before.iter().rev();
    let blanks = blanks.take_while(|b| matches!(b, b' ' | b'\t')).count();
    match before[..before.len() - blanks].last() {
        None | Some(b'\n') => blanks,
        Some(_) => 0,
    }
}

fn count_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b == b'\n').count()
}

/// Blank lines, headers and what stands between objects hold nothing, wherever they stand.
fn passed_over(form: &Form, bytes: &[u8]) {
    assert!(!encode::is_sealed(bytes));
    let count = form.format.decode(bytes).count();
    assert_eq!(count, 0, "bytes that are in no line");
}

fn stands_alone(form: &Form, bytes: &[u8], unit: &Unit<'_>, looked_in_vain: bool) {
    let is_broken = |line: &Result<OrderLine<'_>, Reject>| {
        let reason = line.as_ref().err().map(|reject| reject.reason);
        form.format.is_json() && matches!(reason, Some(Reason::NotJson | Reason::NotUtf8))
    };
    let first = &unit.lines[0].line;
    if encode::is_sealed(bytes) || (is_broken(first) && looked_in_vain) {
        return;
    }
    let alone: Vec<_> = form.format.decode(bytes).collect();
    assert_eq!(alone.len(), unit.lines.len());
    for (item, (alone, decoded)) in (1..).zip(alone.iter().zip(&unit.lines)) {
        // Bytes that are no UTF-8 may be looked for in all of a text line, or not at all.
        if !(is_broken(&alone.line) && is_broken(&decoded.line)) {
            assert_eq!(alone.line, decoded.line);
        }
        assert_eq!(alone.position.item, decoded.position.item);
        assert!(decoded.position.item.is_none_or(|n| n == item));
    }
}

/// No text grows on its way but by what an order's lines inherit, and no line that is kept
/// could not be told apart.
fn fits(unit: &Unit<'_>) {
    let mut length = 0;
    for line in unit.lines.iter().filter_map(|d| d.line.as_ref().ok()) {
        let customer = match &line.customer {
            Customer::Text(text) => text.as_ref(),
            Customer::Registered(_) | Customer::Guest => "",
        };
        let texts = [
            &line.invoice_no,
            &line.stock_code,
            &line.description,
            &line.country,
            customer,
        ];
        assert!(texts.iter().all(|text| text.trim() == *text));
        length += texts.iter().map(|text| text.len()).sum::<usize>();
        assert!(!line.invoice_no.is_empty() && !line.stock_code.is_empty());
        let id = line.order_id();
        assert!(id.starts_with(&format!("{}-{}#", line.invoice_no, line.stock_code)));
        assert!(id.len() <= 1_024 && line.row_size() <= 400 * 1_024);
        assert_ne!(line.customer_key(), 0);
        assert!(line.quantity >= 0 || line.cancellation != Cancellation::No);
    }
    // A name may stand for what is not there: the same bytes are in two texts.
    let most = 2 * unit.bytes.len() + unit.lines.len() * INHERITED;
    assert!(length <= most, "{length} bytes of texts");
}

/// The same line, written again, is the same row.
fn reads_back(form: &Form, line: &OrderLine<'_>) {
    let Some(written) = (form.write)(line) else {
        return;
    };
    let again: Vec<_> = form.format.decode(&written).collect();
    let text = String::from_utf8_lossy(&written);
    assert_eq!(again.len(), 1, "{line:?} as {text}");
    let other = match &again[0].line {
        Ok(other) => other,
        // A date or number may be longer than it was.
        Err(reject) if reject.reason == Reason::TooLarge => return,
        Err(reject) => panic!("{line:?} as {text} is refused: {reject}"),
    };
    assert_eq!(other, line, "{text}");
    assert_eq!(other.order_id(), line.order_id());
    assert_eq!(other.customer_key(), line.customer_key());
}

/// `surge` counts what is stored, and as cancelled what is cancelled.
fn counted(form: &Form, data: &[u8]) {
    let (lines, refused) = surge::lines(&form.format, data, &Gauge::of(Measure::Lines));
    let (mut good, mut bad, mut cancelled) = (0, 0, 0);
    for decoded in form.format.decode(data) {
        match decoded.line {
            Ok(line) => {
                good += 1;
                cancelled += usize::from(line.cancellation != Cancellation::No);
            }
            Err(_) => bad += 1,
        }
    }
    assert_eq!((lines.len(), refused), (good, bad));
    let counted = lines.iter().filter(|l| l.line == Line::Cancellation);
    assert_eq!(counted.count(), cancelled);
}
