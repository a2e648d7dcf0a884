//! What can be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use model::Log;

use super::events::{self, Event, amount};
use crate::orders::Orders;

/// Write made-up requests and orders of a shop, with sales, floods, scans and errors in them.
///
/// As fast as it can, not in real time. The same arguments make the same bytes. What happens is
/// placed by AMOUNT@AT/DURATION, as often as you like: AT counts from the beginning.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sitewatch generate --for 1h --flood 10x@20m/2m > access.log
  sitewatch generate --log-format cloudfront --requests access.log --orders-to orders.csv --sale 8x@5m/3m
  sitewatch generate --scan 2x@1m/30s --errors 30%@3m/1m | sitewatch requests -")]
pub(crate) struct Arguments {
    /// Where the requests go; `-` is standard output [default: -, unless there are --orders-to]
    #[arg(long, value_name = "FILE")]
    pub(super) requests: Option<PathBuf>,
    /// Where the orders go, CSV with a header line, or as --orders says
    #[arg(long, value_name = "FILE")]
    pub(super) orders_to: Option<PathBuf>,
    /// What the requests are written as: cloudfront, cloudfront-json, cloudfront-real-time, w3c, alb,
    /// combined or akamai
    #[arg(long, value_name = "NAME", default_value = "combined", value_parser = writable)]
    pub(super) log_format: Log,
    #[command(flatten)]
    pub(super) orders: Orders,
    /// When it begins
    #[arg(long, value_name = "TIME", default_value = "2025-11-28T09:00:00Z", value_parser = moment)]
    pub(super) from: DateTime<Utc>,
    /// How long it goes on: 90s, 5m, 2h, 1d
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = events::duration)]
    pub(super) length: Duration,
    /// Requests a second, on the average
    #[arg(long, value_name = "N", default_value = "50", value_parser = rate)]
    pub(super) rate: f64,
    /// Orders a second, on the average
    #[arg(long, value_name = "N", default_value = "0.4", value_parser = rate)]
    pub(super) order_rate: f64,
    /// Another number makes other traffic of the same kind
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) seed: u64,
    /// So many times the usual requests and orders, 8x@5m/3m for one
    #[arg(long, value_name = "EVENT", value_parser = Event::times)]
    pub(super) sale: Vec<Event>,
    /// Requests of few clients for one page, as many times the rate, beside the usual ones
    #[arg(long, value_name = "EVENT", value_parser = Event::times)]
    pub(super) flood: Vec<Event>,
    /// Requests of one client that looks for holes, as many times the rate, beside the usual ones
    #[arg(long, value_name = "EVENT", value_parser = Event::times)]
    pub(super) scan: Vec<Event>,
    /// The share of the usual requests that end in a server error, 20%@5m/30s for one
    #[arg(long, value_name = "EVENT", value_parser = Event::share)]
    pub(super) errors: Vec<Event>,
}

impl Arguments {
    /// Each second: its number from the beginning, and when it is.
    pub(super) fn seconds(&self) -> impl Iterator<Item = (u64, DateTime<Utc>)> {
        let from = self.from;
        let at = move |second: u64| {
            let later = i64::try_from(second)
                .ok()
                .and_then(TimeDelta::try_seconds)?;
            Some((second, from.checked_add_signed(later)?))
        };
        (0..self.length.as_secs()).map_while(at)
    }

    /// How many times the usual there is of people in a second.
    pub(super) fn sale(&self, second: u64) -> f64 {
        match amount(&self.sale, second) {
            0.0 => 1.0,
            times => times,
        }
    }
}

/// A log that can be written.
fn writable(name: &str) -> Result<Log, String> {
    let log = Log::named(name).map_err(|error| error.to_string())?;
    match log.write(&[]) {
        Some(_) => Ok(log),
        None => Err(format!(
            "{name} is not a log of requests: expected cloudfront, combined or another"
        )),
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
    moment.map_err(|_| "expected ISO 8601 with an offset, 2025-11-28T09:00:00Z for one".to_owned())
}

/// A second of them is held at once.
fn rate(text: &str) -> Result<f64, String> {
    let rate: Option<f64> = text.parse().ok();
    let rate = rate.filter(|rate| *rate > 0.0 && *rate <= 10_000.0);
    rate.ok_or_else(|| "expected a number above 0, up to 10000".to_owned())
}
