//! Each order line is one row with the right content, or in the rejects.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde_json::Value;

use crate::check::given_up;
use crate::functions::Function;
use crate::order::{Cancelled, Customer, Line, Payload, Sent};
use crate::producer::Put;
use crate::services::Rows;
use crate::world::{World, lock};

/// Where a rejected line or order stood: shard, number, user record, line.
type Place = (String, String, Option<u64>, u64);

/// A line, as far as it decides which row it is: with a line number, that and its
/// invoice, article and customer; without, all of it.
type Identity = (Customer, String, String, Result<u64, Line>);

/// The attributes of a row that come from its line alone.
const SAID: [&str; 11] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "UnitPrice",
    "CustomerID",
    "OrderDate",
    "Country",
    "CustomerRef",
    "Currency",
    "Cancelled",
];
/// Their values; empty where there is none.
type Content = [String; SAID.len()];

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
        line.customer.clone(),
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
        for line in put.payload.lines().filter(|line| !line.is_refused()) {
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
        let said = SAID.map(|name| item.get(name).cloned().unwrap_or_default());
        let identity = by_content
            .get(&said)
            .into_iter()
            .flatten()
            .find(|identity| {
                let (line, arrivals, _) = &expected[**identity];
                is_id(order_id, line) && arrivals.contains(&item["ArrivalTime"])
            });
        match identity {
            Some(identity) if item["CustomerID"] == customer.to_string() => {
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
        line.date[1].to_owned(),
        "France".to_owned(),
        match &line.customer {
            Customer::Text(text) => text.clone(),
            Customer::Number(_) | Customer::Guest => String::new(),
        },
        line.currency.unwrap_or_default().to_owned(),
        match line.cancelled {
            Cancelled::ByMark => "true".to_owned(),
            Cancelled::No | Cancelled::ByNumber => String::new(),
        },
    ]
}

/// Whether a sort key has the form that the README gives it.
fn is_id(id: &str, line: &Line) -> bool {
    let known = line.order_id();
    if line.number.is_some() {
        return id == known;
    }
    let hash = id.strip_prefix(&known).unwrap_or_default();
    hash.len() == 24 && hash.bytes().all(|b| b.is_ascii_hexdigit())
}

fn rejected(
    queue: &[Value],
    puts: &[Put],
    dropped: &BTreeSet<(String, String)>,
    broken: &mut Vec<String>,
) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: BTreeMap<Place, Vec<&Value>> = BTreeMap::new();
    for message in queue.iter().filter(|m| m["function"] == "orders") {
        let place = (
            text(&message["shard"]),
            text(&message["sequence_number"]),
            message["user_record"].as_u64(),
            message["line"].as_u64().unwrap_or_default(),
        );
        found.entry(place).or_default().push(message);
    }
    for put in puts {
        let (shard, number) = (put.shard.to_string(), put.number.to_string());
        let must = !dropped.contains(&(shard.clone(), number.clone()));
        for (user_record, line, sent) in put.payload.sent() {
            let place = (shard.clone(), number.clone(), user_record, line);
            let messages = found.remove(&place).unwrap_or_default();
            rejects_of(sent, &messages, must, broken);
        }
    }
    for place in found.keys() {
        broken.push(format!("the queue has a reject of nothing: {place:?}"));
    }
}

/// The rejects of what was sent in one piece: one of all that can never be a row, and one
/// of all that the table refuses, or of a part of it if not all was written yet.
fn rejects_of(sent: &Sent, messages: &[&Value], must: bool, broken: &mut Vec<String>) {
    let bad: Vec<Option<u64>> = match sent {
        Sent::Good(..) | Sent::Nothing(_) => Vec::new(),
        Sent::Order(items, _) => {
            let items = (1..).zip(items);
            let bad = items.filter(|(_, line)| line.is_none());
            bad.map(|(item, _)| Some(item)).collect()
        }
        Sent::Bad(_) => vec![None],
    };
    let refused = sent.lines().filter(|(_, line)| line.is_refused());
    let refused: Vec<Option<u64>> = refused.map(|(item, _)| item).collect();
    let by_table = |message: &&&Value| message["reason"] == "refused_by_table";
    for message in messages {
        let data = message["data"].as_str().unwrap_or_default();
        let data = STANDARD.decode(data).unwrap_or_default();
        let (item, lines) = (message["item"].as_u64(), message["lines"].as_u64());
        let lines = lines.unwrap_or_default() as usize;
        let is_right = if by_table(&message) {
            refused.contains(&item) && (1..=refused.len()).contains(&lines)
        } else {
            bad.first() == Some(&item) && lines == bad.len()
        };
        if data != sent.bytes() || !is_right {
            broken.push(format!(
                "a reject is not of what was sent: {message} of {sent:?}"
            ));
        }
    }
    let of_table = messages.iter().filter(by_table).count();
    let is_missing =
        (of_table == 0 && !refused.is_empty()) || (of_table == messages.len() && !bad.is_empty());
    if must && is_missing {
        broken.push(format!(
            "what can never be a row is not in the rejects: {sent:?}"
        ));
    }
}
