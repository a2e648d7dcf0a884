//! `sitewatch demo`: a flash sale through the whole pipeline, in under half a minute.
//!
//! Time is not the machine's: each second of the shop's is lived through to its end
//! before the next begins, so that what comes out is the same however fast the machine
//! is. Everything else is as it is on AWS: the functions' own handlers, behind event
//! source mappings, talking to services over the SDK.

mod screen;
mod shop;
mod summary;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use embedded::Services;
use function::Deadline;
use function::delivery::{Fate, deliver};
use model::{OrderFormat, decode};
use serde_json::Value;
use tokio::time::Instant;

use crate::orders::{self, Orders};
use crate::replay::{KinesisStream, LIMITS, Parcel};
use crate::stack::{
    Answer, Arrival, BuiltIn, Database, Event, Function, Functions, Keep, MySqlUrl, ORDERS, Pump,
    Resources, sdk,
};
use screen::Screen;
use shop::Shop;
use summary::Summary;

/// Shows the whole pipeline at work: a shop, a flash sale, the alarm, its end.
///
/// Starts DynamoDB, Kinesis, SNS and SQS in this process, sends six minutes of a shop's
/// orders through the functions orders, surge, notify and history, and shows the rate,
/// the alarm as SNS delivers it, and what is stored in the end. Needs no AWS account, no
/// network and no server. Time is sped up: a second of the shop takes a twentieth.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    orders: Orders,
    /// Where the orders that were sent and the report are written
    #[arg(long, value_name = "DIR", default_value = "sitewatch-demo")]
    out: PathBuf,
    /// Keep the alarm history in this MySQL server instead of SQLite
    #[arg(long, value_name = "mysql://USER:PASSWORD@HOST:PORT/DATABASE", value_parser = MySqlUrl::parser())]
    mysql: Option<MySqlUrl>,
    /// Seconds of the shop in a second, if the machine is fast enough
    #[arg(long, value_name = "X", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    speed: u32,
}

/// Two, so that the rate has to be put together.
const SHARDS: i32 = 2;
/// How often the schedule invokes `surge`, in seconds.
const SCHEDULE: i64 = 60;
/// A second has to end some time.
const SECOND: Duration = Duration::from_secs(60);

/// Runs the demo.
///
/// # Errors
/// If a part cannot start or fails, and if what came out is not what went in.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = arguments.orders.format()?;
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("no folder {}", arguments.out.display()))?;
    let services = Services::start((Ipv4Addr::LOCALHOST, 0).into(), None).await?;
    let mut demo = Demo::new(&services, arguments, format).await?;
    let screen = Screen::start(shop::SECONDS, arguments.speed);
    let shown = demo.live(&screen, arguments.speed).await;
    screen.end();
    shown?;
    demo.finish(&arguments.out).await
}

struct Demo {
    format: OrderFormat,
    resources: Resources,
    stream: KinesisStream,
    queues: aws_sdk_sqs::Client,
    functions: Arc<Functions>,
    orders: Pump,
    surge: Pump,
    notify: Pump,
    history: Pump,
    shop: Shop,
    /// The keys of the rows that there must be.
    keys: BTreeSet<(i64, String)>,
    /// What must be rejected.
    bad: BTreeSet<Vec<u8>>,
    summary: Summary,
}

impl Demo {
    async fn new(
        services: &Services,
        arguments: &Arguments,
        format: OrderFormat,
    ) -> anyhow::Result<Self> {
        let resources = Resources::make(services.url(), SHARDS, None).await?;
        let database = match &arguments.mysql {
            Some(url) => Database::MySql(url.clone()),
            None => Database::sqlite(None)?,
        };
        // The rule is the default one, whatever the environment says.
        let lookup = |name: &str| match name {
            orders::VARIABLE => arguments.orders.file(),
            _ => None,
        };
        let built_in = BuiltIn::new(&resources, &lookup, database).await?;
        let functions = Arc::new(Functions {
            built_in,
            remote: None,
        });
        let sdk = sdk(&resources.url);
        let client = aws_sdk_kinesis::Client::new(&sdk);
        let pump = |function| {
            let (client, functions) = (client.clone(), Arc::clone(&functions));
            Pump::new(function, client, functions, Arrival::Read, Keep::default())
        };
        Ok(Self {
            format,
            stream: KinesisStream::new(client.clone(), ORDERS),
            queues: aws_sdk_sqs::Client::new(&sdk),
            orders: pump(Function::Orders)?,
            surge: pump(Function::Surge)?,
            notify: pump(Function::Notify)?,
            history: pump(Function::History)?,
            shop: Shop::new(),
            keys: BTreeSet::new(),
            bad: BTreeSet::new(),
            summary: Summary::default(),
            functions,
            resources,
        })
    }

    /// Lives through all seconds, at the pace that was asked for.
    async fn live(&mut self, screen: &Screen, speed: u32) -> anyhow::Result<()> {
        let start = Instant::now();
        for second in 0..shop::SECONDS {
            let now = shop::OPENS + TimeDelta::seconds(second);
            let done = tokio::time::timeout(SECOND, self.second(now, screen)).await;
            done.with_context(|| format!("nothing came of {now} for {} s", SECOND.as_secs()))??;
            screen.show(second, self.shop.rate(), self.summary.sent);
            let due = Duration::from_secs(second.unsigned_abs() + 1) / speed;
            tokio::time::sleep_until(start + due).await;
        }
        Ok(())
    }

    /// One second of the shop's, to its end.
    async fn second(&mut self, now: DateTime<Utc>, screen: &Screen) -> anyhow::Result<()> {
        let mut parcels = self.shop.orders(now);
        for parcel in &mut parcels {
            self.rewrite(parcel);
        }
        self.summary.sent += parcels.len() as u64;
        self.send(&parcels).await?;
        let (stored, counted) = tokio::join!(self.orders.drain(now), self.surge.drain(now));
        done(stored)?;
        done(counted)?;
        if now.timestamp() % SCHEDULE == 0 {
            checked(self.functions.tick(now).await)?;
        }
        let (told, kept) = tokio::join!(self.notify.drain(now), self.history.drain(now));
        self.summary.kept += done(kept)?;
        if done(told)? > 0 {
            for message in self.messages(&self.resources.messages).await? {
                screen.message(now, &message);
                self.summary.messages.push(message);
            }
        }
        Ok(())
    }

    /// A line of the demo's shop as a shop of the given form sends it. What is no order line
    /// is none in any form.
    fn rewrite(&mut self, parcel: &mut Parcel) {
        let line = decode(&parcel.data).next().map(|decoded| decoded.line);
        let record = line.and_then(|line| self.format.write(&[line.ok()?]));
        if let Some(record) = record {
            parcel.data = record;
        }
        for decoded in self.format.decode(&parcel.data) {
            match decoded.line {
                Ok(line) => self.keys.insert((line.customer_key(), line.order_id())),
                Err(_) => self.bad.insert(decoded.bytes.to_vec()),
            };
        }
    }

    async fn send(&self, parcels: &[Parcel]) -> anyhow::Result<()> {
        let deadline = Deadline::after(Duration::from_secs(20));
        let sent = deliver(&self.stream, parcels, Parcel::size, LIMITS, deadline).await;
        if sent.fates.iter().all(|fate| *fate == Fate::Delivered) {
            return Ok(());
        }
        match sent.error {
            Some(error) => bail!(
                "orders cannot be sent: {}",
                function::telemetry::chain(&error)
            ),
            None => bail!("orders cannot be sent"),
        }
    }

    /// Takes every message out of a queue.
    async fn messages(&self, queue: &str) -> anyhow::Result<Vec<Value>> {
        let mut messages = Vec::new();
        loop {
            let call = self.queues.receive_message().queue_url(queue);
            let received = call.max_number_of_messages(10).send().await;
            let received = received.context("a queue cannot be read")?;
            if received.messages().is_empty() {
                return Ok(messages);
            }
            for message in received.messages() {
                messages.push(serde_json::from_str(message.body().unwrap_or_default())?);
                let call = self.queues.delete_message().queue_url(queue);
                let call = call.set_receipt_handle(message.receipt_handle.clone());
                call.send().await.context("a message cannot be deleted")?;
            }
        }
    }

    /// What came of it all, and whether it adds up.
    async fn finish(&mut self, out: &Path) -> anyhow::Result<()> {
        self.summary.rejects = self.messages(&self.resources.rejects).await?;
        let tables = aws_sdk_dynamodb::Client::new(&sdk(&self.resources.url));
        let scan = tables
            .scan()
            .table_name(self.resources.table)
            .into_paginator();
        let rows = scan.items().send().collect::<Result<Vec<_>, _>>().await;
        self.summary.rows = rows.context("the table cannot be read")?.len() as u64;
        let orders = out.join("orders.csv");
        let written = std::fs::write(&orders, self.shop.csv());
        written.with_context(|| format!("{} cannot be written", orders.display()))?;
        let report = out.join("report.html");
        let alarms = crate::backtest::report(&orders, &report)?;
        // A form without line numbers does not tell all lines apart.
        let (mut good, mut bad) = (self.shop.lines() - self.shop.bad(), self.shop.bad());
        if self.format.is_described() {
            let lines = good + bad;
            (good, bad) = (self.keys.len() as u64, self.bad.len() as u64);
            self.summary.alike = lines.saturating_sub(good + bad);
        }
        self.summary.print(&self.shop);
        let (rows, rejected) = (self.summary.rows, self.summary.rejected());
        ensure!(
            (rows, rejected) == (good, bad),
            "{good} good lines and {bad} bad ones were sent, but there are {rows} rows and {rejected} rejects"
        );
        let told = self.summary.told();
        let expected: Vec<_> = alarms.iter().map(|alarm| alarm.kind.to_string()).collect();
        ensure!(
            told == expected,
            "the rule raises {expected:?}, but {told:?} was told"
        );
        let kept = self.summary.kept;
        ensure!(
            kept == told.len() as u64,
            "{} alarm records were told, but {kept} kept",
            told.len()
        );
        Summary::print_end(&report);
        Ok(())
    }
}

/// What the function has done in all of these, which must all have gone well.
fn done(events: Vec<Event>) -> anyhow::Result<u64> {
    let mut done = 0;
    for event in events {
        match event {
            Event::Answered { answer, .. } => done += checked(answer)?,
            Event::Discarded { records, .. } => bail!("{records} records were given up"),
            Event::Trouble(trouble) => bail!(trouble),
        }
    }
    Ok(done)
}

fn checked(answer: Answer) -> anyhow::Result<u64> {
    ensure!(answer.is_clean, "a function failed: {}", answer.note);
    Ok(answer.done)
}
