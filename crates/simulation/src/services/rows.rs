//! The rows table: BatchWriteItem's puts, of which some may come back unprocessed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use function::delivery::{CallError, Outcome, Target};
use orders::Row;

use crate::faults::Service;
use crate::order::REFUSED;
use crate::services::Client;
use crate::world::lock;

/// A row's attributes as text.
pub(crate) type Item = BTreeMap<String, String>;

/// The table, by partition and sort key.
pub type Rows = BTreeMap<(i64, String), Item>;

impl Target<Row<'_>> for Client {
    async fn call(&self, rows: &[&Row<'_>]) -> Result<Vec<Outcome>, CallError> {
        let owned = |row: &&Row<'_>| {
            let (partition, sort) = row.key();
            ((partition, sort.to_owned()), item(row))
        };
        let items: Vec<_> = rows.iter().map(owned).collect();
        let distinct: BTreeMap<_, _> = items.iter().map(|(key, _)| (key, ())).collect();
        if distinct.len() < items.len() || items.len() > 25 {
            self.world.wrong(format!(
                "{} puts of {} keys in a call",
                items.len(),
                distinct.len()
            ));
        }
        let what = || format!("put {} rows", items.len());
        let put = {
            let items = items.clone();
            move |world: &crate::world::World, mut extent: crate::call::Extent| {
                if items
                    .iter()
                    .any(|(_, item)| item["Description"].contains(REFUSED))
                {
                    return None;
                }
                let mut table = lock(&world.rows);
                let mut put = |(key, item)| {
                    let takes = extent.takes();
                    if takes {
                        table.insert(key, item);
                    }
                    if takes { Outcome::Done } else { Outcome::Again }
                };
                Some(items.into_iter().map(&mut put).collect())
            }
        };
        let to = (Service::Rows, items.len());
        let outcomes = self.world.call(&self.process, to, what, put).await?;
        outcomes.ok_or_else(|| CallError::Refused("ValidationException".into()))
    }
}

fn item(row: &Row<'_>) -> Item {
    let text = |value: AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => format!("{other:?}"),
    };
    row.item()
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}
