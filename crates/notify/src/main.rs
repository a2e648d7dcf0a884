//! Entry point of the `notify` function: configuration, clients, run.

use std::process::ExitCode;

use function::env::Env;
use function::rejects::SqsQueue;
use function::{BoxError, aws, telemetry};
use lambda_runtime::service_fn;
use notify::{Config, DynamoLedger, Handler, SnsTopic, timeouts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit_code(start().await)
}

async fn start() -> Result<(), BoxError> {
    let env = Env::process();
    telemetry::init(telemetry::log_level(&env)?, &["notify", "function"])?;
    let config = Config::from_env(&env)?;
    let sdk = aws::config(&env).await?;
    let sns = aws_sdk_sns::config::Builder::from(&sdk).timeout_config(timeouts());
    let handler = Handler::new(
        DynamoLedger::new(aws_sdk_dynamodb::Client::new(&sdk), config.table),
        SnsTopic::new(aws_sdk_sns::Client::from_conf(sns.build()), config.topic),
        SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.rejects),
    )
    .with_orders(config.orders);
    lambda_runtime::run(service_fn(|event| handler.handle(event))).await
}
