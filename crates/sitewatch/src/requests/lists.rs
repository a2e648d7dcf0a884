//! The report's tables, the same in the terminal and on the page.

use super::amounts;
use super::report::{AgentRow, ClientRow, Listed, PageRow, PortRow, Report, SourceRow};
use crate::show;

/// A table: names, which are the log's own texts, and what was counted for each.
pub(super) struct List {
    pub(super) id: &'static str,
    pub(super) title: String,
    /// The first one is that of the names.
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// All tables in which there is something.
pub(super) fn lists(report: &Report) -> Vec<List> {
    let has_durations = report.durations.is_some();
    let lists = [
        pages(report),
        errors(report),
        if has_durations {
            slow(report)
        } else {
            List::empty()
        },
        clients(report),
        bots(report),
        ports(report),
        sources(report),
    ];
    let lists = lists.into_iter();
    lists.filter(|list| !list.rows.is_empty()).collect()
}

impl List {
    const fn empty() -> Self {
        Self {
            id: "",
            title: String::new(),
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn new<R>(
        id: &'static str,
        title: String,
        columns: &[&'static str],
        listed: &Listed<R>,
        row: impl Fn(&R) -> (String, Vec<String>),
    ) -> Self {
        Self {
            id,
            title,
            columns: columns.to_vec(),
            rows: listed.rows.iter().map(row).collect(),
        }
    }
}

/// `the first 10 of 1,753 clients`, or `3 clients`.
fn of_all<R>(listed: &Listed<R>, noun: &str) -> String {
    let about = if listed.error > 0 { "about " } else { "" };
    let all = show::counted(listed.distinct, noun);
    let shown = listed.rows.len() as u64;
    if shown == listed.distinct {
        return all;
    }
    format!("the first {} of {about}{all}", show::number(shown))
}

fn pages(report: &Report) -> List {
    let title = format!("Pages: {}", of_all(&report.tops.pages, "path"));
    let columns = ["Path", "Requests", "Share", "4xx", "5xx", "Sent"];
    List::new(
        "pages",
        title,
        &columns,
        &report.tops.pages,
        |page: &PageRow| {
            let figures = vec![
                show::number(page.requests),
                amounts::share(page.requests, report.requests),
                show::number(page.client_errors),
                show::number(page.server_errors),
                amounts::bytes(page.bytes),
            ];
            (page.path.clone(), figures)
        },
    )
}

fn errors(report: &Report) -> List {
    let title = "Errors by page: most 5xx first, then 4xx".to_owned();
    let columns = ["Path", "5xx", "4xx", "Requests", "Failed"];
    List::new(
        "errors",
        title,
        &columns,
        &report.tops.errors,
        |page: &PageRow| {
            let failed = page.server_errors + page.client_errors;
            let figures = vec![
                show::number(page.server_errors),
                show::number(page.client_errors),
                show::number(page.requests),
                amounts::share(failed, page.requests),
            ];
            (page.path.clone(), figures)
        },
    )
}

fn slow(report: &Report) -> List {
    let title = "Slow pages: highest p90 first".to_owned();
    let columns = ["Path", "p50", "p90", "p99", "Requests"];
    List::new(
        "slow",
        title,
        &columns,
        &report.tops.slow,
        |page: &PageRow| {
            let durations = page.durations.into_iter();
            let shown =
                durations.flat_map(|d| [d.p50_ms, d.p90_ms, d.p99_ms].map(amounts::milliseconds));
            let figures = shown.chain([show::number(page.requests)]).collect();
            (page.path.clone(), figures)
        },
    )
}

fn clients(report: &Report) -> List {
    let title = format!("Clients: {}", of_all(&report.tops.clients, "client"));
    let columns = ["Client", "Requests", "Share", "4xx, 5xx", "Sent"];
    List::new(
        "clients",
        title,
        &columns,
        &report.tops.clients,
        |client: &ClientRow| {
            let figures = vec![
                show::number(client.requests),
                amounts::share(client.requests, report.requests),
                show::number(client.errors),
                amounts::bytes(client.bytes),
            ];
            (client.client.clone(), figures)
        },
    )
}

fn bots(report: &Report) -> List {
    let title = "Bots: user agents with the most requests".to_owned();
    let columns = ["User agent", "Requests", "Share", "Sent"];
    List::new(
        "bots",
        title,
        &columns,
        &report.tops.bot_agents,
        |agent: &AgentRow| {
            let figures = vec![
                show::number(agent.requests),
                amounts::share(agent.requests, report.requests),
                amounts::bytes(agent.bytes),
            ];
            (agent.user_agent.clone(), figures)
        },
    )
}

fn ports(report: &Report) -> List {
    let title = "Packets by protocol and port: most rejected first".to_owned();
    let columns = ["Protocol, port", "Rejected", "Accepted", "Bytes"];
    List::new(
        "ports",
        title,
        &columns,
        &report.tops.ports,
        |row: &PortRow| {
            let port = row.port.map_or_else(String::new, |port| format!(" {port}"));
            let name = format!("{}{port}", protocol(row.protocol));
            (
                name,
                packets(row.rejected_packets, row.accepted_packets, row.bytes),
            )
        },
    )
}

fn sources(report: &Report) -> List {
    let title = "Sources of rejected packets".to_owned();
    let columns = ["Source", "Rejected", "Accepted", "Bytes"];
    List::new(
        "sources",
        title,
        &columns,
        &report.tops.sources,
        |row: &SourceRow| {
            let figures = packets(row.rejected_packets, row.accepted_packets, row.bytes);
            (row.source.clone(), figures)
        },
    )
}

fn packets(rejected: u64, accepted: u64, bytes: u64) -> Vec<String> {
    vec![
        show::number(rejected),
        show::number(accepted),
        amounts::bytes(bytes),
    ]
}

/// IANA's names of those that are usual.
fn protocol(number: Option<u8>) -> String {
    match number {
        Some(1) => "icmp".to_owned(),
        Some(6) => "tcp".to_owned(),
        Some(17) => "udp".to_owned(),
        Some(58) => "icmpv6".to_owned(),
        Some(number) => format!("protocol {number}"),
        None => "unknown".to_owned(),
    }
}
