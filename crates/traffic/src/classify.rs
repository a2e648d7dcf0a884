//! Which series a request or flow belongs to: its host, its pattern, whether a bot made it.

use model::{Action, Flow, Request};

use crate::bots::Bots;
use crate::hosts::{Hosts, OTHER, Ports};
use crate::memo::Memo;
use crate::patterns::Patterns;
use crate::series::{Scope, action, protocol};

/// What a request or flow is counted under, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A person's request.
    Page { host: u16, pattern: u16 },
    /// A bot's request.
    Bots { host: u16 },
    /// A flow.
    Flows {
        action: Option<Action>,
        protocol: &'static str,
        port: Option<u16>,
    },
}

/// Tells what requests and flows are counted under, and remembers what paths and user
/// agents came to.
#[derive(Debug)]
pub struct Classifier {
    hosts: Hosts,
    ports: Ports,
    bots: Bots,
    patterns: Patterns,
    paths: Memo<u16>,
    agents: Memo<bool>,
}

impl Classifier {
    /// A classifier with these hosts, ports and patterns.
    #[must_use]
    pub fn new(hosts: Hosts, ports: Ports, bots: Bots, patterns: Patterns) -> Self {
        Self {
            hosts,
            ports,
            bots,
            patterns,
            paths: Memo::new(),
            agents: Memo::new(),
        }
    }

    /// Takes other patterns in the place of those that it had.
    pub(crate) fn set_patterns(&mut self, patterns: Patterns) {
        self.patterns = patterns;
        self.paths = Memo::new();
    }

    pub(crate) fn request(&mut self, request: &Request<'_>) -> Kind {
        let host = self.hosts.find(request.host.as_deref());
        let bots = &self.bots;
        let is_bot = |agent: &str| self.agents.get(agent, || bots.is_bot(agent));
        if request.user_agent.as_deref().is_some_and(is_bot) {
            return Kind::Bots { host };
        }
        let (patterns, path) = (&self.patterns, &request.path);
        let pattern = self.paths.get(path, || patterns.number(path));
        Kind::Page { host, pattern }
    }

    pub(crate) fn flow(&self, flow: &Flow) -> Kind {
        Kind::Flows {
            action: flow.action,
            protocol: protocol(flow.protocol),
            port: self.ports.find(flow.destination_port),
        }
    }

    /// What a kind is called.
    pub(crate) fn scope(&self, kind: Kind) -> Scope {
        match kind {
            Kind::Page { host, pattern } => Scope::Page {
                host: self.hosts.name(host).to_owned(),
                pattern: self.patterns.name(pattern).to_owned(),
            },
            Kind::Bots { host } => Scope::Bots {
                host: self.hosts.name(host).to_owned(),
            },
            Kind::Flows {
                action: of,
                protocol,
                port,
            } => Scope::Flows {
                action: action(of).to_owned(),
                protocol: protocol.to_owned(),
                port: port.map_or_else(|| OTHER.to_owned(), |port| port.to_string()),
            },
        }
    }
}
