//! AWS Lambda's event source mapping for Kinesis, as pure logic: what is read from
//! which shard, what goes into a batch, what follows an answer, and what is given up.
//!
//! A [`Mapping`] says what to do ([`Action`]) and is told what came of it; a driver
//! does it, over real services or simulated ones. Time and randomness are arguments.
//! No clock, no sleeping, no thread, no runtime and no AWS SDK belong here.
//!
//! Each rule names its source in AWS's documentation, in the code and in
//! `tests/rules`. Where AWS says nothing, the code says what was chosen. One batch
//! of a shard is in flight at a time (`ParallelizationFactor` 1). Not here: filters,
//! tumbling windows, enhanced fan-out, and the stream's retention, which is the
//! stream's own.
//!
//! ```
//! use chrono::{DateTime, TimeDelta};
//! use mapping::{Action, Checkpoints, Mapping, Outcome, Page, Settings, ShardInfo, Source, Start};
//!
//! let source = Source {
//!     stream_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/orders".into(),
//!     function_arn: "arn:aws:lambda:us-east-1:123456789012:function:orders".into(),
//!     role_arn: "arn:aws:iam::123456789012:role/orders".into(),
//! };
//! let settings = Settings::new(source, Start::TrimHorizon);
//! let mut mapping = Mapping::new(settings, Checkpoints::default()).expect("valid settings");
//! let mut now = DateTime::UNIX_EPOCH;
//! for _ in 0..2 {
//!     for action in mapping.next(now, &mut || 0.5) {
//!         match action {
//!             Action::List => mapping.shards(&[ShardInfo { id: "a".into(), parents: vec![] }], now),
//!             Action::Read { shard, .. } => mapping.records(&shard, Page::default(), now),
//!             Action::Invoke(invocation) => {
//!                 mapping.answered(invocation.id, &Outcome::Returned(b"null".to_vec()));
//!             }
//!             Action::Discard(_) | Action::Checkpoint(_) => {}
//!         }
//!     }
//!     now = now.max(mapping.wake_at());
//! }
//! assert_eq!(now, DateTime::UNIX_EPOCH + TimeDelta::seconds(1));
//! ```

mod action;
mod batch;
mod discarded;
mod event;
mod failure;
mod mapping;
mod outcome;
mod position;
mod reading;
mod settings;
mod shard;
mod step;

pub use action::{Action, Invocation, InvocationId, Page};
pub use discarded::{Condition, Discarded};
pub use event::{Record, event_json};
pub use mapping::Mapping;
pub use outcome::Outcome;
pub use position::{Checkpoints, Position, Progress, ShardId, ShardInfo};
pub use settings::{SettingError, Settings, Source, Start};
