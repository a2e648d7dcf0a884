//! The arguments of `sitewatch redrive`.

use clap::{ArgGroup, Args};
use function::env::QueueUrl;

use crate::orders::Orders;

/// Sends again what failed: batches that were given up, or rejects.
///
/// --bucket: Lambda keeps a batch that it gives up, after the last retry, in the event
/// source mapping's on-failure bucket. Each of these is handed to its function again,
/// as the very event of then; it is not put onto the stream, where `surge` would count its
/// orders a second time and under the wrong moment. A batch that went well is deleted. One
/// that fails again stays, and so do those behind it in its shard, because a shard's order
/// matters. Of `surge`, only batches of the last minutes are worth it: later, their seconds are
/// settled. It keeps its counts for two days and would count older batches as new, so
/// delete those, and name the other functions with --function.
///
/// --queue: each reject's bytes are put back onto the stream that they came from, and its
/// message is deleted once the stream has them. What was refused is refused again, unless
/// the function or its table has changed since then. Copies of a reject are sent once. A
/// reject of several lines is the whole order or record, of which `surge` has counted the good
/// lines before. --dry-run receives the messages, too, and makes them visible again: that
/// adds one to their receive count.
///
/// Region, credentials and endpoints are the AWS SDK's usual configuration. A function behind
/// an endpoint of your own (AWS_ENDPOINT_URL_LAMBDA) is invoked by its name, else by its ARN.
///
/// Ctrl-C ends it after what is under way. Exit code 0: all went. 1: something failed.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true), after_help = "Examples:
  sitewatch redrive --bucket failed-batches --dry-run                what there is
  sitewatch redrive --bucket failed-batches --function orders        the batches of one function
  sitewatch redrive --bucket failed-batches --prefix aws/lambda/ID/  those of one event source mapping
  sitewatch redrive --queue https://sqs.eu-west-1.amazonaws.com/123456789012/rejects --reason refused_by_table")]
pub(crate) struct Arguments {
    /// The bucket of failed invocations
    #[arg(long, group = "source")]
    pub(crate) bucket: Option<String>,
    /// The URL of the rejects queue
    #[arg(long, value_name = "URL", group = "source", value_parser = queue_url)]
    pub(crate) queue: Option<String>,
    /// Only objects whose key begins like this
    #[arg(long, default_value = "aws/lambda/", conflicts_with = "queue")]
    pub(crate) prefix: String,
    /// Only batches of the function with this name
    #[arg(long, value_name = "NAME", conflicts_with = "queue")]
    pub(crate) function: Option<String>,
    /// Leave the objects of batches that went well in the bucket
    #[arg(long, conflicts_with = "queue")]
    pub(crate) keep: bool,
    /// Only rejects with this reason; may be given several times
    #[arg(long = "reason", value_name = "REASON", conflicts_with = "bucket")]
    pub(crate) reasons: Vec<String>,
    #[command(flatten)]
    pub(crate) orders: Orders,
    /// Show what there is and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn queue_url(text: &str) -> Result<String, String> {
    match QueueUrl::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("expected {}", QueueUrl::EXPECTED)),
    }
}
