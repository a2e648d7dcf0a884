//! `sitewatch up`: the whole pipeline in real time, until Ctrl-C.

#[cfg(feature = "requests")]
mod requests;
mod screen;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use embedded::{Services, StartError};
use futures_util::future::{FutureExt as _, LocalBoxFuture, join_all};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::orders::{self, Orders};
use crate::show::WARN;
use crate::stack::{
    Arrival, BuiltIn, Database, Function, Functions, Keep, MySqlUrl, Pump, Remote, Resources, sdk,
};
use screen::{show_events, show_line, show_start};

/// Runs the whole pipeline on this machine, in real time, until Ctrl-C.
///
/// One address serves CloudWatch, DynamoDB, Kinesis, S3, SNS, SQS and Secrets Manager to any
/// client: the AWS CLI, an SDK of any language, sitewatch replay. The functions are built in, or
/// those of cargo lambda watch. The rule of surge comes from its variables: ORDER_THRESHOLD=5
/// sitewatch up. So do what traffic counts: HOSTS=www.example.com sitewatch up.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sitewatch up                                        all of it, in memory
  sitewatch up --data state                           its state is there again the next time
  sitewatch up --functions http://127.0.0.1:9000      with the functions of cargo lambda watch
  sitewatch up --mysql mysql://me:secret@127.0.0.1:3306/logs

The services ask nobody for credentials: they listen on this machine alone.")]
pub(crate) struct Arguments {
    /// The port of the services
    #[arg(long, value_name = "N", default_value = "4566")]
    port: u16,
    /// Keep all state in this folder; without it, all is gone in the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Invoke the functions there (cargo lambda watch) instead of those built in
    #[arg(long, value_name = "http://HOST:PORT", value_parser = Remote::parse_url)]
    functions: Option<String>,
    /// Keep the alarm history in this MySQL server instead of SQLite
    #[arg(long, value_name = "mysql://USER:PASSWORD@HOST:PORT/DATABASE", value_parser = MySqlUrl::parser())]
    mysql: Option<MySqlUrl>,
    #[command(flatten)]
    orders: Orders,
    /// Shards of the stream of orders when it is made
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(i32).range(1..=100))]
    shards: i32,
}

/// How often the schedule invokes `surge`.
const SCHEDULE: Duration = Duration::from_secs(60);
/// How long what is under way may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until Ctrl-C.
///
/// # Errors
/// If a part cannot start.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    log();
    // Told before anything starts, and in the file's own name.
    arguments.orders.format()?;
    let remote = arguments.functions.as_deref();
    let remote = remote.map(|url| Remote::new(url, arguments.mysql.is_some()));
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), arguments.port);
    let services = Services::start(address, arguments.data.as_deref()).await;
    let services = services.map_err(|error| explained(error, arguments.port))?;
    // Functions elsewhere find the login in Secrets Manager; those built in are given it.
    let told = arguments.mysql.as_ref().filter(|_| remote.is_some());
    let secret = told.map(MySqlUrl::secret);
    let resources = Resources::make(services.url(), arguments.shards, secret.as_deref()).await?;
    let file = arguments
        .data
        .as_ref()
        .map(|data| data.join("history.sqlite"));
    let database = match &arguments.mysql {
        Some(url) => Database::MySql(url.clone()),
        None => Database::sqlite(file.as_deref())?,
    };
    let lookup = |name: &str| match name {
        orders::VARIABLE => arguments.orders.file(),
        _ => std::env::var(name).ok(),
    };
    let built_in = BuiltIn::new(&resources, &lookup, database).await?;
    #[cfg(feature = "requests")]
    let (built_in, logs) = requests::add(built_in, &resources).await?;
    let functions = Arc::new(Functions { built_in, remote });

    let (stop, stopped) = watch::channel(false);
    let keep = Keep::new(arguments.data.as_deref());
    let client = aws_sdk_kinesis::Client::new(&sdk(&resources.url));
    let mut parts: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
    for function in Function::ALL.iter().copied() {
        let (client, functions) = (client.clone(), Arc::clone(&functions));
        let pump = Pump::new(function, client, functions, Arrival::Told, keep.clone())?;
        parts.push(drive(pump, stopped.clone()).boxed_local());
    }
    #[cfg(feature = "requests")]
    {
        let functions = Arc::clone(&functions);
        let feed = requests::feed(logs, &resources.url, functions, stopped.clone());
        parts.push(feed.boxed_local());
    }
    parts.push(schedule(&functions, stopped).boxed_local());
    let mut parts = std::pin::pin!(join_all(parts));
    show_start(arguments, &resources);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("no Ctrl-C can be had")?,
        _ = &mut parts => {}
    }
    stop.send_replace(true);
    anstream::println!("\nStopping: what is under way is brought to its end.");
    let ended = async {
        parts.await;
        services.stop().await;
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout(PATIENCE, ended) => ended.is_ok(),
        _ = tokio::signal::ctrl_c() => false,
    };
    match (ended, &arguments.data) {
        (true, None) => anstream::println!("Stopped."),
        (true, Some(data)) => anstream::println!("Stopped. All state is in {}.", data.display()),
        (false, _) => anstream::println!(
            "{WARN}Stopped in the middle of it{WARN:#}: what was not done is done again."
        ),
    }
    Ok(())
}

/// Warnings of our own crates, on standard error. Those of the services are answers to
/// their clients, who tell of them.
fn log() {
    let targets = [
        "function", "orders", "surge", "notify", "history", "traffic",
    ];
    let targets = targets.map(|name| (name, LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = lines.with_target(false).with_ansi(false);
    // It is the only one who asks.
    let _ = tracing_subscriber::registry()
        .with(Targets::new().with_targets(targets))
        .with(lines)
        .try_init();
}

fn explained(error: StartError, port: u16) -> anyhow::Error {
    let in_use = matches!(&error, StartError::Address { source, .. }
        if source.kind() == std::io::ErrorKind::AddrInUse);
    if in_use {
        anyhow::anyhow!(
            "port {port} is in use: choose another with --port, or end what listens there"
        )
    } else {
        error.into()
    }
}

/// Drives one mapping until it is told to stop.
async fn drive(mut pump: Pump, mut stopped: watch::Receiver<bool>) {
    let function = pump.function();
    loop {
        let events = tokio::select! {
            events = pump.turn(Utc::now()) => events,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        show_events(function, events);
    }
    show_events(function, pump.end().await);
}

/// Invokes `surge` each minute.
async fn schedule(functions: &Functions, mut stopped: watch::Receiver<bool>) {
    let mut minutes = tokio::time::interval(SCHEDULE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = minutes.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        let answer = functions.tick(Utc::now()).await;
        if !answer.is_clean || answer.is_news {
            show_line(Function::Surge, "schedule", &answer);
        }
    }
}
