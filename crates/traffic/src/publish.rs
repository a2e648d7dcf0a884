//! Publishing to CloudWatch: a part is one PutMetricData call.

use std::future::Future;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use function::aws::call_error;
use function::delivery::CallError;

use crate::duration::milliseconds;
use crate::part::Part;
use crate::series::{Metric, Series, Unit, Value};

/// Where metric data is published. What is put twice is counted twice.
pub trait Metrics: Sync {
    /// Publishes a part.
    fn put(&self, part: &Part) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// A call that published nothing, or perhaps something.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nothing was published: the service said so.
    #[error("nothing was published")]
    NotTaken(#[source] CallError),
    /// There was no answer, or that of a failure on the service's side: it may be published.
    #[error("it is not known whether it was published")]
    Uncertain(#[source] CallError),
}

/// A namespace of CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
    namespace: String,
}

impl CloudWatch {
    /// The namespace of that name, reached by `client`.
    #[must_use]
    pub fn new(client: Client, namespace: String) -> Self {
        Self { client, namespace }
    }
}

impl Metrics for CloudWatch {
    async fn put(&self, part: &Part) -> Result<(), PublishError> {
        let data = part.series.iter().flat_map(|s| data(s, part.percent));
        let call = self.client.put_metric_data().namespace(&self.namespace);
        let call = call.set_metric_data(Some(data.collect()));
        let Err(error) = call.send().await else {
            return Ok(());
        };
        let was_answered = match &error {
            SdkError::ConstructionFailure(_) => true,
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                // Throttled calls are not carried out, whatever status they come with.
                status < 500 || error.code().is_some_and(|code| code.contains("Throttl"))
            }
            _ => false,
        };
        let call_error = call_error(error);
        Err(if was_answered {
            PublishError::NotTaken(call_error)
        } else {
            PublishError::Uncertain(call_error)
        })
    }
}

/// A series's data, as CloudWatch has them.
fn data(series: &Series, percent: u8) -> impl Iterator<Item = MetricDatum> {
    let dimension =
        |(name, value): (&str, &str)| Dimension::builder().name(name).value(value).build();
    let dimensions: Vec<_> = series
        .scope
        .dimensions()
        .into_iter()
        .map(dimension)
        .collect();
    let at = DateTime::from_secs(i64::from(series.minute) * 60);
    series.data.iter().map(move |(metric, value)| {
        let datum = MetricDatum::builder()
            .metric_name(metric.name())
            .set_dimensions(Some(dimensions.clone()))
            .timestamp(at)
            .unit(unit(*metric));
        match value {
            Value::Sum(sum) => datum.value(*sum as f64 * 100.0 / f64::from(percent)),
            Value::Durations(durations) => datum
                .set_values(Some(durations.iter().map(|d| milliseconds(d.0)).collect()))
                .set_counts(Some(durations.iter().map(|d| d.1 as f64).collect())),
        }
        .build()
    })
}

fn unit(metric: Metric) -> StandardUnit {
    match metric.unit() {
        Unit::Count => StandardUnit::Count,
        Unit::Bytes => StandardUnit::Bytes,
        Unit::Milliseconds => StandardUnit::Milliseconds,
    }
}
