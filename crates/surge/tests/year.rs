//! A year of real orders: every second in breach is one by a straight SQL count of
//! the same definition, and the other way round.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime};
use function::SequenceNumber;
use model::{Measure, OrderFormat, Second};
use rusqlite::Connection;
use surge::{Arrival, Arrivals, Granule, lines, start_of};
use testkit::Orders;

const WINDOW: u32 = 15;
const THRESHOLDS: [u64; 4] = [5, 15, 30, 100];
const DAY: i64 = 86_400;

/// Each line with the second in which it arrives: line i of the n lines of a minute
/// at 60·i/n seconds.
fn spread(orders: &Orders) -> Vec<(i64, String)> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(
        orders
            .text()
            .split_once('\n')
            .expect("a header")
            .1
            .as_bytes(),
    );
    let minutes: Vec<i64> = reader
        .records()
        .map(|fields| {
            let fields = fields.expect("a CSV line");
            let date = NaiveDateTime::parse_from_str(&fields[4], "%m/%d/%Y %H:%M");
            date.expect("a date").and_utc().timestamp()
        })
        .collect();
    let mut sizes: HashMap<i64, i64> = HashMap::new();
    for minute in &minutes {
        *sizes.entry(*minute).or_default() += 1;
    }
    let mut places: HashMap<i64, i64> = HashMap::new();
    let second = |minute: &i64| {
        let place = places.entry(*minute).or_default();
        *place += 1;
        minute + 60 * (*place - 1) / sizes[minute]
    };
    let seconds: Vec<i64> = minutes.iter().map(second).collect();
    let lines = orders.lines().into_iter().map(str::to_owned);
    seconds.into_iter().zip(lines).collect()
}

/// The seconds in breach by the function's own parts, by threshold.
fn by_us(spread: &[(i64, String)], measure: Measure) -> Vec<BTreeSet<i64>> {
    let mut by_granule: BTreeMap<Second, Vec<(SequenceNumber, Second, &str)>> = BTreeMap::new();
    for (number, (second, line)) in spread.iter().enumerate() {
        let second = Second::new(*second);
        let sequence = SequenceNumber::parse(&number.to_string()).expect("digits");
        let granule = by_granule.entry(start_of(second)).or_default();
        granule.push((sequence, second, line));
    }
    // Through the bytes that are stored.
    let granules: Vec<Granule> = by_granule
        .iter()
        .map(|(start, records)| {
            let arrival = |(sequence, second, line): &'_ (SequenceNumber, Second, &str)| {
                let (lines, refused) = lines(&OrderFormat::default(), line.as_bytes(), measure);
                assert_eq!(refused, 0);
                (sequence.clone(), *second, lines)
            };
            let decoded: Vec<_> = records.iter().map(arrival).collect();
            let arrivals: Vec<Arrival<'_>> = decoded
                .iter()
                .map(|(sequence, second, lines)| Arrival {
                    sequence,
                    second: *second,
                    lines: lines.clone(),
                })
                .collect();
            let mut granule = Granule::empty(*start);
            granule.count(&arrivals, measure, DateTime::UNIX_EPOCH);
            let bytes = granule.to_bytes(measure).expect("bytes");
            let last = decoded.last().expect("a record").0.clone();
            Granule::from_bytes(*start, last, &bytes, measure).expect("a granule")
        })
        .collect();

    let first = spread
        .iter()
        .map(|(second, _)| *second)
        .min()
        .expect("a line");
    let last = spread
        .iter()
        .map(|(second, _)| *second)
        .max()
        .expect("a line");
    let mut seconds = vec![BTreeSet::new(); THRESHOLDS.len()];
    let mut arrivals = Arrivals::default();
    for granule in &granules {
        granule.each(|second, bucket| arrivals.add(second, bucket));
    }
    for day in (first - DAY..=last + DAY).step_by(DAY as usize) {
        let end = Second::new(day + DAY - 1);
        for rate in arrivals.rates(Second::new(day), end, WINDOW) {
            for (seconds, threshold) in seconds.iter_mut().zip(THRESHOLDS) {
                if rate.count >= threshold {
                    seconds.insert(rate.second.since_1970());
                }
            }
        }
    }
    seconds
}

fn database(spread: &[(i64, String)]) -> Connection {
    let mut database = Connection::open_in_memory().expect("a database");
    let schema = "CREATE TABLE arrivals (t INTEGER, invoice TEXT, quantity INTEGER)";
    database.execute(schema, []).expect("a table");
    let transaction = database.transaction().expect("a transaction");
    {
        let insert = "INSERT INTO arrivals VALUES (?, ?, ?)";
        let mut insert = transaction.prepare(insert).expect("a statement");
        for (second, line) in spread {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes());
            let fields = reader
                .records()
                .next()
                .expect("a line")
                .expect("a CSV line");
            let quantity: i64 = fields[3].parse().expect("a whole number");
            insert
                .execute((second, &fields[0], quantity))
                .expect("an inserted line");
        }
    }
    transaction.commit().expect("a commit");
    database
}

/// Lines in the 15 seconds up to each second in which there may be any.
const LINES: &str = "
    WITH RECURSIVE ahead(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM ahead WHERE n < 14),
    arrived AS (
        SELECT t, COUNT(*) AS lines FROM arrivals
        WHERE quantity >= 0 AND invoice NOT GLOB 'C*' GROUP BY t
    ),
    seconds AS (SELECT DISTINCT t + n AS t FROM arrived, ahead)
    SELECT seconds.t, SUM(COALESCE(lines, 0))
        OVER (ORDER BY seconds.t RANGE BETWEEN 14 PRECEDING AND CURRENT ROW)
    FROM seconds LEFT JOIN arrived USING (t)";

/// Distinct invoices in the 15 seconds up to each second in which there may be any:
/// an invoice is there from each of its seconds until 14 seconds later, or until its
/// next one takes over.
const ORDERS: &str = "
    WITH seen AS (
        SELECT DISTINCT invoice, t FROM arrivals
        WHERE quantity >= 0 AND invoice NOT GLOB 'C*'
    ),
    spans AS (
        SELECT t AS first,
            MIN(t + 15, LEAD(t, 1, t + 15) OVER (PARTITION BY invoice ORDER BY t)) AS past
        FROM seen
    ),
    changes AS (
        SELECT t, SUM(change) AS change FROM (
            SELECT first AS t, 1 AS change FROM spans UNION ALL SELECT past, -1 FROM spans
        ) GROUP BY t
    ),
    steps AS (
        SELECT t, LEAD(t, 1, t + 1) OVER (ORDER BY t) AS next,
            SUM(change) OVER (ORDER BY t ROWS UNBOUNDED PRECEDING) AS orders
        FROM changes
    ),
    seconds(t, next, orders) AS (
        SELECT t, next, orders FROM steps WHERE orders > 0
        UNION ALL SELECT t + 1, next, orders FROM seconds WHERE t + 1 < next
    )
    SELECT t, orders FROM seconds";

fn by_sql(database: &Connection, query: &str) -> Vec<BTreeSet<i64>> {
    let mut seconds = vec![BTreeSet::new(); THRESHOLDS.len()];
    let mut query = database.prepare(query).expect("a query");
    let mut rows = query.query([]).expect("an answer");
    while let Some(row) = rows.next().expect("a row") {
        let second: i64 = row.get(0).expect("a second");
        let rate: u64 = row.get::<_, i64>(1).expect("a rate").unsigned_abs();
        for (seconds, threshold) in seconds.iter_mut().zip(THRESHOLDS) {
            if rate >= threshold {
                seconds.insert(second);
            }
        }
    }
    seconds
}

#[test]
fn every_second_in_breach_is_one_by_a_straight_sql_count() {
    let orders = Orders::load();
    let spread = spread(&orders);
    let database = database(&spread);
    for (measure, query, expected) in [
        (Measure::Lines, LINES, [505_887, 110_922, 34_520, 4_205]),
        (Measure::Orders, ORDERS, [3, 0, 0, 0]),
    ] {
        let (ours, theirs) = (by_us(&spread, measure), by_sql(&database, query));
        for (threshold, (ours, theirs)) in THRESHOLDS.iter().zip(ours.iter().zip(&theirs)) {
            assert!(
                ours == theirs,
                "{measure:?}, threshold {threshold}: {} seconds in breach, by SQL {}; the first that differs: {:?}",
                ours.len(),
                theirs.len(),
                ours.symmetric_difference(theirs).next()
            );
        }
        assert!(!ours[0].is_empty(), "nothing to compare");
        if orders.whole {
            let counts: Vec<usize> = ours.iter().map(BTreeSet::len).collect();
            assert_eq!(counts, expected);
        }
    }
}
