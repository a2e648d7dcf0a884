//! A year of real orders: every second in breach is one by a straight SQL count of
//! the same definition, and the other way round; and at the highest peaks we name the same.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime};
use function::SequenceNumber;
use model::{Dimension, Measure, OrderFormat, Second};
use rusqlite::Connection;
use surge::{Arrival, Arrivals, Gauge, Granule, Rate, lines, start_of};
use testkit::Orders;

const WINDOW: u32 = 15;
const THRESHOLDS: [u64; 4] = [5, 15, 30, 100];
const DAY: i64 = 86_400;
/// How many of the highest peaks are taken apart.
const PEAKS: usize = 20;

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

/// What arrived, by the function's own parts.
fn arrivals(spread: &[(i64, String)], gauge: &Gauge) -> Arrivals {
    let measure = gauge.measure();
    let format = OrderFormat::default();
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
            let mut decoded = Vec::new();
            for (sequence, second, line) in records {
                let (lines, refused) = lines(&format, line.as_bytes(), gauge);
                assert_eq!(refused, 0);
                decoded.push((sequence.clone(), *second, lines));
            }
            let arrivals: Vec<Arrival<'_>> = decoded
                .iter()
                .map(|(sequence, second, lines)| Arrival {
                    sequence,
                    second: *second,
                    lines: lines.clone(),
                })
                .collect();
            let mut granule = Granule::empty(*start);
            granule.count(&arrivals, gauge, DateTime::UNIX_EPOCH);
            let bytes = granule.to_bytes(measure).expect("bytes");
            let last = decoded.last().expect("a record").0.clone();
            Granule::from_bytes(*start, last, &bytes, measure).expect("a granule")
        })
        .collect();

    let mut arrivals = Arrivals::default();
    for granule in &granules {
        granule.each(|second, bucket| arrivals.add(second, bucket));
    }
    arrivals
}

/// The seconds in breach by the function's own parts, by threshold, and the highest rates
/// of windows that have no second in common.
fn by_us(arrivals: &Arrivals) -> (Vec<BTreeSet<i64>>, Vec<Rate>) {
    let first = arrivals.seconds().next().expect("a line").since_1970();
    let last = arrivals.last().expect("a line").since_1970();
    let mut seconds = vec![BTreeSet::new(); THRESHOLDS.len()];
    let mut rates = Vec::new();
    for day in (first - DAY..=last + DAY).step_by(DAY as usize) {
        let end = Second::new(day + DAY - 1);
        for rate in arrivals.rates(Second::new(day), end, WINDOW) {
            for (seconds, threshold) in seconds.iter_mut().zip(THRESHOLDS) {
                if rate.count >= threshold {
                    seconds.insert(rate.second.since_1970());
                }
            }
            rates.push(rate);
        }
    }
    rates.sort_by_key(|rate| (Reverse(rate.count), rate.second));
    let mut peaks: Vec<Rate> = Vec::new();
    for rate in rates {
        let apart = |peak: &Rate| (peak.second - rate.second).abs() >= i64::from(WINDOW);
        if peaks.len() < PEAKS && rate.count > 0 && peaks.iter().all(apart) {
            peaks.push(rate);
        }
    }
    (seconds, peaks)
}

fn database(spread: &[(i64, String)]) -> Connection {
    let mut database = Connection::open_in_memory().expect("a database");
    let schema = "CREATE TABLE arrivals (t INTEGER, invoice TEXT, quantity INTEGER, \
                  customer TEXT, country TEXT, article TEXT)";
    database.execute(schema, []).expect("a table");
    let transaction = database.transaction().expect("a transaction");
    {
        let insert = "INSERT INTO arrivals VALUES (?, ?, ?, ?, ?, ?)";
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
                .execute((
                    second, &fields[0], quantity, &fields[6], &fields[7], &fields[1],
                ))
                .expect("an inserted line");
        }
    }
    transaction.commit().expect("a commit");
    database
        .execute("CREATE INDEX by_time ON arrivals (t)", [])
        .expect("an index");
    database
}

/// The heaviest value of a column in the 15 seconds up to `t`, what it sent and what all sent:
/// `what` is what is counted. Guests have no number, and nobody has an empty one.
fn heaviest(database: &Connection, t: i64, column: &str, what: &str) -> (String, u64, u64) {
    let inside =
        "FROM arrivals WHERE t BETWEEN ? AND ? AND quantity >= 0 AND invoice NOT GLOB 'C*'";
    let value = format!("CASE {column} WHEN '' THEN 'guest' ELSE {column} END");
    let query = format!(
        "SELECT {value}, COUNT({what}), (SELECT COUNT({what}) {inside}) {inside} \
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    );
    let span = (t - 14, t, t - 14, t);
    let row = database.query_row(&query, span, |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    let (value, count, total) = row.expect("a row");
    (value, count.unsigned_abs(), total.unsigned_abs())
}

/// Whom we name at the peaks are those whom SQL names, with what they sent.
fn assert_named(arrivals: &Arrivals, gauge: &Gauge, peaks: &[Rate], database: &Connection) {
    for peak in peaks {
        let (from, to) = (peak.second - 14, peak.second);
        let named = arrivals.contributors((from, to), gauge);
        assert_eq!(named.len(), Dimension::ALL.len(), "{peak:?}");
        for named in named {
            let what = match named.measure {
                Measure::Orders => "DISTINCT invoice",
                _ => "*",
            };
            let column = named.dimension.name();
            let (value, count, total) = heaviest(database, to.since_1970(), column, what);
            let first = &named.top[0];
            let (ours, theirs) = ((&first.value, first.count), (&value, count));
            assert_eq!((ours, named.total), (theirs, total), "{column} at {peak:?}");
        }
    }
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
fn seconds_in_breach_and_whom_peaks_name_are_those_of_a_straight_sql_count() {
    let orders = Orders::load();
    let spread = spread(&orders);
    let database = database(&spread);
    for (measure, query, expected) in [
        (Measure::Lines, LINES, [505_887, 110_922, 34_520, 4_205]),
        (Measure::Orders, ORDERS, [3, 0, 0, 0]),
    ] {
        let gauge = Gauge::new(measure, Dimension::ALL.to_vec());
        let arrivals = arrivals(&spread, &gauge);
        let ((ours, peaks), theirs) = (by_us(&arrivals), by_sql(&database, query));
        assert_eq!(peaks.len(), PEAKS);
        assert_named(&arrivals, &gauge, &peaks, &database);
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
