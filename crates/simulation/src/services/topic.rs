//! The topic, and what people got from it.

use std::time::Duration;

use function::delivery::{CallError, Outcome, Target};
use notify::Message;

use crate::call::Extent;
use crate::faults::Service;
use crate::services::Client;
use crate::services::ledger::{Entry, footer};
use crate::world::{World, lock};

/// A message that people got.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its last line: the alarm record that it tells of.
    pub footer: String,
    /// Its subject.
    pub subject: String,
    /// Who published it.
    pub invocation: u64,
    /// Whether its publisher had the claim on it, or it was long on its way.
    pub claimed: bool,
    /// Whether the publisher learned that it is out.
    pub answered: bool,
    /// Whether the publisher noted that before its claim was another's.
    pub noted: bool,
}

/// A call that takes longer was frozen on its way, or is carried out late.
const PROMPT: Duration = Duration::from_secs(1);

/// Whether the ledger knows its publisher as the one who tells it.
fn is_claimed(world: &World, published: &Published) -> bool {
    let invocation = published.invocation.to_string();
    lock(&world.ledger).iter().any(|(key, entry)| {
        let claimed = matches!(entry, Entry::InProgress { owner, .. } if *owner == invocation);
        claimed && footer(key) == published.footer
    })
}

/// Everything that people got, in its order.
pub type Topic = Vec<Published>;

impl Target<Message> for Client {
    async fn call(&self, messages: &[&Message]) -> Result<Vec<Outcome>, CallError> {
        let invocation = self.process.invocation();
        let published = messages.iter().map(|message| Published {
            footer: message
                .email
                .trim_end()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
            subject: message.subject.clone(),
            invocation,
            claimed: true,
            answered: false,
            noted: false,
        });
        let published: Vec<Published> = published.collect();
        let footers: Vec<String> = published.iter().map(|p| p.footer.clone()).collect();
        let what = || format!("publish {}", footers.join(", "));
        let called = self.world.elapsed();
        let publish = move |world: &World, _: Extent| {
            let mut topic = lock(&world.topic);
            let from = topic.len();
            let prompt = world.elapsed() - called < PROMPT;
            topic.extend(published.into_iter().map(|published| Published {
                claimed: !prompt || is_claimed(world, &published),
                ..published
            }));
            from..topic.len()
        };
        let to = (Service::Topic, messages.len());
        let there = self.world.call(&self.process, to, what, publish).await?;
        let count = there.len();
        lock(&self.world.topic)[there]
            .iter_mut()
            .for_each(|p| p.answered = true);
        Ok(vec![Outcome::Done; count])
    }
}
