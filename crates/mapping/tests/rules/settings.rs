//! What AWS would refuse.

use mapping::{Checkpoints, Mapping, Settings};

use crate::driver::settings;

fn refused(change: impl FnOnce(&mut Settings)) -> Option<String> {
    let mut settings = settings();
    change(&mut settings);
    let mapping = Mapping::new(settings, Checkpoints::default());
    mapping.err().map(|error| error.to_string())
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
#[test]
fn the_defaults_are_those_of_aws() {
    let settings = settings();
    assert_eq!(settings.batch_size, 100);
    assert_eq!(settings.batching_window_seconds, 0);
    assert!(!settings.report_batch_item_failures);
    assert!(!settings.bisect_batch_on_function_error);
    assert_eq!(settings.maximum_retry_attempts, -1);
    assert_eq!(settings.maximum_record_age_seconds, -1);
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
#[test]
fn a_setting_out_of_range_is_refused_with_its_name_value_and_range() {
    type Set = fn(&mut Settings, i64);
    let cases: [(&str, Set, &[i64], &[i64]); 5] = [
        (
            "BatchSize",
            |s, n| s.batch_size = n,
            &[1, 10_000],
            &[0, 10_001],
        ),
        (
            "MaximumBatchingWindowInSeconds",
            |s, n| s.batching_window_seconds = n,
            &[0, 300],
            &[-1, 301],
        ),
        (
            "MaximumRetryAttempts",
            |s, n| s.maximum_retry_attempts = n,
            &[-1, 0, 10_000],
            &[-2, 10_001],
        ),
        (
            "MaximumRecordAgeInSeconds",
            |s, n| s.maximum_record_age_seconds = n,
            &[-1, 60, 604_800],
            &[-2, 0, 59, 604_801],
        ),
        (
            "Timeout",
            |s, n| s.function_timeout_seconds = n,
            &[1, 900],
            &[0, 901],
        ),
    ];
    for (name, set, good, bad) in cases {
        for value in good {
            assert_eq!(refused(|s| set(s, *value)), None, "{name} {value}");
        }
        for value in bad {
            let error = refused(|s| set(s, *value)).expect(name);
            assert!(
                error.starts_with(&format!("{name} is `{value}`, but must be ")),
                "{error}"
            );
            assert!(error.contains(" to "), "{error}");
        }
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
#[test]
fn names_that_are_no_arns_are_refused() {
    let error = refused(|s| s.source.stream_arn = "orders".into()).expect("no ARN");
    assert_eq!(
        error,
        "EventSourceArn is `orders`, but must be arn:<partition>:kinesis:<region>:<account>:stream/<name>"
    );
    let error = refused(|s| s.source.function_arn = s.source.stream_arn.clone());
    assert!(error.expect("a stream").starts_with("FunctionName is"));
    let error = refused(|s| s.source.role_arn.clear());
    assert!(error.expect("nothing").starts_with("Role is ``"));
}
