//! What S3 tells of an object, as it lies in a message of SQS.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use serde::Deserialize;
use serde_json::Error;

/// An object, in one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectId {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, as it is.
    pub key: String,
    /// Where the bucket keeps versions: which one.
    pub version_id: Option<String>,
    /// What S3 made of its content.
    pub etag: String,
}

impl ObjectId {
    /// The version's id, or what else tells the object from its successors.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version_id.as_deref().unwrap_or(&self.etag)
    }
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "Event")]
    event: Option<String>,
    #[serde(rename = "Records", default)]
    records: Vec<RawRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRecord {
    event_name: String,
    s3: RawS3,
}

#[derive(Deserialize)]
struct RawS3 {
    bucket: RawBucket,
    object: RawObject,
}

#[derive(Deserialize)]
struct RawBucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawObject {
    key: String,
    #[serde(default)]
    e_tag: String,
    version_id: Option<String>,
}

/// The objects that a message tells of as new. S3's test of the queue tells of none; what
/// was removed is of no concern.
///
/// # Errors
/// If it is no notification of S3.
pub(crate) fn objects(message: &str) -> Result<Vec<ObjectId>, Error> {
    let raw: Raw = serde_json::from_str(message)?;
    if raw.records.is_empty() && raw.event.as_deref() != Some("s3:TestEvent") {
        return Err(serde::de::Error::custom(
            "expected Records, or Event s3:TestEvent",
        ));
    }
    let created = raw.records.into_iter().filter(|r| {
        let name = r.event_name.strip_prefix("s3:").unwrap_or(&r.event_name);
        name.starts_with("ObjectCreated:")
    });
    let object = |record: RawRecord| ObjectId {
        bucket: record.s3.bucket.name,
        key: decoded(&record.s3.object.key),
        version_id: record.s3.object.version_id.filter(|v| !v.is_empty()),
        etag: record.s3.object.e_tag,
    };
    Ok(created.map(object).collect())
}

/// A key as it was before S3 encoded it for a form: `+` is a blank. What is no encoding is
/// left as it is.
fn decoded(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |b: &u8| char::from(*b).to_digit(16);
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, key: &str) -> serde_json::Value {
        json!({
            "eventName": name,
            "s3": {"bucket": {"name": "logs"}, "object": {"key": key, "size": 1, "eTag": "e1", "sequencer": "0"}},
        })
    }

    #[test]
    fn new_objects_are_told_of_with_their_keys_decoded() {
        let message = json!({"Records": [
            record("ObjectCreated:Put", "a+b%2Bc/%C3%A4%zz.gz"),
            record("ObjectRemoved:Delete", "gone"),
            record("s3:ObjectCreated:CompleteMultipartUpload", "whole"),
        ]});
        let objects = objects(&message.to_string()).expect("a notification");
        let keys: Vec<_> = objects.iter().map(|o| o.key.as_str()).collect();
        assert_eq!(keys, ["a b+c/ä%zz.gz", "whole"]);
        assert_eq!(
            (objects[0].bucket.as_str(), objects[0].version()),
            ("logs", "e1")
        );
    }

    #[test]
    fn a_version_is_what_tells_an_object_from_its_successors() {
        let mut message = json!({"Records": [record("ObjectCreated:Put", "a")]});
        message["Records"][0]["s3"]["object"]["versionId"] = json!("v1");
        let objects = objects(&message.to_string()).expect("a notification");
        assert_eq!(objects[0].version(), "v1");
    }

    #[test]
    fn s3s_test_is_no_object_and_all_else_is_refused() {
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}"#;
        assert_eq!(objects(test).expect("a test"), []);
        for other in [
            "{}",
            "[]",
            "no JSON",
            r#"{"Event":"other"}"#,
            r#"{"Records":[{}]}"#,
        ] {
            assert!(objects(other).is_err(), "{other}");
        }
    }
}
