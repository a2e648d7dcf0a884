//! `sitewatch generate`: a shop's traffic, made up, with what can happen in it. The same
//! arguments make the same bytes.

mod args;
mod events;
mod output;
mod visitors;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use model::{OrderFormat, OrderLine, Request, decode};

use crate::shop::{HEADER, Till};
use crate::show;
pub(crate) use args::Arguments;
use events::amount;
use output::Output;
use visitors::Visitors;

/// How much was made.
#[derive(Debug, Default)]
struct Made {
    usual: u64,
    flood: u64,
    scan: u64,
    orders: u64,
    order_lines: u64,
}

/// Makes the traffic.
///
/// # Errors
/// If an output cannot be written, or the order format cannot be read.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = arguments.orders.format()?;
    let (requests, orders) = match (&arguments.requests, &arguments.orders_to) {
        (None, None) => (Some(PathBuf::from("-")), None),
        (requests, orders) => (requests.clone(), orders.clone()),
    };
    if requests.is_some() && requests == orders {
        bail!("--requests and --orders-to are the same: expected an output for each");
    }
    let mut made = Made::default();
    if let Some(path) = &requests {
        write_requests(arguments, &mut Output::create(path)?, &mut made)?;
        anstream::eprintln!(
            "{} to {}: {} usual, {} of floods, {} of scans",
            show::counted(made.usual + made.flood + made.scan, "request"),
            path.display(),
            show::number(made.usual),
            show::number(made.flood),
            show::number(made.scan),
        );
    }
    if let Some(path) = &orders {
        write_orders(arguments, &format, &mut Output::create(path)?, &mut made)?;
        anstream::eprintln!(
            "{} to {}: {}",
            show::counted(made.orders, "order"),
            path.display(),
            show::counted(made.order_lines, "line"),
        );
    }
    Ok(())
}

fn write_requests(
    arguments: &Arguments,
    output: &mut Output,
    made: &mut Made,
) -> anyhow::Result<()> {
    let log = &arguments.log_format;
    let unwritable = "a log that was checked to be written";
    let header = log.write(&[]).context(unwritable)?;
    if !output.write(&header)? {
        return Ok(());
    }
    let mut visitors = Visitors::new(fastrand::Rng::with_seed(arguments.seed));
    for (second, at) in arguments.seconds() {
        let requests = second_of(arguments, &mut visitors, second, at, made);
        let text = log.write(&requests).context(unwritable)?;
        // The header stands at the beginning alone.
        if !output.write(&text[header.len()..])? {
            return Ok(());
        }
    }
    output.end()?;
    Ok(())
}

/// What is asked for in a second.
fn second_of(
    arguments: &Arguments,
    visitors: &mut Visitors,
    second: u64,
    at: DateTime<Utc>,
    made: &mut Made,
) -> Vec<Request<'static>> {
    let rate = arguments.rate;
    let usual = visitors.about(rate * arguments.sale(second));
    let flood = visitors.about(rate * amount(&arguments.flood, second));
    let scan = visitors.about(rate * amount(&arguments.scan, second));
    let errors = amount(&arguments.errors, second);
    made.usual += usual;
    made.flood += flood;
    made.scan += scan;
    let mut requests = Vec::new();
    for _ in 0..usual {
        requests.push(visitors.usual(errors));
    }
    for _ in 0..flood {
        requests.push(visitors.flood());
    }
    for _ in 0..scan {
        requests.push(visitors.scan());
    }
    visitors.shuffle(&mut requests);
    let moments = visitors.moments(requests.len());
    for (request, moment) in requests.iter_mut().zip(moments) {
        request.time = at.timestamp_millis() + moment;
    }
    requests
}

fn write_orders(
    arguments: &Arguments,
    format: &OrderFormat,
    output: &mut Output,
    made: &mut Made,
) -> anyhow::Result<()> {
    if !format.is_described() && !output.write(format!("{HEADER}\n").as_bytes())? {
        return Ok(());
    }
    let mut till = Till::new(arguments.seed);
    // Its own, so that a seed's orders are the same whatever happens besides.
    let mut visitors = Visitors::new(fastrand::Rng::with_seed(!arguments.seed));
    for (second, at) in arguments.seconds() {
        let orders = visitors.about(arguments.order_rate * arguments.sale(second));
        made.orders += orders;
        for _ in 0..orders {
            let order = till.order(at);
            made.order_lines += order.lines.len() as u64;
            let lines: Vec<&str> = order.lines.iter().map(|line| line.text.as_str()).collect();
            if !output.write(&written(format, &lines))? {
                return Ok(());
            }
        }
    }
    output.end()?;
    Ok(())
}

/// An order's lines as a shop of this format has them. What is no order line is none in any.
fn written(format: &OrderFormat, lines: &[&str]) -> Vec<u8> {
    let mut text = lines.join("\n");
    text.push('\n');
    let good: Vec<OrderLine<'_>> = decode(text.as_bytes())
        .filter_map(|decoded| decoded.line.ok())
        .collect();
    let Some(mut record) = format.write(&good) else {
        return text.into_bytes();
    };
    for decoded in decode(text.as_bytes()).filter(|decoded| decoded.line.is_err()) {
        record.extend_from_slice(decoded.bytes);
        record.push(b'\n');
    }
    record
}
