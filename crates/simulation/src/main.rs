//! Runs seeds, or replays one with its trace.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use comfy_table::presets;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use simulation::faults::{Fault, Service};
use simulation::tally::Tally;
use simulation::{Findings, many, run};

/// The whole pipeline under virtual time, with faults at every call.
#[derive(Debug, Parser)]
#[command(name = "simulation", version)]
struct Arguments {
    /// Replay this seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Show everything that happens in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// How many seeds to run.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Threads; as many as there are cores if not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Go on behind the first seed that breaks a promise.
    #[arg(long)]
    all: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => replay(seed, arguments.trace),
        None => search(&arguments),
    }
}

/// Replays one seed.
fn replay(seed: u64, trace: bool) -> ExitCode {
    let report = run(seed, trace);
    for line in &report.trace {
        println!("{line}");
    }
    println!("{}", faults(&report.tally));
    if report.broken.is_empty() {
        println!("Seed {seed}: everything holds.");
        return ExitCode::SUCCESS;
    }
    for broken in &report.broken {
        println!("Seed {seed}: {broken}");
    }
    ExitCode::FAILURE
}

/// Runs many seeds.
fn search(arguments: &Arguments) -> ExitCode {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let bar = bar(arguments.seeds);
    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
    let threads = arguments.threads.unwrap_or_else(cores);
    let found = many(seeds, threads, arguments.all, |done, broken| {
        bar.set_position(done);
        bar.set_message(format!("{broken} broken"));
    });
    bar.finish_and_clear();
    println!("{}\n{}", faults(&found.tally), found.summary());
    verdict(arguments, &found)
}

fn verdict(arguments: &Arguments, found: &Findings) -> ExitCode {
    for (seed, broken) in &found.broken {
        println!("Seed {seed}: {}", broken.join("\n  "));
        println!("  replay it: scripts/simulate --seed {seed} --trace");
    }
    // A few seeds cannot have everything in them.
    let silent = if arguments.seeds >= 1_000 && found.broken.is_empty() {
        found.silent()
    } else {
        Vec::new()
    };
    for (fault, service) in &silent {
        println!("Never injected: {fault} ({service})");
    }
    if found.broken.is_empty() && silent.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How far it is, on a terminal.
fn bar(seeds: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(seeds), target);
    let style = "{bar:40} {pos}/{len} seeds  {per_sec}  {msg}  {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
    bar
}

/// How often each fault struck where.
fn faults(tally: &Tally) -> Table {
    let mut services: Vec<Service> = tally.0.keys().map(|(_, service)| *service).collect();
    services.sort();
    services.dedup();
    let mut kinds: Vec<Fault> = tally.0.keys().map(|(fault, _)| *fault).collect();
    kinds.dedup();
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let header = services.iter().map(ToString::to_string);
    table.set_header(std::iter::once("Fault".to_owned()).chain(header));
    for kind in kinds {
        let counts = services
            .iter()
            .map(|service| match tally.count(kind, *service) {
                0 => String::new(),
                count => count.to_string(),
            });
        table.add_row(std::iter::once(kind.to_string()).chain(counts));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
