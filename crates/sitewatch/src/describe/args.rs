//! The arguments of `sitewatch describe`.

use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use crate::orders::Orders;

/// Says how a shop's own order data is read, and writes the order format for it.
///
/// Reads the beginning of FILE, 1 MiB at most: CSV, or JSON objects. Without --orders it proposes
/// an order format and writes it. Each field is found by its name and its values; look at the
/// rows that are shown and change in the file what is wrong. With --orders, or the variable
/// ORDER_FORMAT, it shows what that format makes of the data, and writes nothing.
///
/// Orders in the Online Retail form need no order format: it says so and writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sitewatch describe export.csv                           propose an order format: orders.toml
  sitewatch describe export.csv --out shop.toml           the same with another name
  sitewatch describe export.csv --orders shop.toml        check it, after a change
  sitewatch backtest export.csv --orders shop.toml        then: which alarms would there have been?

Exit codes: 0 all fields are found; 1 a field is missing, or nothing can be read; 2 a mistake in the
order format or on the command line.")]
pub(crate) struct Arguments {
    /// Orders of the shop's own form: CSV or JSON; plain, .zst or .gz
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) orders: Orders,
    /// Where the order format is written; what is there already is never overwritten [default: orders.toml]
    #[arg(short, long, value_name = "FILE", conflicts_with = "orders")]
    out: Option<PathBuf>,
}

impl Arguments {
    /// The order format file to check; `None` if one is to be proposed. What is said on the
    /// command line counts before the environment.
    pub(super) fn given(&self) -> Option<String> {
        self.orders.file().filter(|_| self.out.is_none())
    }

    /// Where a proposal is written.
    pub(super) fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| "orders.toml".into())
    }
}

/// The file that would be written is there: exit code 2.
#[derive(Debug, Error)]
#[error(
    "{path} exists and is not overwritten: --orders {path} checks it, --out FILE writes another one"
)]
pub(crate) struct Exists {
    pub(super) path: String,
}
