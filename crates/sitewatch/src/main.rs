//! `sitewatch`: the pipeline on one machine.

mod demo;
mod input;
mod local;
mod replay;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Real-time website monitoring on AWS Lambda, on your own machine.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run order events through the real `orders` function into an embedded DynamoDB and show the rows.
    ///
    /// Needs no AWS account and no server: the table is in memory and gone afterwards.
    /// Without arguments the project's own samples are used; see events/orders/.
    Demo {
        /// Kinesis event files (JSON), as Lambda receives them
        #[arg(value_name = "EVENT.json")]
        events: Vec<PathBuf>,
    },
    Replay(replay::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo { events } => demo::run(&events).await,
        Command::Replay(arguments) => replay::run(&arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!(
                "{}error:{} {error:#}",
                show::BAD.render(),
                show::BAD.render_reset()
            );
            ExitCode::FAILURE
        }
    }
}
