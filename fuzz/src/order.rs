//! Order lines, JSON and CSV, as the data of one record.

use model::{Decoded, OrderLine, decode};

use crate::encode;
use crate::memory::bounded;

/// Texts with escapes are copied a few times at the most.
const MEMORY: usize = 8;

/// Checks one record's data.
///
/// # Panics
/// - if a byte is in no line and not passed over, or in two;
/// - if a line is another one when it is sent alone;
/// - if a line, written again in whatever form, is another row;
/// - if there are more lines than line breaks allow, or more memory is held than the
///   record's length allows.
pub fn check(data: &[u8]) {
    bounded(data.len(), MEMORY, || decode(data).for_each(drop));
    if encode::is_sealed(data) {
        return;
    }
    let (mut read, mut lines, mut breaks) = (0, 0, 0);
    for decoded in decode(data) {
        let start = offset(data, decoded.bytes);
        passed_over(&data[read..start]);
        breaks += count_breaks(&data[read..start]);
        assert_eq!(decoded.position.line as usize, breaks + 1);
        assert_eq!(decoded.position.user_record, None);
        read = start + decoded.bytes.len();
        breaks += count_breaks(decoded.bytes);
        lines += 1;
        stands_alone(&decoded);
        if let Ok(line) = &decoded.line {
            fits(line, decoded.bytes.len());
            reads_back(line);
        }
    }
    passed_over(&data[read..]);
    assert!(lines <= count_breaks(data) + 1);
}

fn count_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b == b'\n').count()
}

/// Where `part` begins in `whole`, in which it must lie.
pub(crate) fn offset(whole: &[u8], part: &[u8]) -> usize {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize);
    let start = start.expect("a line of this record");
    assert!(start + part.len() <= whole.len(), "a line of this record");
    start
}

/// Blank lines and headers hold nothing, wherever they stand.
fn passed_over(bytes: &[u8]) {
    assert!(!encode::is_sealed(bytes));
    assert_eq!(decode(bytes).count(), 0, "bytes that are in no line");
}

fn stands_alone(decoded: &Decoded<'_>) {
    if encode::is_sealed(decoded.bytes) {
        return;
    }
    let alone: Vec<_> = decode(decoded.bytes).map(|d| d.line).collect();
    assert_eq!(alone.as_slice(), std::slice::from_ref(&decoded.line));
}

/// No text grows on its way, and no line that is kept could not be told apart.
fn fits(line: &OrderLine<'_>, length: usize) {
    let texts = [
        &line.invoice_no,
        &line.stock_code,
        &line.description,
        &line.country,
    ];
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() <= length);
    assert!(texts.iter().all(|text| text.trim() == text.as_ref()));
    assert!(!line.invoice_no.is_empty() && !line.stock_code.is_empty());
    let key = format!("{}-{}#", line.invoice_no, line.stock_code);
    assert!(line.order_id().starts_with(&key));
    assert_ne!(line.customer_key(), 0);
}

/// The same line in another form is the same row.
fn reads_back(line: &OrderLine<'_>) {
    let forms = [encode::json(line), encode::csv(line)];
    let aggregate = encode::aggregate(&forms);
    let mut again: Vec<_> = forms.iter().flat_map(|form| decode(form)).collect();
    again.extend(decode(&aggregate));
    assert_eq!(again.len(), 4, "{line:?}");
    for other in again {
        let other = other
            .line
            .unwrap_or_else(|r| panic!("{line:?} is refused: {r}"));
        assert_eq!(&other, line);
        assert_eq!(other.order_id(), line.order_id());
        assert_eq!(other.customer_key(), line.customer_key());
    }
}
