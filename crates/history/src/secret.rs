//! The database's secret: whom to log in as, and where, as far as it says.
//!
//! Nothing of it is ever shown: errors name a field, never what it holds.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use function::Deadline;
use function::aws::call_error;
use function::delivery::{CallError, Pauses, retry};
use serde_json::{Map, Value};

use crate::config::{Place, parse_host, parse_name, parse_port};

/// The pauses between tries to read a secret.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(2),
};
/// The port of MySQL where nobody says another.
const PORT: u16 = 3306;
/// What a secret calls the databases that speak MySQL's protocol.
const ENGINES: [&str; 4] = ["mysql", "mariadb", "aurora-mysql", "aurora"];

/// Where the secret is kept.
pub trait Secrets: Sync {
    /// Reads the secret as it is now: its JSON. It changes under a running function,
    /// so an answer must never come from a cache.
    fn read(&self, deadline: Deadline) -> impl Future<Output = Result<String, CallError>> + Send;
}

/// A secret in AWS Secrets Manager.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: Client,
    id: String,
}

impl SecretsManager {
    /// The secret of that name or ARN, reached by `client`.
    #[must_use]
    pub fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }
}

impl Secrets for SecretsManager {
    async fn read(&self, deadline: Deadline) -> Result<String, CallError> {
        let call = async || {
            let call = self.client.get_secret_value().secret_id(&self.id);
            let answer = call.send().await.map_err(call_error)?;
            let text = answer
                .secret_string
                .ok_or("it holds bytes, expected a text");
            text.map_err(|error| CallError::Permanent(error.into()))
        };
        retry(PAUSES, deadline, call).await
    }
}

/// A secret that no database can be reached with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is no JSON object.
    #[error("the secret is no JSON object: expected one with username and password")]
    NotJson,
    /// A field is not there, and no variable stands in for it.
    #[error("the secret has no {field}: expected {expected}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// A field holds something else.
    #[error("the secret's {field} is of no use: expected {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

/// Whom to log in as, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The database's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its name.
    pub database: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: String,
}

impl Login {
    /// Reads a secret as RDS or an operator writes it: `username` and `password`,
    /// and where it says them `host`, `port`, `dbname` and `engine`. For what it does
    /// not say, `place` does.
    /// Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html>
    ///
    /// # Errors
    /// [`SecretError`] for the first field that is missing or malformed.
    pub fn parse(json: &str, place: &Place) -> Result<Self, SecretError> {
        // The reason stays behind: it may quote the secret.
        let fields: Map<String, Value> =
            serde_json::from_str(json).map_err(|_| SecretError::NotJson)?;
        let secret = Fields(fields);
        let engine = |text: &str| {
            ENGINES
                .contains(&text.to_ascii_lowercase().as_str())
                .then_some(())
        };
        secret.field("engine", "mysql, mariadb or aurora-mysql", engine)?;
        let any = |text: &str| Some(text.to_owned());
        let host = "a host name or an IP address, or DB_HOST to be set";
        Ok(Self {
            host: secret
                .field("host", host, parse_host)?
                .or_else(|| place.host.clone())
                .ok_or(missing("host", host))?,
            port: secret
                .field("port", "a port (1 to 65535)", parse_port)?
                .or(place.port)
                .unwrap_or(PORT),
            database: secret
                .field("dbname", "a database name (1 to 64 characters)", parse_name)?
                .unwrap_or_else(|| place.database.clone()),
            user: secret
                .field("username", "a user's name", any)?
                .ok_or(missing("username", "a user's name"))?,
            password: secret
                .field("password", "the user's password", any)?
                .ok_or(missing("password", "the user's password"))?,
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

fn missing(field: &'static str, expected: &'static str) -> SecretError {
    SecretError::Missing { field, expected }
}

/// A secret's fields, of which an empty one is none.
struct Fields(Map<String, Value>);

impl Fields {
    fn field<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SecretError> {
        let malformed = SecretError::Malformed { field, expected };
        let text = match self.0.get(field) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if field == "port" => number.to_string(),
            Some(_) => return Err(malformed),
        };
        parse(&text).map(Some).ok_or(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            host: Some("db.example".to_owned()),
            port: Some(3307),
            database: "logs".to_owned(),
        }
    }

    fn login(host: &str, port: u16, database: &str) -> Login {
        Login {
            host: host.to_owned(),
            port,
            database: database.to_owned(),
            user: "u".to_owned(),
            password: "p".to_owned(),
        }
    }

    #[test]
    fn a_secret_wins_where_it_says_something() {
        let full = r#"{"engine":"mysql","host":"h","port":3308,"dbname":"d","username":"u","password":"p"}"#;
        assert_eq!(Login::parse(full, &place()), Ok(login("h", 3308, "d")));
        let text = r#"{"engine":"Aurora-MySQL","host":"h","port":"3308","username":"u","password":"p","dbname":""}"#;
        assert_eq!(Login::parse(text, &place()), Ok(login("h", 3308, "logs")));
        let managed = r#"{"username":"u","password":"p"}"#;
        assert_eq!(
            Login::parse(managed, &place()),
            Ok(login("db.example", 3307, "logs"))
        );
        let place = Place {
            port: None,
            ..place()
        };
        assert_eq!(
            Login::parse(managed, &place),
            Ok(login("db.example", 3306, "logs"))
        );
    }

    #[test]
    fn an_error_names_the_field_and_never_what_it_holds() {
        let nowhere = Place {
            host: None,
            ..place()
        };
        for (json, message) in [
            ("hunter2", "the secret is no JSON object"),
            (r#"["hunter2"]"#, "the secret is no JSON object"),
            (
                r#"{"username":"u"}"#,
                "the secret has no host: expected a host name or an IP address, or DB_HOST",
            ),
            (
                r#"{"host":"h","username":"u","password":""}"#,
                "the secret has no password: expected",
            ),
            (
                r#"{"host":"h","password":"hunter2"}"#,
                "the secret has no username: expected",
            ),
            (
                r#"{"host":"h","username":"u","password":{"x":"hunter2"}}"#,
                "the secret's password is of no use: expected",
            ),
            (
                r#"{"host":"hunter2 /","username":"u","password":"p"}"#,
                "the secret's host is of no use: expected",
            ),
            (
                r#"{"host":"h","port":"hunter2"}"#,
                "the secret's port is of no use: expected a port (1 to 65535)",
            ),
            (r#"{"host":"h","port":0}"#, "the secret's port is of no use"),
            (
                r#"{"host":"h","port":65536}"#,
                "the secret's port is of no use",
            ),
            (
                r#"{"engine":"hunter2"}"#,
                "the secret's engine is of no use: expected mysql, mariadb or aurora-mysql",
            ),
        ] {
            let error = Login::parse(json, &nowhere).expect_err(json).to_string();
            assert!(error.starts_with(message), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let shown = format!("{:?}", login("h", 1, "d"));
        assert_eq!(shown, "Login");
    }
}
