//! Entry point of the `orders` function: configuration, clients, run.

use std::process::ExitCode;

use function::env::Env;
use function::rejects::SqsQueue;
use function::{BoxError, aws, telemetry};
use lambda_runtime::service_fn;
use orders::{Config, DynamoTable, Handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit_code(start().await)
}

async fn start() -> Result<(), BoxError> {
    let env = Env::process();
    telemetry::init(telemetry::log_level(&env)?, &["orders", "function"])?;
    let config = Config::from_env(&env)?;
    let sdk = aws::config(&env).await?;
    let handler = Handler::new(
        DynamoTable::new(aws_sdk_dynamodb::Client::new(&sdk), config.table),
        SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.rejects),
    )
    .with_format(config.format);
    lambda_runtime::run(service_fn(|event| handler.handle(event))).await
}
