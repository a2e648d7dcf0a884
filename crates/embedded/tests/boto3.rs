//! S3 and CloudWatch as boto3 and the AWS CLI's libraries meet them.

use std::net::{Ipv4Addr, SocketAddr};

use embedded::Services;
use testkit::python;

const SCRIPT: &str = r#"
import boto3, datetime, io, json, os, sys, urllib.request
from botocore.config import Config
from botocore.exceptions import ClientError
client = lambda service, **more: boto3.client(service, **more)
s3, sqs = client("s3"), client("sqs")

s3.create_bucket(Bucket="logs")
queue = sqs.create_queue(QueueName="objects")["QueueUrl"]
s3.put_bucket_notification_configuration(Bucket="logs", NotificationConfiguration={"QueueConfigurations": [
    {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:objects", "Events": ["s3:ObjectCreated:*"],
     "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".log"}]}}}]})
kept = s3.get_bucket_notification_configuration(Bucket="logs")["QueueConfigurations"][0]
assert kept["Filter"]["Key"]["FilterRules"] == [{"Name": "Suffix", "Value": ".log"}], kept

for key in ["a b+c.log", "../%41/£.log", "plain"]:
    s3.put_object(Bucket="logs", Key=key, Body=io.BytesIO(key.encode()), ContentType="text/plain")
    assert s3.get_object(Bucket="logs", Key=key)["Body"].read() == key.encode()
listed = [o["Key"] for o in s3.list_objects_v2(Bucket="logs")["Contents"]]
assert listed == ["../%41/£.log", "a b+c.log", "plain"], listed
for checksum in ["CRC32", "CRC32C", "CRC64NVME"]:
    try:
        s3.put_object(Bucket="logs", Key=checksum, Body=b"sum", ChecksumAlgorithm=checksum)
    except Exception as error:
        # Python has CRC32 itself; the others need the CRT.
        assert "CRT" in str(error) or "crt" in str(error), error
large = os.urandom(9 << 20)
s3.upload_fileobj(io.BytesIO(large), "logs", "large.log")
assert s3.get_object(Bucket="logs", Key="large.log")["Body"].read() == large
assert s3.head_object(Bucket="logs", Key="large.log")["ETag"].endswith('-2"')
url = s3.generate_presigned_url("get_object", Params={"Bucket": "logs", "Key": "a b+c.log"})
assert urllib.request.urlopen(url).read() == b"a b+c.log"
messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
records = [json.loads(m["Body"]).get("Records", [{}])[0] for m in messages]
events = [(r["eventName"], r["s3"]["object"]["key"]) for r in records if r]
assert events == [("ObjectCreated:Put", "a+b%2Bc.log"), ("ObjectCreated:Put", "../%2541/%C2%A3.log"),
                  ("ObjectCreated:CompleteMultipartUpload", "large.log")], events
try:
    s3.get_object(Bucket="logs", Key="none")
    raise SystemExit("an object that is not there")
except s3.exceptions.NoSuchKey:
    pass

now = datetime.datetime.now(datetime.timezone.utc)
hour = now.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=1)
def metrics(cloudwatch, namespace):
    data = [{"MetricName": "Duration", "Dimensions": [{"Name": "Host", "Value": "shop"}], "Timestamp": hour,
             "Values": [float(n) for n in range(1, 101)], "Counts": [2.0] * 100, "Unit": "Milliseconds"}]
    # Enough of them that they are compressed.
    data += [{"MetricName": f"Requests{n}", "Timestamp": hour, "Value": n} for n in range(400)]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    found = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName="Duration", Period=60,
        Dimensions=[{"Name": "Host", "Value": "shop"}], StartTime=hour, EndTime=now,
        Statistics=["Sum", "SampleCount"])["Datapoints"]
    assert len(found) == 1 and found[0]["Sum"] == 10100 and found[0]["SampleCount"] == 200, found
    assert found[0]["Timestamp"] == hour and found[0]["Unit"] == "Milliseconds", found
    found = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName="Duration", Period=3600,
        Dimensions=[{"Name": "Host", "Value": "shop"}], StartTime=hour, EndTime=now,
        ExtendedStatistics=["p90"])["Datapoints"]
    assert found[0]["ExtendedStatistics"] == {"p90": 90.0}, found
    stat = {"Metric": {"Namespace": namespace, "MetricName": "Requests7"}, "Period": 60, "Stat": "Maximum"}
    found = cloudwatch.get_metric_data(StartTime=hour, EndTime=now,
        MetricDataQueries=[{"Id": "m", "MetricStat": stat}])["MetricDataResults"]
    assert found[0]["Values"] == [7.0] and found[0]["Timestamps"] == [hour], found
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    assert sum(len(page["Metrics"]) for page in pages) == 401
    for bad in [{"Timestamp": hour - datetime.timedelta(days=15)}, {"Unit": "None", "StorageResolution": 7}]:
        try:
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "a", "Value": 1, **bad}])
            raise SystemExit(f"{bad} is taken")
        except cloudwatch.exceptions.InvalidParameterValueException as error:
            assert error.response["Error"]["Code"] == "InvalidParameterValue", error.response

spoken = []
for protocol in [None, "json", "query"]:
    model = client("cloudwatch").meta.service_model
    if protocol and protocol not in model.metadata.get("protocols", [model.protocol]):
        continue
    # What the SDKs of before speak, by which this one knows it.
    if protocol:
        from botocore.loaders import Loader
        before = Loader.load_service_model
        def load(self, service, kind, *more, **other):
            loaded = before(self, service, kind, *more, **other)
            if service == "cloudwatch" and kind == "service-2":
                loaded = {**loaded, "metadata": {**loaded["metadata"], "protocol": protocol, "protocols": [protocol]}}
            return loaded
        Loader.load_service_model = load
    cloudwatch = boto3.session.Session().client("cloudwatch")
    metrics(cloudwatch, f"Test/{protocol}")
    spoken.append(cloudwatch.meta.service_model.protocol)
    if protocol:
        Loader.load_service_model = before
print(spoken)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_is_served_in_every_protocol_that_it_speaks() {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let services = Services::start(any_port, None).await.expect("services");
    let output = python()
        .args(["-c", SCRIPT])
        .env("AWS_ENDPOINT_URL", services.url())
        .envs([
            ("AWS_ACCESS_KEY_ID", "any"),
            ("AWS_SECRET_ACCESS_KEY", "any"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
        .output()
        .expect("python of the test tools");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let spoken = String::from_utf8_lossy(&output.stdout);
    assert!(spoken.contains("query"), "{spoken}");
}
