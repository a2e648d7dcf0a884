//! Requests in `sitewatch up`: what `traffic` needs, and the driver of its queue.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use function::env::Env;
use tokio::sync::watch;

use crate::stack::{BuiltIn, Event, Feed, Function, Functions, Logs, Resources, Traffic, sdk};

/// Where requests are.
pub(super) const OVERVIEW: &str =
    "bucket and stream requests, tables traffic and patterns, metrics in CloudWatch";
/// How they are sent.
pub(super) const HINT: &str = "aws s3 cp access.log.gz s3://requests/\n\
                               sitewatch replay --requests access.log --now";

/// How long an empty queue is left alone: as long as a mapping leaves an empty shard. Each
/// look is most of what it costs to wait.
const IDLE: Duration = Duration::from_secs(1);

/// Makes what `traffic` finds on AWS, and adds it to the functions.
///
/// # Errors
/// If that cannot be made, and for a variable that is malformed.
pub(super) async fn add(
    built_in: BuiltIn,
    resources: &Resources,
) -> anyhow::Result<(BuiltIn, Logs)> {
    let logs = Logs::make(&resources.url).await?;
    let given: Vec<_> = resources
        .environment()
        .into_iter()
        .chain(Logs::environment())
        .collect();
    let lookup = |name: &str| {
        let given = given.iter().find(|(known, _)| *known == name);
        given
            .map(|(_, value)| value.clone())
            .or_else(|| std::env::var(name).ok())
    };
    let traffic = Traffic::new(&Env::new(&lookup), &resources.url)?;
    Ok((built_in.with_traffic(traffic), logs))
}

/// Feeds the bucket's objects to `traffic` until it is told to stop.
pub(super) async fn feed(
    logs: Logs,
    url: &str,
    functions: Arc<Functions>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut feed = Feed::new(aws_sdk_sqs::Client::new(&sdk(url)), logs, functions);
    while !*stopped.borrow() {
        let events = feed.turn(Utc::now()).await;
        let is_idle = !events
            .iter()
            .any(|event| matches!(event, Event::Answered { .. }));
        super::screen::show_events(Function::Traffic, events);
        if is_idle {
            // Either is a reason to look again.
            let _ = tokio::time::timeout(IDLE, stopped.wait_for(|stopped| *stopped)).await;
        }
    }
}
