//! The built function through the Lambda runtime API: real requests through every way in, and
//! what it says to S3, DynamoDB, CloudWatch and SQS.

mod recount;
mod stage;
mod whole_log;
mod wire;
