//! What is counted of each request and flow. Which of it is shown is `report`'s.

use std::collections::BTreeMap;

use model::{Action, Content, Flow, Request};
use traffic::Bots;

use super::durations::Durations;
use super::timeline::Timeline;
use super::top::{Count, Top, shortened};

/// A protocol's number and the port that packets went to.
pub(super) type Port = (Option<u8>, Option<u16>);

/// All that is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) flows: u64,
    /// Sent to clients, or of flows.
    pub(super) bytes: u64,
    /// The first and the last time, in milliseconds since 1970.
    pub(super) period: Option<(i64, i64)>,
    /// Requests by status; `None` where no answer was sent.
    pub(super) statuses: BTreeMap<Option<u16>, u64>,
    pub(super) durations: Durations,
    pub(super) pages: Top<String, Page>,
    pub(super) clients: Top<String, Client>,
    pub(super) agents: Top<String, Agent>,
    /// Requests of user agents that are bots, and their bytes.
    pub(super) bots: (u64, u64),
    /// Requests, client errors, server errors.
    pub(super) timeline: Timeline,
    pub(super) ports: Top<Port, Packets>,
    pub(super) sources: Top<String, Packets>,
    /// Packets, none, rejected packets.
    pub(super) flow_timeline: Timeline,
    list: Bots,
}

/// A path.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) requests: u64,
    pub(super) client_errors: u64,
    pub(super) server_errors: u64,
    pub(super) bytes: u64,
    pub(super) durations: Durations,
}

/// An address or name.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) bytes: u64,
}

/// A user agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) is_bot: bool,
}

/// Flows of a port or an address.
#[derive(Debug, Default)]
pub(super) struct Packets {
    flows: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) bytes: u64,
}

impl Count for Page {
    fn weight(&self) -> u64 {
        self.requests
    }
}

impl Count for Client {
    fn weight(&self) -> u64 {
        self.requests
    }
}

impl Count for Agent {
    fn weight(&self) -> u64 {
        self.requests
    }
}

impl Count for Packets {
    fn weight(&self) -> u64 {
        self.flows
    }
}

impl Tally {
    /// Counts what a line tells.
    pub(super) fn add(&mut self, content: &Content<'_>) {
        match content {
            Content::Request(request) => self.request(request),
            Content::Flow(flow) => self.flow(flow),
        }
    }

    fn request(&mut self, request: &Request<'_>) {
        let class = request.status.map_or(0, |status| status / 100);
        let [client_error, server_error] = [u64::from(class == 4), u64::from(class == 5)];
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(request.bytes);
        self.period(request.time, request.time);
        *self.statuses.entry(request.status).or_default() += 1;
        let counts = [1, client_error, server_error];
        self.timeline.add(request.time.div_euclid(1_000), counts);

        let page = self.pages.of(shortened(&request.path), Page::default);
        page.requests += 1;
        page.client_errors += client_error;
        page.server_errors += server_error;
        page.bytes = page.bytes.saturating_add(request.bytes);
        if let Some(duration) = request.duration {
            page.durations.add(duration);
            self.durations.add(duration);
        }
        let client = self.clients.of(shortened(&request.client), Client::default);
        client.requests += 1;
        client.errors += client_error + server_error;
        client.bytes = client.bytes.saturating_add(request.bytes);
        self.agent(
            request.user_agent.as_deref().unwrap_or_default(),
            request.bytes,
        );
    }

    fn agent(&mut self, name: &str, bytes: u64) {
        let (kept, list) = (shortened(name), &self.list);
        let agent = self.agents.of(kept, || Agent {
            requests: 0,
            bytes: 0,
            is_bot: list.is_bot(name),
        });
        agent.requests += 1;
        agent.bytes = agent.bytes.saturating_add(bytes);
        // As `traffic` does, by all of it: what is kept of a long one may be that of others, too.
        let is_bot = if kept.len() == name.len() {
            agent.is_bot
        } else {
            list.is_bot(name)
        };
        if is_bot {
            self.bots.0 += 1;
            self.bots.1 = self.bots.1.saturating_add(bytes);
        }
    }

    fn flow(&mut self, flow: &Flow) {
        self.flows += 1;
        self.bytes = self.bytes.saturating_add(flow.bytes);
        self.period(
            flow.start.saturating_mul(1_000),
            flow.end.saturating_mul(1_000),
        );
        let is_rejected = flow.action == Some(Action::Reject);
        let rejected = if is_rejected { flow.packets } else { 0 };
        self.flow_timeline
            .add(flow.start, [flow.packets, 0, rejected]);
        let port = (flow.protocol, flow.destination_port);
        let port = self.ports.of(&port, Packets::default);
        port.add(flow, is_rejected);
        let source = flow.source.map(|source| source.to_string());
        let source = self
            .sources
            .of(source.as_deref().unwrap_or_default(), Packets::default);
        source.add(flow, is_rejected);
    }

    fn period(&mut self, from: i64, to: i64) {
        let (first, last) = self.period.unwrap_or((from, to));
        self.period = Some((first.min(from), last.max(to)));
    }

    /// Requests whose status begins with this digit; those without one for 0.
    pub(super) fn class(&self, digit: u16) -> u64 {
        let of_class = |status: &Option<u16>| status.map_or(0, |status| status / 100) == digit;
        let statuses = self.statuses.iter();
        statuses
            .filter(|(status, _)| of_class(status))
            .map(|(_, count)| count)
            .sum()
    }
}

impl Packets {
    fn add(&mut self, flow: &Flow, is_rejected: bool) {
        self.flows += 1;
        self.bytes = self.bytes.saturating_add(flow.bytes);
        let packets = if is_rejected {
            &mut self.rejected
        } else {
            &mut self.accepted
        };
        *packets = packets.saturating_add(flow.packets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_user_agent_is_a_bot_by_all_of_it() {
        let mut tally = Tally::default();
        let long = "Mozilla/5.0 ".repeat(60);
        for agent in [&long, &format!("{long} Googlebot/2.1"), &long] {
            tally.agent(agent, 10);
        }
        assert_eq!(tally.bots, (1, 10));
    }
}
