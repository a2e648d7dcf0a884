//! The table of patterns in DynamoDB.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use function::Deadline;
use function::aws::call_error;
use function::delivery::{CallError, Delivery, Limits, Outcome, Pauses, Target, deliver, retry};
use function::env::TableName;
use traffic::{BadPattern, DynamoPatterns, Pattern, PatternTable as _};

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};
/// BatchWriteItem: 25 requests, 16 MB.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const LIMITS: Limits = Limits {
    items_per_call: 25,
    bytes_per_call: 8 * 1024 * 1024,
    in_flight: 1,
    pauses: PAUSES,
};
/// For reading or writing all of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A table, reached by the SDK.
pub(crate) struct Table {
    client: Client,
    name: TableName,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    /// A pattern, in place of that with its id, if there is one.
    Put(Pattern),
    /// The pattern of an id is taken out.
    Delete(String),
}

impl Write {
    /// The id of its pattern.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Put(pattern) => &pattern.id,
            Self::Delete(id) => id,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Put(pattern) => pattern.id.len() + pattern.regex.len() + 100,
            Self::Delete(id) => id.len() + 100,
        }
    }

    fn request(&self) -> Result<WriteRequest, aws_sdk_dynamodb::error::BuildError> {
        let id = AttributeValue::S(self.id().to_owned());
        let request = WriteRequest::builder();
        Ok(match self {
            Self::Put(pattern) => {
                let put = PutRequest::builder()
                    .item("Id", id)
                    .item("Regex", AttributeValue::S(pattern.regex.clone()))
                    .item("Rank", AttributeValue::N(pattern.rank.to_string()));
                request.put_request(put.build()?).build()
            }
            Self::Delete(_) => {
                let delete = DeleteRequest::builder().key("Id", id);
                request.delete_request(delete.build()?).build()
            }
        })
    }
}

impl Table {
    pub(crate) fn new(config: &SdkConfig, name: TableName) -> Self {
        Self {
            client: Client::new(config),
            name,
        }
    }

    /// The table's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// All patterns, and what is none.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn load(&self) -> anyhow::Result<(Vec<Pattern>, Vec<BadPattern>)> {
        let table = DynamoPatterns::new(self.client.clone(), self.name.clone());
        let loaded = retry(PAUSES, Deadline::after(PATIENCE), || table.load()).await;
        loaded.with_context(|| format!("reading the table {}", self.name()))
    }

    /// Writes all of it, or says of each what is not.
    pub(crate) async fn write(&self, writes: &[Write]) -> Delivery {
        let deadline = Deadline::after(PATIENCE);
        deliver(self, writes, Write::size, LIMITS, deadline).await
    }
}

impl Target<Write> for Table {
    async fn call(&self, writes: &[&Write]) -> Result<Vec<Outcome>, CallError> {
        let requests = writes.iter().map(|write| write.request());
        let requests: Result<Vec<_>, _> = requests.collect();
        let requests = requests.map_err(|error| CallError::Refused(Box::new(error)))?;
        let call = self.client.batch_write_item();
        let answer = call.request_items(self.name(), requests).send().await;
        let answer = answer.map_err(call_error)?;
        let tables = answer.unprocessed_items().into_iter();
        let unprocessed: Vec<_> = tables.flat_map(HashMap::values).flatten().map(id).collect();
        let outcome = |write: &&Write| match unprocessed.contains(&Some(write.id())) {
            true => Outcome::Again,
            false => Outcome::Done,
        };
        let outcomes: Vec<_> = writes.iter().map(outcome).collect();
        let again = outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Again);
        if again.count() != unprocessed.len() {
            // An answer that speaks of others tells nothing of these.
            return Ok(vec![Outcome::Again; writes.len()]);
        }
        Ok(outcomes)
    }
}

/// The id of a request that came back.
fn id(request: &WriteRequest) -> Option<&str> {
    let put = request.put_request().and_then(|put| put.item().get("Id"));
    let delete = request
        .delete_request()
        .and_then(|delete| delete.key().get("Id"));
    put.or(delete)?.as_s().ok().map(String::as_str)
}
