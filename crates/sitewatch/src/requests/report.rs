//! What the report says: rows and figures, the same for every form of it. As JSON this is
//! what `--json` prints; docs/requests.md lists the fields.

use std::collections::BTreeMap;

use model::Second;
use serde::Serialize;

use super::timeline::Timeline;

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<FileRow>,
    pub(super) lines: u64,
    pub(super) requests: u64,
    pub(super) flows: u64,
    pub(super) rejected: BTreeMap<&'static str, Rejected>,
    /// The first and last time; of flows, of a packet.
    pub(super) from: Option<Second>,
    pub(super) to: Option<Second>,
    pub(super) bytes: u64,
    /// Requests by status; `none` where no answer was sent.
    pub(super) statuses: BTreeMap<String, u64>,
    pub(super) responses: Responses,
    pub(super) durations: Option<Percentiles>,
    pub(super) people: Share,
    pub(super) bots: Share,
    #[serde(flatten)]
    pub(super) tops: Tops,
    pub(super) timeline: TimelineRows,
    /// The same, for whoever needs other steps.
    #[serde(skip)]
    pub(super) over_time: Timeline,
}

/// The first ones of each kind.
#[derive(Debug, Serialize)]
pub(super) struct Tops {
    pub(super) pages: Listed<PageRow>,
    pub(super) errors: Listed<PageRow>,
    pub(super) slow: Listed<PageRow>,
    pub(super) clients: Listed<ClientRow>,
    pub(super) bot_agents: Listed<AgentRow>,
    pub(super) ports: Listed<PortRow>,
    pub(super) sources: Listed<SourceRow>,
}

/// A file, and what was found in it.
#[derive(Debug, Serialize)]
pub(super) struct FileRow {
    pub(super) file: String,
    pub(super) format: &'static str,
    pub(super) lines: u64,
}

/// Lines that were refused for the same reason.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rejected {
    pub(super) lines: u64,
    pub(super) first_file: String,
    /// Counted from 1.
    pub(super) first_line: u64,
    pub(super) example: String,
}

/// Requests by the first digit of their status.
#[derive(Debug, Default, Serialize)]
pub(super) struct Responses {
    #[serde(rename = "2xx")]
    pub(super) success: u64,
    #[serde(rename = "3xx")]
    pub(super) redirection: u64,
    #[serde(rename = "4xx")]
    pub(super) client_error: u64,
    #[serde(rename = "5xx")]
    pub(super) server_error: u64,
    /// No answer was sent.
    pub(super) none: u64,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Share {
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

/// Percentiles, in milliseconds; off by 1 % at most.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Percentiles {
    /// Requests whose duration is known.
    pub(super) requests: u64,
    pub(super) p50_ms: f64,
    pub(super) p90_ms: f64,
    pub(super) p99_ms: f64,
}

/// The first rows of a list.
#[derive(Debug, Serialize)]
pub(super) struct Listed<R> {
    /// How many different ones there were in the log; an estimate where `error` is not 0.
    pub(super) distinct: u64,
    /// How much too low each count may be, because there were too many to remember all.
    pub(super) error: u64,
    pub(super) rows: Vec<R>,
}

#[derive(Debug, Serialize)]
pub(super) struct PageRow {
    pub(super) path: String,
    pub(super) requests: u64,
    #[serde(rename = "4xx")]
    pub(super) client_errors: u64,
    #[serde(rename = "5xx")]
    pub(super) server_errors: u64,
    pub(super) bytes: u64,
    pub(super) durations: Option<Percentiles>,
}

#[derive(Debug, Serialize)]
pub(super) struct ClientRow {
    pub(super) client: String,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct AgentRow {
    pub(super) user_agent: String,
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct PortRow {
    /// IANA's number.
    pub(super) protocol: Option<u8>,
    pub(super) port: Option<u16>,
    pub(super) accepted_packets: u64,
    pub(super) rejected_packets: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceRow {
    pub(super) source: String,
    pub(super) accepted_packets: u64,
    pub(super) rejected_packets: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct TimelineRows {
    pub(super) step_seconds: i64,
    /// Steps in which something came: seconds since 1970, then requests, 4xx and 5xx; of flow logs
    /// packets, 0 and rejected packets.
    pub(super) steps: Vec<(i64, u64, u64, u64)>,
}

impl Report {
    /// Lines that were refused.
    pub(super) fn refused(&self) -> u64 {
        self.rejected.values().map(|rejected| rejected.lines).sum()
    }

    /// Whether it is of flows alone.
    pub(super) const fn is_of_flows(&self) -> bool {
        self.flows > 0 && self.requests == 0
    }

    /// What was counted without all being remembered: its name, and by how much too low.
    pub(super) fn errors_of_counts(&self) -> Vec<(&'static str, u64, u64)> {
        let tops = &self.tops;
        let all = [
            ("pages", tops.pages.distinct, tops.pages.error),
            ("clients", tops.clients.distinct, tops.clients.error),
            (
                "user agents",
                tops.bot_agents.distinct,
                tops.bot_agents.error,
            ),
            ("ports", tops.ports.distinct, tops.ports.error),
            ("sources", tops.sources.distinct, tops.sources.error),
        ];
        all.into_iter().filter(|(_, _, error)| *error > 0).collect()
    }
}
