//! What an answer means. Source of all rules here:
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>

use mapping::{Outcome, Progress, Settings};

use crate::driver::{World, failed, number, settings};

fn reporting() -> Settings {
    let mut settings = settings();
    settings.report_batch_item_failures = true;
    settings
}

fn returned(payload: &str) -> Outcome {
    Outcome::Returned(payload.as_bytes().to_vec())
}

/// The batches of three records, the first answered with this.
fn batches_after(settings: Settings, first: Outcome) -> Vec<Vec<u64>> {
    let mut world = World::with(settings, 3).answers([first]);
    world.run(5000);
    let progress = world.saved().shards.remove(&"a".into());
    assert_eq!(progress, Some(Progress::After(number(3))));
    world.batches()
}

/// "Lambda uses the record with the lowest sequence number as the checkpoint. Lambda
/// then retries all records starting from that checkpoint."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn the_lowest_number_returned_is_the_checkpoint() {
    let batches = batches_after(reporting(), failed(&[3, 2]));
    assert_eq!(batches, [vec![1, 2, 3], vec![2, 3]]);

    let mut world = World::with(reporting(), 3).answers([failed(&[3, 2])]);
    world.run(0);
    let progress = world.saved().shards.remove(&"a".into());
    assert_eq!(progress, Some(Progress::After(number(1))));
}

/// An empty or null list of failures, an empty or null response.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn an_empty_list_or_response_is_success() {
    for payload in [
        r#"{"batchItemFailures":[]}"#,
        r#"{"batchItemFailures":null}"#,
        "{}",
        "null",
        "",
        "  \n",
        r#"{"statusCode":200}"#,
    ] {
        let batches = batches_after(reporting(), returned(payload));
        assert_eq!(batches, [[1, 2, 3]], "{payload}");
    }
}

/// An empty or null identifier, or one under a wrong key.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn an_identifier_that_is_none_fails_the_whole_batch() {
    let known = number(2);
    for bad in [
        r#"{"itemIdentifier":""}"#,
        r#"{"itemIdentifier":null}"#,
        r#"{"ItemIdentifier":"2"}"#,
        r#"{"itemIdentifier":2}"#,
        "{}",
        "null",
        r#""2""#,
    ] {
        for items in [
            bad.to_owned(),
            format!(r#"{{"itemIdentifier":"{known}"}},{bad}"#),
        ] {
            let payload = format!(r#"{{"batchItemFailures":[{items}]}}"#);
            let batches = batches_after(reporting(), returned(&payload));
            assert_eq!(batches, [[1, 2, 3], [1, 2, 3]], "{payload}");
        }
    }
}

/// AWS does not document it; emulators fail the batch, which loses nothing.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn an_identifier_that_is_not_in_the_batch_fails_the_whole_batch() {
    for named in [vec![4], vec![2, 4]] {
        let batches = batches_after(reporting(), failed(&named));
        assert_eq!(batches, [[1, 2, 3], [1, 2, 3]]);
    }
}

/// "Lambda treats all other results as a complete failure."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn a_malformed_response_fails_the_whole_batch() {
    for payload in [
        "ok",
        r#""ok""#,
        "[]",
        "true",
        r#"{"batchItemFailures":{}}"#,
        "{",
    ] {
        let batches = batches_after(reporting(), returned(payload));
        assert_eq!(batches, [[1, 2, 3], [1, 2, 3]], "{payload}");
    }
}

/// "These responses will not be processed by Lambda unless the
/// `ReportBatchItemFailures` feature is explicitly turned on."
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn without_the_setting_responses_are_not_looked_at() {
    for payload in [failed(&[2]), returned("ok"), returned("[")] {
        assert_eq!(batches_after(settings(), payload), [[1, 2, 3]]);
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn a_function_error_fails_the_whole_batch() {
    for settings in [settings(), reporting()] {
        let batches = batches_after(settings, Outcome::FunctionError);
        assert_eq!(batches, [[1, 2, 3], [1, 2, 3]]);
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
#[test]
fn an_error_document_is_told_from_a_response() {
    let of = |text: &str| Outcome::of_payload(text.as_bytes().to_vec());
    let error = r#"{"errorType":"Runtime.ExitError","errorMessage":"died"}"#;
    assert_eq!(of(error), Outcome::FunctionError);
    for response in [
        r#"{"errorMessage":"x"}"#,
        "null",
        "",
        "[1]",
        r#"{"errorType":1}"#,
    ] {
        assert_eq!(of(response), returned(response));
    }
}
