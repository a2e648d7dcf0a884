//! From counts to rows: which there are, and in which order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::Hash;

use super::durations::Durations;
use super::report::{
    AgentRow, ClientRow, Listed, PageRow, Percentiles, PortRow, Responses, SourceRow, TimelineRows,
    Tops,
};
use super::tally::{Agent, Client, Packets, Page, Port, Tally};
use super::timeline::{Counts, Timeline};
use super::top::{Count, Top};

/// Of pages with fewer requests, percentiles say little.
const LEAST_OF_SLOW: u64 = 10;

/// The steps in which something came.
pub(super) fn timeline(timeline: &Timeline) -> TimelineRows {
    let step = timeline.step();
    let row = |(number, [all, client, server]): (i64, Counts)| (number * step, all, client, server);
    TimelineRows {
        step_seconds: step,
        steps: timeline.steps().map(row).collect(),
    }
}

/// Requests by status.
pub(super) fn statuses(tally: &Tally) -> BTreeMap<String, u64> {
    let name = |status: &Option<u16>| status.map_or("none".to_owned(), |s| format!("{s:03}"));
    let statuses = tally.statuses.iter();
    statuses
        .map(|(status, count)| (name(status), *count))
        .collect()
}

/// Requests by their status' first digit.
pub(super) fn responses(tally: &Tally) -> Responses {
    Responses {
        success: tally.class(2),
        redirection: tally.class(3),
        client_error: tally.class(4),
        server_error: tally.class(5),
        none: tally.statuses.get(&None).copied().unwrap_or_default(),
    }
}

/// `None` if there are no durations.
pub(super) fn percentiles(durations: &Durations) -> Option<Percentiles> {
    Some(Percentiles {
        requests: durations.count(),
        p50_ms: durations.milliseconds(50)?,
        p90_ms: durations.milliseconds(90)?,
        p99_ms: durations.milliseconds(99)?,
    })
}

/// The first ones of each kind.
pub(super) fn tops(tally: &Tally, top: usize) -> Tops {
    let requests = |page: &Page| Some(page.requests);
    let of_client = |client: &Client| Some(client.requests);
    Tops {
        pages: listed(&tally.pages, top, requests, |key, value| {
            page_row(key, value)
        }),
        errors: listed(&tally.pages, top, errors, |key, value| page_row(key, value)),
        slow: slow(&tally.pages, top),
        clients: listed(&tally.clients, top, of_client, |key, value| {
            client_row(key, value)
        }),
        bot_agents: listed(&tally.agents, top, of_bots, |key, value| {
            agent_row(key, value)
        }),
        ports: listed(&tally.ports, top, packets, port_row),
        sources: listed(&tally.sources, top, rejected_packets, |key, value| {
            source_row(key, value)
        }),
    }
}

fn listed<K: Hash + Eq + Ord + Clone, V: Count, O: Ord, R>(
    top: &Top<K, V>,
    most: usize,
    by: impl Fn(&V) -> Option<O>,
    row: impl Fn(&K, &V) -> R,
) -> Listed<R> {
    let highest = top.highest(most, by);
    Listed {
        distinct: top.distinct(),
        error: top.error(),
        rows: highest
            .into_iter()
            .map(|(key, value)| row(key, value))
            .collect(),
    }
}

/// Server errors weigh most: they are the site's own.
fn errors(page: &Page) -> Option<(u64, u64, Reverse<u64>)> {
    let has_errors = page.server_errors + page.client_errors > 0;
    has_errors.then_some((
        page.server_errors,
        page.client_errors,
        Reverse(page.requests),
    ))
}

fn slow(pages: &Top<String, Page>, most: usize) -> Listed<PageRow> {
    let by_p90 = |least: u64| {
        let slow = move |page: &Page| {
            let enough = page.durations.count() >= least;
            enough.then(|| page.durations.percentile(90)).flatten()
        };
        listed(pages, most, slow, |key, value| page_row(key, value))
    };
    let slow = by_p90(LEAST_OF_SLOW);
    if slow.rows.is_empty() {
        by_p90(1)
    } else {
        slow
    }
}

fn of_bots(agent: &Agent) -> Option<u64> {
    agent.is_bot.then_some(agent.requests)
}

const fn packets(packets: &Packets) -> Option<(u64, u64)> {
    Some((packets.rejected, packets.accepted))
}

fn rejected_packets(packets: &Packets) -> Option<(u64, u64)> {
    (packets.rejected > 0).then_some((packets.rejected, packets.accepted))
}

fn page_row(path: &str, page: &Page) -> PageRow {
    PageRow {
        path: path.to_owned(),
        requests: page.requests,
        client_errors: page.client_errors,
        server_errors: page.server_errors,
        bytes: page.bytes,
        durations: percentiles(&page.durations),
    }
}

fn client_row(client: &str, counts: &Client) -> ClientRow {
    ClientRow {
        client: client.to_owned(),
        requests: counts.requests,
        errors: counts.errors,
        bytes: counts.bytes,
    }
}

fn agent_row(agent: &str, counts: &Agent) -> AgentRow {
    AgentRow {
        user_agent: agent.to_owned(),
        requests: counts.requests,
        bytes: counts.bytes,
    }
}

fn port_row(&(protocol, port): &Port, packets: &Packets) -> PortRow {
    PortRow {
        protocol,
        port,
        accepted_packets: packets.accepted,
        rejected_packets: packets.rejected,
        bytes: packets.bytes,
    }
}

fn source_row(source: &str, packets: &Packets) -> SourceRow {
    SourceRow {
        source: source.to_owned(),
        accepted_packets: packets.accepted,
        rejected_packets: packets.rejected,
        bytes: packets.bytes,
    }
}
