//! What can go wrong: the kinds of faults, when they strike, and how often they did.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use fastrand::Rng;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The orders stream, as producers put to it.
    Orders,
    /// DynamoDB's table of rows.
    Rows,
    /// SQS's rejects queue.
    Rejects,
    /// DynamoDB's table of counts.
    Counts,
    /// The alarm stream, as `surge` puts to it.
    Alarms,
    /// DynamoDB's table of what is told.
    Ledger,
    /// SNS's topic.
    Topic,
    /// Secrets Manager.
    Secret,
    /// MySQL.
    Database,
    /// The functions' processes.
    Process,
    /// The event source mappings.
    Mapping,
}

impl Service {
    /// The services that functions and producers call.
    pub const CALLED: [Self; 9] = [
        Self::Orders,
        Self::Rows,
        Self::Rejects,
        Self::Counts,
        Self::Alarms,
        Self::Ledger,
        Self::Topic,
        Self::Secret,
        Self::Database,
    ];

    /// How long an SDK waits for an answer. SNS's is waited for longer: a publication
    /// that is given up may have happened.
    #[must_use]
    pub fn patience(self) -> Duration {
        Duration::from_secs(if self == Self::Topic { 20 } else { 5 })
    }

    /// Whether it is called in every second.
    #[must_use]
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Orders | Self::Rows | Self::Counts)
    }

    /// Whether a call holds several items, of which some may be taken.
    #[must_use]
    pub fn takes_parts(self) -> bool {
        matches!(self, Self::Rows | Self::Rejects | Self::Orders)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Orders => "orders stream",
            Self::Rows => "rows table",
            Self::Rejects => "rejects queue",
            Self::Counts => "counts table",
            Self::Alarms => "alarm stream",
            Self::Ledger => "ledger",
            Self::Topic => "topic",
            Self::Secret => "secret",
            Self::Database => "database",
            Self::Process => "processes",
            Self::Mapping => "mappings",
        };
        f.pad(name)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A call fails before anything is done.
    Before,
    /// A call is carried out and its answer is an error.
    After,
    /// A call is throttled.
    Throttled,
    /// A call is refused for missing rights.
    Denied,
    /// A call is never answered, and not carried out.
    Lost,
    /// A call is carried out and never answered.
    Unanswered,
    /// A call is given up by its caller, and carried out later.
    Late,
    /// Some of a call's items are taken.
    InPart,
    /// A read sees what was there before the last write.
    Stale,
    /// A service is away for a while: all calls fail.
    Outage,
    /// The password is changed under running functions.
    Rotated,
    /// A process dies between two awaits.
    Death,
    /// A process is frozen and goes on when others have its work.
    Frozen,
    /// A process is frozen for an hour.
    FrozenForAnHour,
    /// A second process works on the same batch.
    Twice,
    /// A process begins cold.
    Cold,
    /// A process's clock is wrong.
    Skewed,
    /// A function answers, and the answer is lost.
    AnswerLost,
    /// An invocation is throttled.
    NotInvoked,
    /// A mapping dies, and another goes on from its checkpoints.
    Restarted,
    /// A clock's event is not delivered.
    Missed,
    /// A shard becomes two.
    Split,
    /// Two shards become one.
    Merged,
    /// A record comes with an earlier arrival time than the one before it.
    Disorder,
}

impl Fault {
    /// What a call can suffer anywhere.
    pub const OF_CALLS: [Self; 7] = [
        Self::Before,
        Self::After,
        Self::Throttled,
        Self::Denied,
        Self::Lost,
        Self::Unanswered,
        Self::Late,
    ];

    /// What processes can suffer.
    pub const OF_PROCESSES: [Self; 6] = [
        Self::Death,
        Self::Frozen,
        Self::FrozenForAnHour,
        Self::Twice,
        Self::Cold,
        Self::Skewed,
    ];

    /// What mappings and streams can suffer.
    pub const OF_MAPPINGS: [Self; 4] = [
        Self::AnswerLost,
        Self::NotInvoked,
        Self::Restarted,
        Self::Missed,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Before => "fails before",
            Self::After => "fails after",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Lost => "lost",
            Self::Unanswered => "unanswered",
            Self::Late => "carried out late",
            Self::InPart => "in part",
            Self::Stale => "stale read",
            Self::Outage => "outage",
            Self::Rotated => "rotated",
            Self::Death => "death",
            Self::Frozen => "frozen",
            Self::FrozenForAnHour => "frozen for an hour",
            Self::Twice => "twice at once",
            Self::Cold => "cold start",
            Self::Skewed => "skewed clock",
            Self::AnswerLost => "answer lost",
            Self::NotInvoked => "not invoked",
            Self::Restarted => "restarted",
            Self::Missed => "clock missed",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::Disorder => "arrival disorder",
        };
        f.pad(name)
    }
}

/// How often each fault struck where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<(Fault, Service), u64>);

impl Tally {
    /// Notes a fault.
    pub fn note(&mut self, fault: Fault, service: Service) {
        *self.0.entry((fault, service)).or_default() += 1;
    }

    /// Adds another run's faults.
    pub fn add(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(*key).or_default() += count;
        }
    }

    /// How often a fault struck somewhere.
    #[must_use]
    pub fn count(&self, fault: Fault, service: Service) -> u64 {
        self.0.get(&(fault, service)).copied().unwrap_or(0)
    }

    /// Every fault that the simulation promises to inject.
    pub fn expected() -> Vec<(Fault, Service)> {
        let of_calls = Service::CALLED
            .into_iter()
            .flat_map(|s| Fault::OF_CALLS.map(|f| (f, s)));
        let parts = Service::CALLED.into_iter().filter(|s| s.takes_parts());
        let outages = Service::CALLED.map(|s| (Fault::Outage, s));
        of_calls
            .chain(parts.map(|s| (Fault::InPart, s)))
            .chain(outages)
            .chain(Fault::OF_PROCESSES.map(|f| (f, Service::Process)))
            .chain(Fault::OF_MAPPINGS.map(|f| (f, Service::Mapping)))
            .chain([
                (Fault::Stale, Service::Counts),
                (Fault::Rotated, Service::Secret),
                (Fault::Split, Service::Orders),
                (Fault::Merged, Service::Orders),
                (Fault::Split, Service::Alarms),
                (Fault::Merged, Service::Alarms),
                (Fault::Disorder, Service::Orders),
            ])
            .collect()
    }
}

/// A service that is away.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Which.
    pub service: Service,
    /// From when on.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// How its calls fail.
    pub fault: Fault,
}

/// When faults strike.
#[derive(Debug, Clone)]
pub struct Weather {
    /// How many of a thousand calls to a service fail.
    pub calls: BTreeMap<Service, u32>,
    /// Services that fail in one way alone.
    pub habits: BTreeMap<Service, Fault>,
    /// How many of a thousand invocations suffer each of what processes and mappings
    /// can.
    pub processes: u32,
    /// Services that are away.
    pub outages: Vec<Outage>,
    /// When the last fault may strike: from then on all is well.
    pub until: Duration,
    /// Whether processes may be frozen for an hour.
    pub hours: bool,
}

impl Weather {
    /// Whether one of those that strike `per_mille` of a thousand times does.
    pub fn strikes(&self, rng: &mut Rng, at: Duration, per_mille: u32) -> bool {
        at < self.until && rng.u32(0..1000) < per_mille
    }

    /// How a service that is away answers, if it is.
    #[must_use]
    pub fn away(&self, at: Duration, to: Service) -> Option<Fault> {
        let away = |o: &&Outage| o.service == to && (o.from..o.until).contains(&at);
        let outage = self.outages.iter().find(away)?;
        (at < self.until).then_some(outage.fault)
    }

    /// What happens to a call of several items or one.
    pub fn of_call(&self, rng: &mut Rng, at: Duration, to: Service, items: usize) -> Option<Fault> {
        let rate = self.calls.get(&to).copied().unwrap_or(0);
        if !self.strikes(rng, at, rate) {
            return None;
        }
        if items > 1 && to.takes_parts() && rng.u32(0..3) == 0 {
            return Some(Fault::InPart);
        }
        if let Some(habit) = self.habits.get(&to) {
            return Some(*habit);
        }
        rng.choice(Fault::OF_CALLS)
    }
}
