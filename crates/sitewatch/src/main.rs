//! `sitewatch`: the pipeline on one machine.

mod backtest;
mod demo;
mod input;
mod local;
mod replay;
mod show;
mod unpack;

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

    /// Run the `surge` function's rule over past orders: which alarms, and which threshold to choose.
    ///
    /// The alarms are those that the function would have raised, to the second, had each line
    /// arrived at its InvoiceDate (UTC where the date tells no offset). Where dates tell no seconds,
    /// the lines of a minute are spread evenly over it: line i of n at 60·i/n seconds, in the file's
    /// order. Cancelled lines are no part of any rate; lines that are no order lines are counted
    /// and shown.
    ///
    /// Compares thresholds from the usual rate up to one that was never reached. `--html` draws it all.
    Backtest(Box<backtest::Options>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo { events } => demo::run(&events).await,
        Command::Replay(arguments) => replay::run(&arguments).await,
        Command::Backtest(options) => backtest::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!(
                "{}error:{} {error:#}",
                show::BAD.render(),
                show::BAD.render_reset()
            );
            if error.is::<backtest::Usage>() {
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}
