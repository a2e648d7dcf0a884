//! The arguments of `sitewatch replay`.

use std::path::PathBuf;

use clap::Args;

use crate::logs::LogFormat;
use crate::orders::Orders;
use crate::stack::{ORDERS, REQUESTS};

/// Sends past orders or requests to a Kinesis stream, local or on AWS.
///
/// Reads CSV of the Online Retail columns and JSON lines, or orders as --orders says they
/// look (all also as .gz or .zst), and Kinesis event files as in events/. Each line, or JSON
/// object, becomes one record, its partition key the invoice number; the lines of an invoice
/// arrive in their order, whatever fails on the way.
///
/// With --requests it reads access and flow logs of any format (also as .gz or .zst). Each
/// line becomes one record, with the lines that name its log's columns before it. They go in
/// the files' order over all shards; one that the stream throttles comes a little later, which
/// does not matter to traffic. CloudWatch takes metrics of the last two weeks: older requests
/// want --now.
///
/// Region, credentials and endpoint are the AWS SDK's usual configuration:
/// AWS_ENDPOINT_URL points at a local endpoint.
#[derive(Debug, Args)]
#[command(mut_arg("log_format", |arg| arg.requires("requests")))]
#[command(mut_arg("mapping", |arg| arg.requires("requests")))]
#[command(after_help = "Examples:
  sitewatch replay orders.csv.zst                     as fast as the stream takes them
  sitewatch replay orders.csv --rate 50               50 lines a second
  sitewatch replay orders.csv --speedup 60            an hour of orders a minute
  sitewatch replay orders.csv --burst 2000            the first 2,000 lines at once: a flood
  sitewatch replay orders.csv --from 1201             go on behind line 1,200
  sitewatch replay --requests access.log.gz --now     as if each request came when it is sent
  sitewatch replay --requests access.log --now --speedup 1")]
pub(crate) struct Arguments {
    /// Files of orders or logs, in the order in which they are sent
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The stream [default: orders; requests with --requests]
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// The files are logs of requests or flows
    #[arg(long, conflicts_with_all = ["orders", "no_line_numbers"])]
    pub(crate) requests: bool,
    #[command(flatten)]
    pub(crate) log: LogFormat,
    /// Each request is sent as one of the moment at which it is sent
    #[arg(long, requires = "requests")]
    pub(crate) now: bool,
    /// Lines per second
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with_all = ["speedup", "burst"])]
    pub(crate) rate: Option<f64>,
    /// Times the speed of the lines' own dates; orders of a minute are spread over it
    #[arg(long, value_name = "X", value_parser = positive, conflicts_with = "burst")]
    pub(crate) speedup: Option<f64>,
    /// Only this many lines, as fast as the stream takes them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) burst: Option<u64>,
    /// Begin with this line of the input, counted over all files
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from: u64,
    #[command(flatten)]
    pub(crate) orders: Orders,
    /// Send lines as they are, without a line number within their invoice; with --orders they are
    #[arg(long)]
    pub(crate) no_line_numbers: bool,
}

impl Arguments {
    /// The stream's name.
    pub(crate) fn stream(&self) -> &str {
        let default = if self.requests { REQUESTS } else { ORDERS };
        self.stream.as_deref().unwrap_or(default)
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if number.is_finite() && number > 0.0 {
        Ok(number)
    } else {
        Err("expected a number above 0".to_owned())
    }
}
