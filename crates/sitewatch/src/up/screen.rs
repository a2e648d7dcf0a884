//! What `up` prints: where everything is, and what happens.

use chrono::Local;

use super::Arguments;
use crate::orders;
use crate::show::{self, BAD, GOOD, HEAD, WARN, counted};
use crate::stack::{Answer, Event, Function, ORDERS, Resources};

pub(super) fn show_events(function: Function, events: Vec<Event>) {
    for event in events {
        match event {
            Event::Answered {
                source,
                items,
                answer,
            } => show_line(function, &format!("{source:<20}  {items:>12}"), &answer),
            Event::Discarded {
                records,
                condition,
                kept,
            } => {
                let records = counted(records as u64, "record");
                let kept = kept.unwrap_or_else(|| "nowhere, for want of --data".to_owned());
                let what = format!("{records} given up ({condition:?}), kept in {kept}");
                show_trouble(function, &what);
            }
            Event::Trouble(what) => show_trouble(function, &what),
        }
    }
}

pub(super) fn show_line(function: Function, what: &str, answer: &Answer) {
    let style = match (answer.is_clean, answer.is_news) {
        (false, _) => BAD,
        (true, true) => WARN,
        (true, false) => GOOD,
    };
    anstream::println!(
        "{}  {:<8} {what}  {style}{}{style:#}",
        Local::now().format("%H:%M:%S"),
        function.name(),
        answer.note
    );
}

fn show_trouble(function: Function, what: &str) {
    let name = function.name();
    anstream::println!(
        "{}  {name:<8} {BAD}{what}{BAD:#}",
        Local::now().format("%H:%M:%S")
    );
}

/// A file's path from wherever a function runs, as a shell takes it.
fn absolute(file: &str) -> String {
    let path = std::path::absolute(file);
    let path = path.map_or_else(|_| file.to_owned(), |path| path.display().to_string());
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(is_plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

pub(super) fn show_start(arguments: &Arguments, resources: &Resources) {
    let history = match (&arguments.mysql, &arguments.data) {
        (Some(_), _) => "the MySQL server given".to_owned(),
        (None, Some(data)) => data.join("history.sqlite").display().to_string(),
        (None, None) => "SQLite, in memory".to_owned(),
    };
    let functions = match (&arguments.functions, &arguments.mysql) {
        (None, _) => "built in".to_owned(),
        (Some(url), Some(_)) => url.clone(),
        (Some(url), None) => format!("{url}, but history built in (it needs --mysql)"),
    };
    let state = match &arguments.data {
        Some(data) => data.display().to_string(),
        None => "in memory (--data DIR keeps it)".to_owned(),
    };
    show::heading("The pipeline runs until Ctrl-C");
    for (what, value) in [
        ("services", resources.url.as_str()),
        ("functions", &functions),
        ("history", &history),
        #[cfg(feature = "requests")]
        ("requests", super::requests::OVERVIEW),
        ("state", &state),
    ] {
        anstream::println!("  {what:<10} {value}");
    }
    anstream::println!("\n{HEAD}For producers, readers and cargo lambda watch:{HEAD:#}\n");
    let file = arguments.orders.file();
    let file = file.map(|file| (orders::VARIABLE, absolute(&file)));
    let environment = resources.environment().into_iter().chain(file);
    #[cfg(feature = "requests")]
    let environment = environment.chain(crate::stack::Logs::environment());
    for (name, value) in environment {
        anstream::println!("export {name}={value}");
    }
    anstream::println!(
        "\n{HEAD}Send orders{HEAD:#}, in another terminal with those variables:\n\n\
         sitewatch replay orders.csv --stream {ORDERS} --rate 50\n"
    );
    #[cfg(feature = "requests")]
    anstream::println!("{}\n", super::requests::HINT);
    anstream::println!("{HEAD}What happens:{HEAD:#}\n");
}
