//! What came of the demo.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::shop::Shop;
use crate::show::{self, GOOD, number};

/// What was counted on the way, and found in the end.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Records that were sent, copies and all.
    pub(super) sent: u64,
    /// Rows in the table.
    pub(super) rows: u64,
    /// Lines that are no rows of their own, since their form does not tell them from others.
    pub(super) alike: u64,
    /// What lies in the rejects queue.
    pub(super) rejects: Vec<Value>,
    /// What SNS has delivered.
    pub(super) messages: Vec<Value>,
    /// Rows of the history.
    pub(super) kept: u64,
}

impl Summary {
    /// The kinds of the messages, in their order.
    pub(super) fn told(&self) -> Vec<String> {
        let kind = |m: &Value| {
            m["MessageAttributes"]["kind"]["Value"]
                .as_str()
                .map(str::to_owned)
        };
        self.messages.iter().filter_map(kind).collect()
    }

    /// How many different lines were rejected; a copy is rejected too.
    pub(super) fn rejected(&self) -> u64 {
        let data = self.rejects.iter().map(|reject| reject["data"].as_str());
        data.collect::<BTreeSet<_>>().len() as u64
    }

    /// The figures.
    pub(super) fn print(&self, shop: &Shop) {
        show::heading("What came of it");
        let mut table = show::table(&["", "Count", "What it is"], &[1]);
        let mut row = |what: &str, count: u64, more: String| {
            table.add_row([what.to_owned(), number(count), more]);
        };
        let copies = "of the lines sent twice, as retries do";
        let (orders, twice) = (number(shop.placed()), shop.twice());
        row(
            "Lines sent",
            self.sent,
            format!("{orders} orders; {twice} {copies}"),
        );
        let once = "in DynamoDB: each good line once, however often it came";
        let alike = match self.alike {
            0 => String::new(),
            n => format!("; {n} alike to the last letter, which line numbers would tell apart"),
        };
        row("Rows stored", self.rows, format!("{once}{alike}"));
        let reason = self.rejects.first().and_then(|r| r["message"].as_str());
        let reason = format!("in SQS, copies and all: {}", reason.unwrap_or("none"));
        row("Rejects", self.rejects.len() as u64, reason);
        let told = self.told();
        let alarms = told.iter().filter(|kind| *kind == "ALARM").count();
        row(
            "Alarms",
            alarms as u64,
            format!("told as {}", told.join(", then ")),
        );
        row(
            "Messages",
            self.messages.len() as u64,
            "by SNS, each once".to_owned(),
        );
        row("History rows", self.kept, "in SQL, each once".to_owned());
        anstream::println!("{table}");
    }

    /// That the figures add up, and how to go on.
    pub(super) fn print_end(report: &Path) {
        anstream::println!(
            "{GOOD}✓{GOOD:#} Every line is a row or a reject, and the alarms are those that the rule raises offline.\n\n\
             The report, in a browser:   {}\n\
             Another threshold:          sitewatch backtest {} --order-threshold 30",
            report.display(),
            report.with_file_name("orders.csv").display(),
        );
    }
}
