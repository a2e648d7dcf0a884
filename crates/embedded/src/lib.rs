//! The AWS services that the pipeline needs, in this process and behind one address:
//! DynamoDB (`dynoxide`), Kinesis (`ferrokinesis`), and the parts of SQS, SNS, Secrets
//! Manager, S3 and CloudWatch that the functions and their readers use.
//!
//! Whatever speaks AWS's protocols reads and writes them: the functions, the AWS CLI,
//! an SDK of any language. Nobody is asked for credentials, so they belong on loopback.
//! They keep their state in a folder, or in memory until they end.
//!
//! Nothing of the pipeline belongs here, and no service that it does not use.

mod cloudwatch;
mod gateway;
mod messaging;
mod parts;
mod protocol;
mod s3;
mod secrets;
mod services;
mod sns;
mod sqs;
mod store;

pub use parts::{dynamodb, kinesis};
pub use services::{Services, StartError};

/// The account that everything belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The region that everything is in.
pub const REGION: &str = "us-east-1";
