//! `sitewatch demo`: events through the real `orders` handler into an embedded
//! DynamoDB, and what came of them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use function::env::TableName;
use function::{Deadline, KinesisEvent};
use orders::{Counts, DynamoTable, Handler};
use serde_json::Value;

use crate::local::{self, MemoryQueue, text};
use crate::show::{self, BAD, GOOD, WARN};

const TABLE: &str = "WebsiteOrders";
/// As long as the function may take on AWS.
const TIMEOUT: Duration = Duration::from_secs(60);

macro_rules! samples {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../events/orders/", $name)))),*]
    };
}

/// The project's own samples, built in so that the tool works from any folder.
const SAMPLES: [(&str, &str); 9] = samples!(
    "plain.json",
    "numbers.json",
    "agent-csvtojson.json",
    "raw-csv.json",
    "guest.json",
    "cancellation.json",
    "several-lines.json",
    "kpl-aggregated.json",
    "mix-with-rejects.json"
);

/// Runs the events in `paths`, or the samples if there are none.
pub(crate) async fn run(paths: &[PathBuf]) -> anyhow::Result<()> {
    let events = load(paths)?;
    let client = local::dynamodb().await?;
    local::create_orders_table(&client, TABLE).await?;
    let table = TableName::parse(TABLE).context("no table name")?;
    let queue = MemoryQueue::default();
    let handler = Handler::new(DynamoTable::new(client.clone(), table), &queue);

    show::heading("Events through the orders function");
    let mut total = Counts::default();
    for (name, event) in &events {
        let deadline = Deadline::after(TIMEOUT);
        let (response, counts) = handler.process(&event.records, deadline).await;
        show_event(name, &counts);
        ensure!(
            response.batch_item_failures.is_empty(),
            "{name}: {} records could not be stored",
            counts.records_failed
        );
        total.records += counts.records;
        total.lines_stored += counts.lines_stored;
        total.lines_rejected += counts.lines_rejected;
    }
    let rows = local::rows(&client, TABLE).await?;
    show_rows(&rows);
    show_rejects(&queue.messages());
    anstream::println!(
        "\n{}, {}: {GOOD}{} stored in {}{GOOD:#}, {WARN}{} rejected{WARN:#}.\n\
         Several samples hold the same line: sent again, it stays one row.",
        show::counted(events.len() as u64, "event"),
        show::counted(total.records, "record"),
        show::counted(total.lines_stored, "line"),
        show::counted(rows.len() as u64, "row"),
        total.lines_rejected,
    );
    Ok(())
}

fn load(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, KinesisEvent)>> {
    let parse = |name: String, json: &str| {
        let event = serde_json::from_str(json)
            .with_context(|| format!("{name} is no Kinesis event as Lambda receives it"))?;
        Ok((name, event))
    };
    if paths.is_empty() {
        return SAMPLES
            .iter()
            .map(|(name, json)| parse((*name).to_owned(), json))
            .collect();
    }
    paths
        .iter()
        .map(|path| {
            let name = path.display().to_string();
            let json = std::fs::read_to_string(path)
                .with_context(|| format!("{name} cannot be read as text"))?;
            parse(name, &json)
        })
        .collect()
}

fn show_event(name: &str, counts: &Counts) {
    let (mark, style) = match counts {
        Counts {
            records_failed: 1..,
            ..
        } => ("✗", BAD),
        Counts {
            lines_rejected: 1..,
            ..
        } => ("!", WARN),
        _ => ("✓", GOOD),
    };
    anstream::println!(
        "  {style}{mark}{style:#} {name:<24} {:<10} {:<8} stored {:>3} rejected",
        show::counted(counts.records, "record"),
        show::counted(counts.lines_stored, "line"),
        counts.lines_rejected
    );
}

fn show_rows(rows: &[std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>]) {
    show::heading(&format!("Table {TABLE}"));
    let columns = [
        "CustomerID",
        "OrderID",
        "OrderDate",
        "Quantity",
        "UnitPrice",
        "Description",
    ];
    let mut table = show::table(&columns, &[0, 3, 4]);
    for row in rows {
        let shown =
            |name| show::shortened(&text(row, name), if name == "OrderID" { 20 } else { 40 });
        table.add_row(columns.map(shown));
    }
    anstream::println!("{table}");
}

fn show_rejects(rejects: &[Value]) {
    if rejects.is_empty() {
        return;
    }
    show::heading("Rejects queue");
    let mut table = show::table(&["Record", "Line", "Reason", "What was wrong"], &[1]);
    for reject in rejects {
        let word = |name: &str| reject[name].as_str().unwrap_or_default().to_owned();
        let number = word("sequence_number");
        let tail = number
            .get(number.len().saturating_sub(8)..)
            .unwrap_or_default();
        let line = reject["line"]
            .as_u64()
            .map(|line| line.to_string())
            .unwrap_or_default();
        table.add_row([format!("…{tail}"), line, word("reason"), word("message")]);
    }
    anstream::println!("{table}");
}
