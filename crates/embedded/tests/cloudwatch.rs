//! CloudWatch as AWS's own SDK meets it, with the service's limits.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::SystemTime;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::MetricDatumBuilder;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy,
    StandardUnit, Statistic, StatisticSet,
};
use embedded::Services;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const NAMESPACE: &str = "Sitewatch/Traffic";
const HOUR: i64 = 3_600;

async fn start(data: Option<&Path>) -> (Services, Client) {
    let services = Services::start(ANY_PORT, data).await.expect("services");
    let client = Client::new(&testkit::sdk_config(&services.url()));
    (services, client)
}

/// The hour before this one, in seconds.
fn last_hour() -> i64 {
    let now = DateTime::from(SystemTime::now()).secs();
    now - now % HOUR - HOUR
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn datum(name: &str, at: i64) -> MetricDatumBuilder {
    let datum = MetricDatum::builder().metric_name(name);
    datum.timestamp(DateTime::from_secs(at))
}

async fn put(client: &Client, data: Vec<MetricDatum>) -> Result<(), String> {
    let call = client.put_metric_data().namespace(NAMESPACE);
    match call.set_metric_data(Some(data)).send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

#[tokio::test]
async fn statistics_are_those_of_all_values_with_their_counts() {
    let (_services, client) = start(None).await;
    let hour = last_hour();
    // 1 to 100, in two data of one minute and one of the next.
    let of = |values: std::ops::RangeInclusive<u32>, at| {
        let values: Vec<f64> = values.map(f64::from).collect();
        let datum = datum("Duration", at).set_values(Some(values));
        datum
            .dimensions(dimension("Host", "shop"))
            .unit(StandardUnit::Milliseconds)
    };
    let twice = datum("Duration", hour + 61).values(1_000.0).counts(2.0);
    let twice = twice
        .dimensions(dimension("Host", "shop"))
        .unit(StandardUnit::Milliseconds);
    let other = datum("Duration", hour).value(7.0);
    let data = vec![of(1..=50, hour), of(51..=100, hour + 59), twice, other];
    let data = data.into_iter().map(|datum| datum.build()).collect();
    put(&client, data).await.expect("taken");

    let call = client
        .get_metric_statistics()
        .namespace(NAMESPACE)
        .metric_name("Duration");
    let call = call.dimensions(dimension("Host", "shop")).period(60);
    let call = call
        .start_time(DateTime::from_secs(hour))
        .end_time(DateTime::from_secs(hour + HOUR));
    let call = call
        .statistics(Statistic::Sum)
        .statistics(Statistic::SampleCount);
    let call = call
        .statistics(Statistic::Minimum)
        .statistics(Statistic::Maximum);
    let call = call.statistics(Statistic::Average);
    let call = call.extended_statistics("p50").extended_statistics("p99.5");
    let found = call.send().await.expect("statistics");
    let [first, second] = found.datapoints() else {
        panic!("two minutes: {found:?}");
    };
    assert_eq!(first.timestamp().expect("a time").secs(), hour);
    assert_eq!(
        (first.sum(), first.sample_count()),
        (Some(5_050.0), Some(100.0))
    );
    assert_eq!((first.minimum(), first.maximum()), (Some(1.0), Some(100.0)));
    assert_eq!(
        (first.average(), first.unit()),
        (Some(50.5), Some(&StandardUnit::Milliseconds))
    );
    let extended = first.extended_statistics().expect("percentiles");
    assert_eq!((extended["p50"], extended["p99.5"]), (50.0, 100.0));
    assert_eq!(
        (second.sum(), second.sample_count()),
        (Some(2_000.0), Some(2.0))
    );
}

fn query(id: &str, name: &str, stat: &str, period: i32) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace(NAMESPACE)
        .metric_name(name)
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .stat(stat)
        .period(period)
        .build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

#[tokio::test]
async fn many_metrics_are_read_at_once_and_are_there_after_a_restart() {
    let name = format!("sitewatch-embedded-cloudwatch-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let (services, client) = start(Some(&folder)).await;
    let hour = last_hour();
    let set = StatisticSet::builder()
        .sample_count(4.0)
        .sum(10.0)
        .minimum(1.0)
        .maximum(4.0);
    let data = vec![
        datum("Requests", hour).value(3.0).build(),
        datum("Requests", hour + 60).value(4.0).build(),
        datum("Requests", hour + 300).value(5.0).build(),
        datum("Bytes", hour).statistic_values(set.build()).build(),
    ];
    put(&client, data).await.expect("taken");
    services.stop().await;

    let (services, client) = start(Some(&folder)).await;
    let call = client.get_metric_data().scan_by(ScanBy::TimestampAscending);
    let call = call
        .start_time(DateTime::from_secs(hour))
        .end_time(DateTime::from_secs(hour + 360));
    let call = call
        .metric_data_queries(query("r", "Requests", "Sum", 300))
        .metric_data_queries(query("b", "Bytes", "Average", 60))
        .metric_data_queries(query("p", "Bytes", "p90", 60))
        .metric_data_queries(query("n", "Nothing", "Sum", 60));
    let found = call.send().await.expect("data");
    let [requests, bytes, percentile, nothing] = found.metric_data_results() else {
        panic!("four results: {found:?}");
    };
    assert_eq!(requests.values(), [7.0, 5.0]);
    let times: Vec<i64> = requests.timestamps().iter().map(DateTime::secs).collect();
    assert_eq!(times, [hour, hour + 300]);
    assert_eq!(bytes.values(), [2.5]);
    assert!(
        percentile.values().is_empty(),
        "nothing is known of a set's values"
    );
    assert!(nothing.values().is_empty());
    services.stop().await;
    std::fs::remove_dir_all(&folder).expect("nothing holds the folder");
}

#[tokio::test]
async fn metrics_are_listed_page_by_page_and_by_dimension() {
    let (_services, client) = start(None).await;
    let of = |number: usize| {
        let datum = datum(&format!("Metric{number}"), last_hour()).value(1.0);
        datum
            .dimensions(dimension("Host", ["a", "b"][number % 2]))
            .build()
    };
    put(&client, (0..1_000).map(of).collect())
        .await
        .expect("a thousand");
    let pages = client.list_metrics().namespace(NAMESPACE).into_paginator();
    let pages = pages
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .expect("pages");
    assert_eq!(
        pages
            .iter()
            .map(|page| page.metrics().len())
            .collect::<Vec<_>>(),
        [500, 500]
    );
    let filter = DimensionFilter::builder().name("Host").value("b").build();
    let call = client
        .list_metrics()
        .metric_name("Metric7")
        .dimensions(filter.clone());
    let found = call.send().await.expect("metrics");
    assert_eq!(found.metrics()[0].dimensions(), [dimension("Host", "b")]);
    let call = client
        .list_metrics()
        .metric_name("Metric8")
        .dimensions(filter);
    assert!(call.send().await.expect("metrics").metrics().is_empty());
}

#[tokio::test]
async fn what_cloudwatch_does_not_take_is_refused_whole() {
    let (_services, client) = start(None).await;
    let hour = last_hour();
    let good = || datum("Good", hour).value(1.0).build();
    let value = "InvalidParameterValue";
    let many_values = vec![1.0; 151];
    let many_dimensions = (0..31).map(|n| dimension(&n.to_string(), "v")).collect();
    for (bad, code) in [
        (datum("Old", hour - 14 * 24 * HOUR).value(1.0), value),
        (datum("New", hour + 4 * HOUR).value(1.0), value),
        (datum("Many", hour).set_values(Some(many_values)), value),
        (
            datum("Counts", hour).values(1.0).values(2.0).counts(1.0),
            value,
        ),
        (datum("Zero", hour).values(1.0).counts(0.0), value),
        (datum("NaN", hour).value(f64::NAN), value),
        (datum("Infinite", hour).value(f64::INFINITY), value),
        (datum("Large", hour).value(1e300), value),
        (
            datum("Dimensions", hour)
                .value(1.0)
                .set_dimensions(Some(many_dimensions)),
            value,
        ),
        (
            datum("Twice", hour)
                .value(1.0)
                .dimensions(dimension("a", "b"))
                .dimensions(dimension("a", "c")),
            value,
        ),
        (
            datum("Blank", hour)
                .value(1.0)
                .dimensions(dimension("a", " ")),
            value,
        ),
        (
            datum("Unit", hour)
                .value(1.0)
                .unit(StandardUnit::from("Parsecs")),
            value,
        ),
        (
            datum("Resolution", hour).value(1.0).storage_resolution(30),
            value,
        ),
        (
            datum("Both", hour).value(1.0).values(2.0),
            "InvalidParameterCombination",
        ),
        (datum("None", hour), "MissingParameter"),
    ] {
        let bad = bad.build();
        let name = bad.metric_name().unwrap_or_default().to_owned();
        let refused = put(&client, vec![good(), bad]).await;
        assert_eq!(refused, Err(code.to_owned()), "{name}");
    }
    assert_eq!(
        put(&client, vec![good(); 1_001]).await,
        Err(value.to_owned())
    );
    let found = client.list_metrics().send().await.expect("metrics");
    assert!(found.metrics().is_empty(), "all of a request or nothing");
    // A thousand metrics of 150 values: compressed by the SDK, and so within a megabyte.
    let full = |number: usize| {
        let datum = datum(&format!("Metric{number}"), hour).set_values(Some(vec![1.5; 150]));
        datum.set_counts(Some(vec![2.0; 150])).build()
    };
    put(&client, (0..1_000).map(full).collect())
        .await
        .expect("full");
    let times = |call: aws_sdk_cloudwatch::operation::get_metric_statistics::builders::GetMetricStatisticsFluentBuilder, period| {
        let call = call.start_time(DateTime::from_secs(hour - 30 * 24 * HOUR));
        call.end_time(DateTime::from_secs(hour)).period(period).statistics(Statistic::Sum)
    };
    for (period, code) in [(60, "InvalidParameterCombination"), (61, value), (0, value)] {
        let call = client
            .get_metric_statistics()
            .namespace(NAMESPACE)
            .metric_name("Metric1");
        let refused = times(call, period).send().await.expect_err("refused");
        assert_eq!(refused.code(), Some(code), "{period}");
    }
    let error = client
        .describe_alarms()
        .send()
        .await
        .expect_err("no alarms here");
    assert_eq!(error.code(), Some("UnknownOperationException"));
}
