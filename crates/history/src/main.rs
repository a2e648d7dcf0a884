//! Entry point of the `history` function: configuration, clients, run.

use std::process::ExitCode;

use function::env::Env;
use function::{BoxError, aws, telemetry};
use history::{Config, Handler, SecretsManager, Store};
use lambda_runtime::service_fn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit_code(start().await)
}

async fn start() -> Result<(), BoxError> {
    let env = Env::process();
    telemetry::init(telemetry::log_level(&env)?, &["history", "function"])?;
    let config = Config::from_env(&env)?;
    let sdk = aws::config(&env).await?;
    let client = aws_sdk_secretsmanager::Client::new(&sdk);
    let secrets = SecretsManager::new(client, config.secret);
    let handler = Handler::new(Store::new(secrets, config.place, config.authorities));
    lambda_runtime::run(service_fn(|event| handler.handle(event))).await
}
