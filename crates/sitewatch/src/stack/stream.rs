//! A Kinesis stream as a mapping reads it.

use std::collections::HashMap;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::DateTime as Moment;
use aws_sdk_kinesis::types::ShardIteratorType;
use chrono::{DateTime, Utc};
use function::SequenceNumber;
use mapping::{Page, Position, Record, ShardId, ShardInfo};

/// A stream's shards, and where each is read on.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    client: Client,
    name: &'static str,
}

/// Where a shard is read on: iterators that are kept from read to read.
pub(crate) type Iterators = HashMap<ShardId, String>;

/// What a read gave, and the iterator to read on with.
pub(crate) type Read = (Page, Option<String>);

impl Stream {
    pub(crate) fn new(client: Client, name: &'static str) -> Self {
        Self { client, name }
    }

    /// All shards, open and closed.
    pub(crate) async fn shards(&self) -> Result<Vec<ShardInfo>, aws_sdk_kinesis::Error> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.list_shards();
            // A token names its stream.
            let call = match token {
                None => call.stream_name(self.name),
                token => call.set_next_token(token),
            };
            let answer = call.send().await?;
            found.extend(answer.shards().iter().map(|shard| {
                let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
                ShardInfo {
                    id: shard.shard_id().into(),
                    parents: parents.into_iter().flatten().map(ShardId::from).collect(),
                }
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Reads on in a shard with `iterator`, or from where there is none.
    pub(crate) async fn read(
        &self,
        shard: &ShardId,
        from: &Position,
        iterator: Option<String>,
        limit: usize,
    ) -> Result<Read, aws_sdk_kinesis::Error> {
        let answer = match iterator {
            None => self.records(self.iterator(shard, from).await?, limit).await,
            // After five minutes without a read it is of no use any more.
            kept => match self.records(kept, limit).await {
                Err(aws_sdk_kinesis::Error::ExpiredIteratorException(_)) => {
                    self.records(self.iterator(shard, from).await?, limit).await
                }
                answer => answer,
            },
        }?;
        let page = Page {
            records: answer.records.iter().filter_map(record).collect(),
            behind: answer.millis_behind_latest.is_some_and(|behind| behind > 0),
            ended: answer.next_shard_iterator.is_none(),
        };
        Ok((page, answer.next_shard_iterator))
    }

    async fn records(
        &self,
        iterator: Option<String>,
        limit: usize,
    ) -> Result<GetRecordsOutput, aws_sdk_kinesis::Error> {
        let call = self
            .client
            .get_records()
            .set_shard_iterator(iterator)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        Ok(call.send().await?)
    }

    async fn iterator(
        &self,
        shard: &ShardId,
        from: &Position,
    ) -> Result<Option<String>, aws_sdk_kinesis::Error> {
        let call = self
            .client
            .get_shard_iterator()
            .stream_name(self.name)
            .shard_id(shard.as_str());
        let call = match from {
            Position::TrimHorizon => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Position::At(time) => call
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(Moment::from_millis(time.timestamp_millis())),
            Position::After(last) => call
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(last.as_str()),
        };
        Ok(call.send().await?.shard_iterator)
    }
}

/// A record as the mapping takes it. Kinesis numbers all of them.
fn record(record: &aws_sdk_kinesis::types::Record) -> Option<Record> {
    let arrived_at = record.approximate_arrival_timestamp();
    let arrived_at =
        arrived_at.and_then(|at| DateTime::from_timestamp(at.secs(), at.subsec_nanos()));
    Some(Record {
        sequence_number: SequenceNumber::parse(record.sequence_number())?,
        partition_key: record.partition_key().unwrap_or_default().to_owned(),
        arrived_at: arrived_at.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        data: record.data().as_ref().to_vec(),
    })
}
