//! What can go wrong, and where.

use std::fmt;
use std::time::Duration;

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
    /// The stream of requests.
    Requests,
    /// The queue of notifications.
    Notifications,
    /// S3's bucket of access logs.
    Objects,
    /// DynamoDB's table of what is counted of them.
    Marks,
    /// CloudWatch.
    Metrics,
    /// DynamoDB's table of URL patterns.
    Patterns,
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

    /// Those that `traffic` calls, beside the rejects queue.
    pub const OF_TRAFFIC: [Self; 4] = [Self::Objects, Self::Marks, Self::Metrics, Self::Patterns];

    /// How long an SDK waits for an answer. SNS's is waited for longer: a publication
    /// that is given up may have happened.
    #[must_use]
    pub fn patience(self) -> Duration {
        Duration::from_secs(if self == Self::Topic { 20 } else { 5 })
    }

    /// Whether it is called in every second.
    #[must_use]
    pub fn is_busy(self) -> bool {
        matches!(
            self,
            Self::Orders | Self::Rows | Self::Counts | Self::Objects | Self::Marks
        )
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
            Self::Requests => "requests stream",
            Self::Notifications => "log queue",
            Self::Objects => "log bucket",
            Self::Marks => "traffic table",
            Self::Metrics => "CloudWatch",
            Self::Patterns => "patterns table",
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
    /// The next bytes of an object are long in coming.
    Stalled,
    /// An object is replaced, or goes away.
    Replaced,
    /// A message is sent, received or kept once more.
    DeliveredAgain,
    /// A message was received too often.
    DeadLetter,
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
            Self::Stalled => "stalled",
            Self::Replaced => "replaced",
            Self::DeliveredAgain => "delivered again",
            Self::DeadLetter => "dead letter",
        };
        f.pad(name)
    }
}
