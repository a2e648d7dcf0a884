//! `sitewatch redrive` as a user runs it, against S3, SQS, Kinesis and DynamoDB that
//! nobody here wrote, and functions behind cargo-lambda's invoke API.

mod batches;
mod lambda;
mod rejects;
mod stage;
