//! What is published: metrics of a minute, each for one scope. The names and dimensions
//! that dashboards and alarms rely on are here and nowhere else.

use model::Action;
use serde::{Deserialize, Serialize};

/// What a series is about. Every text in it is configured, none is a visitor's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// The whole site.
    Site,
    /// People's requests to a host's pages.
    Page {
        /// A configured host, or `other`.
        host: String,
        /// A pattern's name, or `other`.
        pattern: String,
    },
    /// Bots' requests to a host.
    Bots {
        /// A configured host, or `other`.
        host: String,
    },
    /// Packets on a network.
    Flows {
        /// `accept`, `reject` or `other`.
        action: String,
        /// `tcp`, `udp`, `icmp` or `other`.
        protocol: String,
        /// A configured port, or `other`.
        port: String,
    },
}

impl Scope {
    /// Names and values of its dimensions.
    #[must_use]
    pub fn dimensions(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Site => Vec::new(),
            Self::Page { host, pattern } => vec![("Host", host), ("UrlPattern", pattern)],
            Self::Bots { host } => vec![("Host", host), ("Visitor", "bot")],
            Self::Flows {
                action,
                protocol,
                port,
            } => vec![("Action", action), ("Protocol", protocol), ("Port", port)],
        }
    }
}

/// A metric's name and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Metric {
    /// Requests; of the whole site, people's alone.
    Requests,
    /// Bots' requests to the whole site.
    BotRequests,
    /// Answered with 200 to 299.
    Response2xx,
    /// Answered with 300 to 399.
    Response3xx,
    /// Answered with 400 to 499.
    Response4xx,
    /// Answered with 500 to 599.
    Response5xx,
    /// Answered with 404, which is among the former, too.
    Response404,
    /// Not answered: the visitor went away.
    ResponseNone,
    /// Sent to clients.
    Bytes,
    /// How long answers took.
    Duration,
    /// Packets of flows.
    FlowPackets,
    /// Bytes of flows.
    FlowBytes,
}

/// A metric's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
}

impl Metric {
    /// Its name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::BotRequests => "BotRequests",
            Self::Response2xx => "Response_2XX",
            Self::Response3xx => "Response_3XX",
            Self::Response4xx => "Response_4XX",
            Self::Response5xx => "Response_5XX",
            Self::Response404 => "Response_404",
            Self::ResponseNone => "Response_none",
            Self::Bytes => "Bytes",
            Self::Duration => "Duration",
            Self::FlowPackets => "FlowPackets",
            Self::FlowBytes => "FlowBytes",
        }
    }

    /// Its unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Bytes | Self::FlowBytes => Unit::Bytes,
            Self::Duration => Unit::Milliseconds,
            _ => Unit::Count,
        }
    }
}

/// What a metric is in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A sum.
    Sum(u64),
    /// Durations: buckets and how many are in each; at most 150.
    Durations(Vec<(u16, u64)>),
}

/// PutMetricData: values with counts in a datum.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
pub(crate) const MOST_VALUES: usize = 150;

/// A scope's metrics in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// What it is about.
    pub scope: Scope,
    /// In minutes since 1970.
    pub minute: u32,
    /// The metrics; none is zero.
    pub data: Vec<(Metric, Value)>,
}

pub(crate) const fn action(action: Option<Action>) -> &'static str {
    match action {
        Some(Action::Accept) => "accept",
        Some(Action::Reject) => "reject",
        None => crate::hosts::OTHER,
    }
}

/// The name of a protocol by IANA's number.
pub(crate) const fn protocol(number: Option<u8>) -> &'static str {
    match number {
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(1 | 58) => "icmp",
        _ => crate::hosts::OTHER,
    }
}
