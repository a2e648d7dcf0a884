//! Entry point of the `surge` function: configuration, clients, run.

use std::process::ExitCode;

use function::env::Env;
use function::{BoxError, aws, telemetry};
use lambda_runtime::service_fn;
use surge::{AlarmStream, Config, DynamoTable, Handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit_code(start().await)
}

async fn start() -> Result<(), BoxError> {
    let env = Env::process();
    telemetry::init(telemetry::log_level(&env)?, &["surge", "function"])?;
    let config = Config::from_env(&env)?;
    let sdk = aws::config(&env).await?;
    let handler = Handler::new(
        config.rule,
        DynamoTable::new(aws_sdk_dynamodb::Client::new(&sdk), config.table),
        AlarmStream::new(aws_sdk_kinesis::Client::new(&sdk), config.stream),
    )
    .with_format(config.format);
    lambda_runtime::run(service_fn(|event| handler.handle(event))).await
}
