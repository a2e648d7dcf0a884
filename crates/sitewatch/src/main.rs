//! `sitewatch`: the pipeline on one machine.

mod backtest;
mod demo;
mod describe;
mod generate;
mod input;
mod logs;
mod orders;
mod packed;
mod page;
#[cfg(feature = "requests")]
mod patterns;
mod progress;
#[cfg(feature = "redrive")]
mod redrive;
mod replay;
#[cfg(feature = "requests")]
mod requests;
mod sdk;
mod shop;
mod show;
mod stack;
mod text;
mod unpack;
mod up;

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
    Demo(demo::Arguments),
    Up(up::Arguments),
    Replay(replay::Arguments),
    #[cfg(feature = "redrive")]
    Redrive(redrive::Arguments),
    #[cfg(feature = "requests")]
    Patterns(patterns::Arguments),

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
    Describe(describe::Arguments),
    #[cfg(feature = "requests")]
    Requests(requests::Arguments),
    Generate(Box<generate::Arguments>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo(arguments) => Box::pin(demo::run(&arguments)).await,
        Command::Up(arguments) => Box::pin(up::run(&arguments)).await,
        Command::Replay(arguments) => Box::pin(replay::run(&arguments)).await,
        #[cfg(feature = "redrive")]
        Command::Redrive(arguments) => Box::pin(redrive::run(&arguments)).await,
        #[cfg(feature = "requests")]
        Command::Patterns(arguments) => Box::pin(patterns::run(&arguments)).await,
        Command::Backtest(options) => backtest::run(&options),
        Command::Describe(arguments) => describe::run(&arguments),
        #[cfg(feature = "requests")]
        Command::Requests(arguments) => requests::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!(
                "{}error:{} {error:#}",
                show::BAD.render(),
                show::BAD.render_reset()
            );
            let mistake = error.is::<backtest::Usage>() || error.is::<function::env::ConfigError>();
            let mistake = mistake || error.is::<describe::Exists>();
            if mistake || error.is::<orders::BadFormat>() {
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}
