//! The ledger of `notify`: conditional puts under an alarm record's key.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use function::delivery::CallError;
use notify::Claim;

use crate::call::Extent;
use crate::faults::Service;
use crate::services::{Client, Published};
use crate::world::{World, lock};

/// An entry: who is telling it and until when, or that it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Somebody is telling it.
    InProgress {
        /// Who.
        owner: String,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It is told.
    Completed,
}

/// The entries.
pub type Ledger = BTreeMap<String, Entry>;

impl notify::Ledger for Client {
    async fn claim(
        &self,
        id: &str,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Claim, CallError> {
        let (key, owner) = (id.to_owned(), owner.to_owned());
        let claim = move |world: &World, _: Extent| {
            let mut ledger = lock(&world.ledger);
            match ledger.get(&key) {
                Some(Entry::Completed) => return Claim::Done,
                Some(Entry::InProgress {
                    owner: other,
                    until,
                }) if *other != owner && *until >= now => {
                    return Claim::Theirs;
                }
                _ => {}
            }
            ledger.insert(key, Entry::InProgress { owner, until });
            Claim::Ours
        };
        let to = (Service::Ledger, 1);
        let what = || format!("claim {id} until {}", until.format("%H:%M:%S%.3f"));
        self.world.call(&self.process, to, what, claim).await
    }

    async fn complete(&self, id: &str, _: DateTime<Utc>) -> Result<(), CallError> {
        let (key, invocation) = (id.to_owned(), self.process.invocation());
        let complete = move |world: &World, _: Extent| {
            let footer = footer(&key);
            let before = lock(&world.ledger).insert(key, Entry::Completed);
            let ours = match before {
                Some(Entry::InProgress { owner, .. }) => owner == invocation.to_string(),
                // Noted before, if this is another try; else by somebody else.
                Some(Entry::Completed) | None => false,
            };
            let mut topic = lock(&world.topic);
            let mine =
                |p: &&mut Published| p.invocation == invocation && p.answered && p.footer == footer;
            topic.iter_mut().filter(mine).for_each(|p| p.noted |= ours);
        };
        let to = (Service::Ledger, 1);
        self.world
            .call(&self.process, to, || format!("complete {id}"), complete)
            .await
    }

    async fn release(&self, id: &str, owner: &str) -> Result<(), CallError> {
        let (key, owner) = (id.to_owned(), owner.to_owned());
        let release = move |world: &World, _: Extent| {
            let mut ledger = lock(&world.ledger);
            let ours = |e: &Entry| matches!(e, Entry::InProgress { owner: o, .. } if *o == owner);
            if ledger.get(&key).is_some_and(ours) {
                ledger.remove(&key);
            }
        };
        let to = (Service::Ledger, 1);
        self.world
            .call(&self.process, to, || format!("release {id}"), release)
            .await
    }
}

/// The last line of the message that tells of this alarm record.
#[must_use]
pub fn footer(key: &str) -> String {
    let mut parts = key.split('#');
    let mut part = || parts.next().unwrap_or_default();
    let (id, kind, at) = (part(), part(), part());
    let at = at.trim_end_matches('Z').replace('T', " ");
    format!("Alarm {id}, {kind} at {at} UTC")
}
