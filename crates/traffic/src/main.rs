//! Entry point of the `traffic` function: configuration, clients, run.

use std::process::ExitCode;

use function::env::Env;
use function::rejects::SqsQueue;
use function::table::DynamoTable;
use function::{BoxError, aws, telemetry};
use lambda_runtime::service_fn;
use traffic::{CloudWatch, Config, DynamoPatterns, Handler, S3};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit_code(start().await)
}

async fn start() -> Result<(), BoxError> {
    let env = Env::process();
    telemetry::init(telemetry::log_level(&env)?, &["traffic", "function"])?;
    let config = Config::from_env(&env)?;
    let sdk = aws::config(&env).await?;
    let tables = aws_sdk_dynamodb::Client::new(&sdk);
    let patterns = config.patterns;
    let handler = Handler::new(
        config.rules,
        DynamoTable::new(tables.clone(), config.table),
        S3::new(aws_sdk_s3::Client::new(&sdk)),
        CloudWatch::new(aws_sdk_cloudwatch::Client::new(&sdk), config.namespace),
        SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.rejects),
        patterns.map(|table| DynamoPatterns::new(tables, table)),
    );
    lambda_runtime::run(service_fn(|event| handler.handle(event))).await
}
