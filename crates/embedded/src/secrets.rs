//! Secrets Manager: texts by name.
//!
//! Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/>

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use crate::protocol::{Failure, text};
use crate::{ACCOUNT, REGION};

/// Answers one request.
pub(crate) fn answer(
    database: &Connection,
    operation: &str,
    request: &Value,
) -> Result<Value, Failure> {
    match operation {
        "CreateSecret" => {
            let name = text(request, "Name")?;
            let made = database.execute(
                "INSERT OR IGNORE INTO secrets VALUES (?, ?)",
                [name, text(request, "SecretString")?],
            )?;
            if made == 0 {
                let message = format!("there is a secret {name} already");
                return Err(Failure::new("ResourceExistsException", message));
            }
            Ok(json!({"ARN": arn(name), "Name": name}))
        }
        "PutSecretValue" => {
            let name = name(text(request, "SecretId")?);
            let changed = database.execute(
                "UPDATE secrets SET text = ?2 WHERE name = ?1",
                [name, text(request, "SecretString")?],
            )?;
            if changed == 0 {
                return Err(missing(name));
            }
            Ok(json!({"ARN": arn(name), "Name": name}))
        }
        "GetSecretValue" => {
            let name = name(text(request, "SecretId")?);
            let found = database
                .query_row("SELECT text FROM secrets WHERE name = ?", [name], |row| {
                    row.get::<_, String>(0)
                })
                .optional()?;
            let text = found.ok_or_else(|| missing(name))?;
            Ok(json!({"ARN": arn(name), "Name": name, "SecretString": text}))
        }
        _ => Err(Failure::unknown(&format!("Secrets Manager {operation}"))),
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}")
}

/// A secret may be named by its ARN.
fn name(id: &str) -> &str {
    id.strip_prefix(&arn("")).unwrap_or(id)
}

fn missing(name: &str) -> Failure {
    Failure::new(
        "ResourceNotFoundException",
        format!("there is no secret {name}"),
    )
}
