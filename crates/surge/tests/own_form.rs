//! Orders of a shop's own form are counted as the same orders are in the default form.

use model::{Measure, OrderFormat};
use surge::{Gauge, Line, lines};
use testkit::{Orders, SEMICOLON_CSV, WHOLE_ORDERS, semicolon_csv, whole_orders};

/// What is counted of records, in their order; nothing of them is refused.
fn counted(format: &OrderFormat, records: &[String], measure: Measure) -> Vec<Line> {
    let count = |record: &String| -> Vec<Line> {
        let (seen, refused) = lines(format, record.as_bytes(), &Gauge::of(measure));
        assert_eq!(refused, 0, "{record}");
        seen.into_iter().map(|seen| seen.line).collect()
    };
    records.iter().flat_map(count).collect()
}

#[test]
fn a_year_in_a_shops_own_form_is_counted_as_in_the_default_one() {
    let orders = Orders::load();
    let default: Vec<String> = orders.lines().into_iter().map(str::to_owned).collect();
    let semicolons = OrderFormat::parse(SEMICOLON_CSV).expect("an order format");
    let whole = OrderFormat::parse(WHOLE_ORDERS).expect("an order format");
    let objects: Vec<String> = whole_orders(&orders)
        .iter()
        .map(|order| order.to_string())
        .collect();
    for measure in [Measure::Orders, Measure::Lines, Measure::Units] {
        let expected = counted(&OrderFormat::default(), &default, measure);
        let cancelled = expected.iter().filter(|l| **l == Line::Cancellation);
        let cancelled = cancelled.count();
        assert!(cancelled > 0, "nothing is cancelled");
        if orders.whole {
            assert_eq!((expected.len(), cancelled), (541_909, 10_624));
        }
        // Too many lines to be shown.
        assert!(counted(&semicolons, &semicolon_csv(&orders), measure) == expected);
        assert!(counted(&whole, &objects, measure) == expected);
    }
}

#[test]
fn an_invoice_number_with_the_shops_prefix_is_a_cancellation_whatever_its_quantity() {
    let format = OrderFormat::parse(SEMICOLON_CSV).expect("an order format");
    for (invoice, quantity, is_cancelled) in [
        ("C1", 6, true),
        ("1C", 6, false),
        ("1", -6, true),
        ("1", 6, false),
    ] {
        let line = format!("{invoice};01.12.2010 08:26;France;;85123A;HEART;{quantity};2,55");
        let counted = counted(&format, &[line], Measure::Lines);
        assert_eq!(
            counted == [Line::Cancellation],
            is_cancelled,
            "{invoice} {quantity}"
        );
    }
}
