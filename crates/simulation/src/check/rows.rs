//! Each order line is one row with the right content, or in the rejects.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde_json::Value;

use crate::check::given_up;
use crate::functions::Function;
use crate::order::{Line, Payload, Sent};
use crate::producer::Put;
use crate::services::Rows;
use crate::world::{World, lock};

/// Where a rejected line stood: shard, number, user record, line.
type Place = (String, String, Option<u64>, u64);

/// A line, as far as it decides which row it is: with a line number, that and its
/// invoice, article and customer; without, all of it.
type Identity = (i64, String, String, Result<u64, Line>);

/// The attributes of a row that come from its line alone.
type Content = [String; 6];

pub(super) fn check(world: &World, made: &[Payload], puts: &[Put], broken: &mut Vec<String>) {
    for payload in made {
        if !puts.iter().any(|put| put.payload == *payload) {
            broken.push(format!("the simulation lost a record: {payload:?}"));
        }
    }
    let dropped = given_up(world, Function::Orders);
    stored(&lock(&world.rows), puts, &dropped, broken);
    rejected(&lock(&world.queue), puts, &dropped, broken);
}

fn identity(line: &Line) -> Identity {
    let told = line.number.ok_or_else(|| line.clone());
    (
        line.customer_key(),
        line.invoice.clone(),
        line.stock.clone(),
        told,
    )
}

fn stored(
    rows: &Rows,
    puts: &[Put],
    dropped: &BTreeSet<(String, String)>,
    broken: &mut Vec<String>,
) {
    // Each line that is to be stored: what it says, when its copies arrived, and
    // whether one of them must be there.
    let mut expected: BTreeMap<Identity, (Line, BTreeSet<String>, bool)> = BTreeMap::new();
    for put in puts {
        let must = !dropped.contains(&(put.shard.to_string(), put.number.to_string()));
        let arrived = put.arrived_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let lines = put.payload.lines().filter_map(|(_, _, sent)| sent.line());
        for line in lines.filter(|line| !line.is_refused()) {
            let copies = expected.entry(identity(line));
            let copies = copies.or_insert_with(|| (line.clone(), BTreeSet::new(), false));
            copies.1.insert(arrived.clone());
            copies.2 |= must;
        }
    }
    let mut by_content: BTreeMap<Content, Vec<&Identity>> = BTreeMap::new();
    for (identity, (line, ..)) in &expected {
        by_content.entry(content(line)).or_default().push(identity);
    }
    let mut found = BTreeMap::new();
    for ((customer, order_id), item) in rows {
        let said = [
            "InvoiceNo",
            "StockCode",
            "Description",
            "Quantity",
            "UnitPrice",
            "CustomerID",
        ];
        let said = said.map(|name| item[name].clone());
        let identity = by_content
            .get(&said)
            .into_iter()
            .flatten()
            .find(|identity| {
                let (line, arrivals, _) = &expected[**identity];
                is_id(order_id, line) && arrivals.contains(&item["ArrivalTime"])
            });
        let date = item["OrderDate"] == "2010-12-01T08:26:00" && item["Country"] == "France";
        match identity {
            Some(identity) if date && item["CustomerID"] == customer.to_string() => {
                if let Some(other) = found.insert(*identity, order_id) {
                    broken.push(format!("a line is two rows, {other} and {order_id}"));
                }
            }
            _ => broken.push(format!("a row is no line that was sent: {item:?}")),
        }
    }
    for (identity, (line, _, must)) in &expected {
        if *must && !found.contains_key(identity) {
            broken.push(format!("a line is no row: {line:?}"));
        }
    }
}

/// What a row says of a line.
fn content(line: &Line) -> Content {
    [
        line.invoice.clone(),
        line.stock.clone(),
        line.description.clone(),
        line.quantity.to_string(),
        line.row_price(),
        line.customer_key().to_string(),
    ]
}

/// Whether a sort key has the form that the README gives it.
fn is_id(id: &str, line: &Line) -> bool {
    let prefix = format!("{}-{}#", line.invoice, line.stock);
    let Some(rest) = id.strip_prefix(&prefix) else {
        return false;
    };
    match line.number {
        Some(number) => rest == number.to_string(),
        None => rest.len() == 24 && rest.bytes().all(|b| b.is_ascii_hexdigit()),
    }
}

fn rejected(
    queue: &[Value],
    puts: &[Put],
    dropped: &BTreeSet<(String, String)>,
    broken: &mut Vec<String>,
) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: BTreeMap<Place, &Value> = BTreeMap::new();
    for message in queue.iter().filter(|m| m["function"] == "orders") {
        let user_record = message["user_record"].as_u64();
        let line = message["line"].as_u64().unwrap_or_default();
        found.insert(
            (
                text(&message["shard"]),
                text(&message["sequence_number"]),
                user_record,
                line,
            ),
            message,
        );
    }
    for put in puts {
        let name = (put.shard.to_string(), put.number.to_string());
        for (user_record, line, sent) in put.payload.lines() {
            let message = found.remove(&(name.0.clone(), name.1.clone(), user_record, line));
            let refused = match sent {
                Sent::Good(line, _) => line.is_refused(),
                Sent::Bad(_) => true,
            };
            match message {
                None if refused && !dropped.contains(&name) => {
                    broken.push(format!(
                        "what can never be a row is not in the rejects: {sent:?}"
                    ));
                }
                Some(_) if !refused => {
                    broken.push(format!("a good line is in the rejects: {sent:?}"))
                }
                Some(message) => {
                    let data = STANDARD.decode(text(&message["data"])).unwrap_or_default();
                    let by_table = text(&message["reason"]) == "refused_by_table";
                    if data != sent.bytes() || by_table != sent.line().is_some() {
                        broken.push(format!("a reject is not what was sent: {message}"));
                    }
                }
                None => {}
            }
        }
    }
    for place in found.keys() {
        broken.push(format!("the queue has a reject of nothing: {place:?}"));
    }
}
