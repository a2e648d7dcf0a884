//! What a dry run shows: what there is, and that nothing was done to it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::copies::Whole;
use super::failed::Failed;
use crate::show::{counted, duration, number, table};

/// Several things in one row.
#[derive(Debug)]
struct Row {
    count: u64,
    size: u64,
    oldest: DateTime<Utc>,
}

type Rows<'a> = BTreeMap<[&'a str; 3], Row>;

/// The batches by function, shard and condition.
pub(crate) fn batches(batches: &[Failed], now: DateTime<Utc>) {
    let mut rows = Rows::new();
    for batch in batches {
        let key = [&batch.function.name, &batch.shard, &batch.condition];
        add(&mut rows, key, batch.records, batch.arrived_at);
    }
    let columns = [
        "Function",
        "Shard",
        "Condition",
        "Objects",
        "Records",
        "Oldest record",
    ];
    print(&columns, &rows, now);
    let records = batches.iter().map(|batch| batch.records).sum();
    let (batches, records) = (
        counted(batches.len() as u64, "object"),
        counted(records, "record"),
    );
    anstream::println!("{batches} with {records}. A dry run: nothing was sent or deleted.");
}

/// The rejects by reason, function and stream.
pub(crate) fn rejects(rejects: &[Whole], now: DateTime<Utc>) {
    let mut rows = Rows::new();
    for reject in rejects {
        let place = &reject.place;
        let key = [&reject.reason, &place.function, &place.stream];
        add(&mut rows, key, reject.data.len() as u64, reject.arrived_at);
    }
    let columns = ["Reason", "Function", "Stream", "Rejects", "Bytes", "Oldest"];
    print(&columns, &rows, now);
    let rejects = counted(rejects.len() as u64, "reject");
    anstream::println!("{rejects}. A dry run: nothing was sent or deleted.");
}

fn add<'a>(rows: &mut Rows<'a>, key: [&'a String; 3], size: u64, arrived_at: DateTime<Utc>) {
    let row = rows.entry(key.map(String::as_str)).or_insert(Row {
        count: 0,
        size: 0,
        oldest: arrived_at,
    });
    row.count += 1;
    row.size += size;
    row.oldest = row.oldest.min(arrived_at);
}

fn print(columns: &[&str], rows: &Rows<'_>, now: DateTime<Utc>) {
    if rows.is_empty() {
        return;
    }
    let mut table = table(columns, &[3, 4, 5]);
    for ([first, second, third], row) in rows {
        let age = age(now - row.oldest);
        let (count, size) = (number(row.count), number(row.size));
        table.add_row([first, second, third, count.as_str(), &size, &age]);
    }
    anstream::println!("{table}");
}

/// In whole days where it is two or more: what `surge` has forgotten.
fn age(age: TimeDelta) -> String {
    match age.num_days() {
        ..2 => duration(age.num_seconds().max(0)),
        days => format!("{} days", number(days.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_of_two_days_is_told_in_days() {
        assert_eq!(age(TimeDelta::seconds(-1)), "0 s");
        assert_eq!(age(TimeDelta::minutes(47 * 60 + 59)), "47 h 59 min");
        assert_eq!(age(TimeDelta::days(2)), "2 days");
        assert_eq!(age(TimeDelta::days(1_234)), "1,234 days");
    }
}
