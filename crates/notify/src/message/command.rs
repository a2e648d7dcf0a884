//! Commands to paste, which look at the strongest contributor.
//!
//! No text from the outside is ever part of one: only what was read as a number, or made
//! one, whatever a shell or JSON would make of the text itself.

use function::env::TableName;
use model::{Dimension, Verdict};

/// How to look at the strongest contributor, if it stands out and there is where to look.
pub(super) fn of(verdict: Option<&Verdict<'_>>, orders: Option<&TableName>) -> Option<String> {
    let verdict = verdict.filter(|verdict| verdict.stands_out())?;
    match verdict.dimension {
        Dimension::Customer => {
            let key = verdict.strongest.customer()?.key()?;
            let command = order_lines(key, orders?);
            Some(format!(
                "Order lines of the first customer, highest order numbers first\n  {command}\n\n"
            ))
        }
        Dimension::Country | Dimension::Article => None,
    }
}

/// Reads the rows under a customer's key. A table's name has no character that a shell
/// takes for another.
fn order_lines(key: i64, orders: &TableName) -> String {
    format!(
        "aws dynamodb query --table-name {} --no-scan-index-forward --max-items 100 \
         --key-condition-expression 'CustomerID = :c' \
         --expression-attribute-values '{{\":c\": {{\"N\": \"{key}\"}}}}'",
        orders.as_str()
    )
}
