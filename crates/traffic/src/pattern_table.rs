//! Where the URL patterns are kept: a DynamoDB table that people write.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use function::aws::call_error;
use function::delivery::CallError;
use function::env::TableName;

use crate::patterns::{BadPattern, Pattern};

/// Where patterns are kept.
pub trait PatternTable: Sync {
    /// All patterns, and what is none.
    fn load(
        &self,
    ) -> impl Future<Output = Result<(Vec<Pattern>, Vec<BadPattern>), CallError>> + Send;
}

/// Without a table there are no patterns.
impl<P: PatternTable> PatternTable for Option<P> {
    async fn load(&self) -> Result<(Vec<Pattern>, Vec<BadPattern>), CallError> {
        match self {
            Some(table) => table.load().await,
            None => Ok((Vec::new(), Vec::new())),
        }
    }
}

/// A table with the key `Id` (S) and the attributes `Regex` (S) and `Rank` (N).
#[derive(Debug, Clone)]
pub struct DynamoPatterns {
    client: Client,
    table: TableName,
}

impl DynamoPatterns {
    /// The table of that name, reached by `client`.
    #[must_use]
    pub fn new(client: Client, table: TableName) -> Self {
        Self { client, table }
    }
}

impl PatternTable for DynamoPatterns {
    async fn load(&self) -> Result<(Vec<Pattern>, Vec<BadPattern>), CallError> {
        let (mut patterns, mut bad) = (Vec::new(), Vec::new());
        let mut next = None;
        loop {
            let call = self.client.scan().table_name(self.table.as_str());
            let call = call.set_exclusive_start_key(next);
            let answer = call.send().await.map_err(call_error)?;
            for item in answer.items() {
                match pattern(item) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(problem) => bad.push(problem),
                }
            }
            next = answer.last_evaluated_key;
            if next.is_none() {
                return Ok((patterns, bad));
            }
        }
    }
}

fn pattern(item: &HashMap<String, AttributeValue>) -> Result<Pattern, BadPattern> {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let id = text("Id").unwrap_or_default();
    let rank = item.get("Rank").and_then(|value| value.as_n().ok());
    match (text("Regex"), rank.and_then(|rank| rank.parse().ok())) {
        (Some(regex), Some(rank)) => Ok(Pattern { id, regex, rank }),
        (None, _) => Err(BadPattern {
            id,
            problem: "Regex: expected a text".to_owned(),
        }),
        (_, None) => Err(BadPattern {
            id,
            problem: "Rank: expected a number".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_pattern_or_is_told_of() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |text: &str| AttributeValue::N(text.to_owned());
        let item = |regex, rank| {
            let all = [("Id", text("shop")), ("Regex", regex), ("Rank", rank)];
            pattern(&all.map(|(name, value)| (name.to_owned(), value)).into())
        };
        let shop = Pattern {
            id: "shop".to_owned(),
            regex: "^/shop".to_owned(),
            rank: 1.5,
        };
        assert_eq!(item(text("^/shop"), number("1.5")), Ok(shop));
        for (bad, problem) in [
            (item(number("1"), number("1")), "Regex: expected a text"),
            (item(text("x"), text("1")), "Rank: expected a number"),
        ] {
            assert_eq!(bad.expect_err("bad").problem, problem);
        }
    }
}
